/** @module Work that comes back every so often and never overlaps itself. */
import type { Clock } from './clock.ts'

export interface Rounds {
  /** Runs `step` now and every `ms`; a round that is still running lets the next one pass. */
  readonly every: (ms: number, step: () => Promise<void>) => void
  /** Starts no further round and waits for those that run. */
  readonly close: () => Promise<void>
}

/** A step that fails is given to `onFailure` and comes again at its next time. */
export function createRounds(clock: Clock, onFailure: (error: unknown) => void): Rounds {
  const running = new Set<Promise<void>>()
  const stops: (() => void)[] = []
  return {
    every: (ms, step) => {
      let busy = false
      const tick = (): void => {
        if (busy) return
        busy = true
        const done = step()
          .catch(onFailure)
          .finally(() => {
            busy = false
            running.delete(done)
          })
        running.add(done)
      }
      tick()
      stops.push(clock.every(ms, tick))
    },
    close: async () => {
      for (const stop of stops) stop()
      await Promise.allSettled(running)
    },
  }
}
