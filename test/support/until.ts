/** Waiting for a state of the world: polls with the system clock and fails with a sentence instead of hanging. */
import { systemClock } from '../../src/core/clock.ts'

/** Resolves with the first value of `look` that is neither false nor undefined; throws after `ms`. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  ms = 30_000,
): Promise<T> {
  const end = systemClock.now() + ms
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (systemClock.now() > end) throw new Error(`not within ${ms} ms: ${what}`)
    await systemClock.sleep(20)
  }
}
