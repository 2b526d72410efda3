/** @module The worker that `start` runs beside itself: a child with only the settings it needs, started again when it crashes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import type { Lifetime } from '../core/lifetime.ts'
import type { Log } from '../core/log.ts'
import { cliScript } from './paths.ts'

export interface WorkerChildOptions {
  readonly env: Environment
  /** Settings of the worker beside what it inherits: gateway, join token, broker key, models. */
  readonly settings: Readonly<Record<string, string>>
  readonly dataDir: string
  readonly log: Log
  readonly clock: Clock
  readonly life: Lifetime
}

/** What a worker may inherit: no Redis, database or Telegram setting is among it. */
const INHERITED = [
  'PATH',
  'HOME',
  'LANG',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'CHRYSALIS_THREADS',
  'CHRYSALIS_SLOTS',
]

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000
/** Below the 8 s that closing one thing may take. */
const DRAIN_MS = 6000

/** Starts the child and keeps one running until `life` closes: 1 s … 60 s between crashes. */
export function keepWorkerRunning(options: WorkerChildOptions): void {
  const { life, log, clock } = options
  let pauseMs = FIRST_PAUSE_MS
  const run = (): void => {
    if (life.signal.aborted) return
    const started = clock.now()
    const child = startWorker(options)
    log.info('worker.started', { pid: child.pid ?? 0 })
    child.once('exit', (code) => {
      if (life.signal.aborted) return
      log.warn('worker.ended', { code: code ?? -1, ranMs: clock.now() - started })
      pauseMs =
        clock.now() - started > LONGEST_PAUSE_MS
          ? FIRST_PAUSE_MS
          : Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      clock.after(pauseMs, run)
    })
    current = child
  }
  let current: ChildProcess | undefined
  run()
  life.keep('worker', undefined, () => stopChild(current, clock))
}

function startWorker({ env, settings, dataDir }: WorkerChildOptions): ChildProcess {
  const inherited = Object.fromEntries(
    INHERITED.flatMap((key) => (env[key] === undefined ? [] : [[key, env[key]]])),
  )
  const file = openSync(join(dataDir, 'worker.log'), 'a', 0o600)
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', cliScript, 'worker'],
    {
      env: { ...inherited, ...settings, CHRYSALIS_CHILD: '1' },
      // Its standard input ends when this process does, however it ends.
      stdio: ['pipe', file, file],
      // Ctrl-C reaches the whole group; the parent decides when the worker stops.
      detached: false,
    },
  )
  closeSync(file)
  return child
}

/** SIGTERM drains; the lifetime's deadline kills what does not go. */
async function stopChild(child: ChildProcess | undefined, clock: Clock): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  child.kill('SIGTERM')
  const cancelKill = clock.after(DRAIN_MS, () => child.kill('SIGKILL'))
  await gone
  cancelKill()
}
