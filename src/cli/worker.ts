/** @module `chrysalis worker`: the GPU owner's process. Loads no database, Redis or Telegram code. */
import { systemClock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import { settingsOfJoinCode } from '../core/join-code.ts'
import { Lifetime } from '../core/lifetime.ts'
import { createLog, stderrSink } from '../core/log.ts'
import { earningsFolder, modelsFolder } from './paths.ts'
import { untilStopped } from './stop.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions } from './usage.ts'
import { spawnWorker, superviseWorker } from './worker-child.ts'

/**
 * Runs until a signal. The worker itself runs in a child, which is started again when native code crashes.
 * `--once`: in this process, for those who restart it themselves.
 */
export async function runWorker(
  args: readonly string[],
  given: Environment,
  terminal: Terminal,
): Promise<number> {
  const [step, ...rest] = args
  if (step === 'earnings' || step === 'claim') {
    const { runClaim, runEarnings } = await import('./worker-earnings.ts')
    return step === 'claim' ? runClaim(rest, given, terminal) : runEarnings(rest, given, terminal)
  }
  const env = withJoinCode(given)
  const { values } = parseOptions(args, { once: { type: 'boolean', default: false } })
  const log = createLog('worker', stderrSink, () => systemClock.now())
  const life = new Lifetime({ log, clock: systemClock })
  const stopped = untilStopped(life)
  try {
    if (!values.once) return await watchOver({ env, log, life, stopped })
    if (env['CHRYSALIS_CHILD'] === '1') endWithParent(life)
    const { main } = await import('../workers/main.ts')
    await main({
      env: {
        ...env,
        CHRYSALIS_MODELS: modelsFolder(env),
        CHRYSALIS_EARNINGS: earningsFolder(undefined, env),
      },
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

/** A join code stands for all settings that are not named themselves. */
function withJoinCode(env: Environment): Environment {
  const settings = settingsOfJoinCode(env['CHRYSALIS_JOIN'] ?? '')
  const join = settings?.['CHRYSALIS_JOIN']
  return settings && join !== undefined ? { ...settings, ...env, CHRYSALIS_JOIN: join } : env
}

interface Watch {
  readonly env: Environment
  readonly log: ReturnType<typeof createLog>
  readonly life: Lifetime
  readonly stopped: Promise<void>
}

/** What a worker refuses, settings or models, it refuses again: only crashes are worth another start. */
async function watchOver({ env, log, life, stopped }: Watch): Promise<number> {
  const refused = superviseWorker({
    start: () => spawnWorker(env, 'inherit'),
    isFinal: ({ code }) => code !== null && code !== EXIT.crashed,
    log,
    clock: systemClock,
    life,
  })
  const code = await Promise.race([
    refused.then((exit) => exit.code ?? EXIT.failed),
    stopped.then(() => EXIT.ok),
  ])
  return code
}

/** A killed parent cannot say goodbye; its end of the pipe closes all the same. */
function endWithParent(life: Lifetime): void {
  process.stdin.once('close', () => {
    void life.close().finally(() => process.exit(EXIT.failed))
  })
  process.stdin.resume()
  // A worker that refuses to start must be able to end while its parent lives.
  process.stdin.unref()
}
