/** @module `chrysalis worker`: the GPU owner's process. Loads no database, Redis or Telegram code. */

import { systemClock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import { Lifetime } from '../core/lifetime.ts'
import { createLog, stderrSink } from '../core/log.ts'
import { modelsFolder } from './paths.ts'
import { untilStopped } from './stop.ts'
import { EXIT, type Terminal } from './terminal.ts'

/** Runs until a signal, or, as a child of `start`, until the parent's end of standard input closes. */
export async function runWorker(
  _args: readonly string[],
  env: Environment,
  _terminal: Terminal,
): Promise<number> {
  const { main } = await import('../workers/main.ts')
  const log = createLog('worker', stderrSink, () => systemClock.now())
  const life = new Lifetime({ log, clock: systemClock })
  const stopped = untilStopped(life)
  if (env['CHRYSALIS_CHILD'] === '1') endWithParent(life)
  try {
    await main({
      env: { ...env, CHRYSALIS_MODELS: modelsFolder(env) },
      log,
      clock: systemClock,
      life,
    })
    await stopped
    return EXIT.ok
  } finally {
    await life.close()
  }
}

/** A killed parent cannot say goodbye; its end of the pipe closes all the same. */
function endWithParent(life: Lifetime): void {
  process.stdin.once('close', () => {
    void life.close().finally(() => process.exit(EXIT.failed))
  })
  process.stdin.resume()
}
