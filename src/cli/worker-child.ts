/** @module A worker in a child process that is started again when it crashes: the worker of `start`, and the one `chrysalis worker` watches over. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import type { Lifetime } from '../core/lifetime.ts'
import type { Log } from '../core/log.ts'
import { cliScript } from './paths.ts'

interface SupervisorOptions {
  /** Starts the process. Its standard input must end when this process does. */
  readonly start: () => ChildProcess
  /** Whether an exit is the worker's own word, after which another start would end the same way. */
  readonly isFinal: (exit: WorkerExit) => boolean
  readonly log: Log
  readonly clock: Clock
  readonly life: Lifetime
}

/** How a worker ended: with a code, or by a signal, which is how native code crashes. */
export interface WorkerExit {
  readonly code: number | null
  readonly signal: string | null
}

interface WorkerChildOptions extends Pick<SupervisorOptions, 'log' | 'clock' | 'life'> {
  readonly env: Environment
  /** Settings of the worker beside what it inherits: gateway, join token, broker key, models. */
  readonly settings: () => Readonly<Record<string, string>>
  readonly dataDir: string
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

/** The worker of `start`: only the settings it needs, its output in `worker.log`, started again however it ended. */
export function keepWorkerRunning({ env, settings, dataDir, ...ground }: WorkerChildOptions): {
  /** Ends the worker, which then starts with the settings of that time. */
  restart: () => void
} {
  let child: ChildProcess | undefined
  const inherited = Object.fromEntries(
    INHERITED.flatMap((key) => (env[key] === undefined ? [] : [[key, env[key]]])),
  )
  const start = (): ChildProcess => {
    const file = openSync(join(dataDir, 'worker.log'), 'a', 0o600)
    try {
      child = spawnWorker({ ...inherited, ...settings() }, file)
      return child
    } finally {
      closeSync(file)
    }
  }
  void superviseWorker({ ...ground, start, isFinal: () => false })
  return { restart: () => void child?.kill('SIGTERM') }
}

/** A worker process under this one. `output`: where its two outputs go. */
export function spawnWorker(env: Environment, output: number | 'inherit'): ChildProcess {
  return spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', cliScript, 'worker', '--once'],
    {
      env: { ...env, CHRYSALIS_CHILD: '1' },
      // Its standard input ends when this process does, however it ends.
      stdio: ['pipe', output, output],
      // Ctrl-C reaches the whole group; the parent decides when the worker stops.
      detached: false,
    },
  )
}

/**
 * Keeps a worker running until `life` closes: after a crash it starts again, 1 s later at first, 60 s at most.
 * Resolves with the exit that was final; never when there was none.
 */
export function superviseWorker(options: SupervisorOptions): Promise<WorkerExit> {
  const { life, log, clock, isFinal } = options
  const ended = Promise.withResolvers<WorkerExit>()
  let pauseMs = FIRST_PAUSE_MS
  let child: ChildProcess | undefined
  const run = (): void => {
    if (life.signal.aborted) return
    const started = clock.now()
    child = options.start()
    log.info('worker.started', { pid: child.pid ?? 0 })
    child.once('exit', (code, signal) => {
      if (life.signal.aborted) return
      const ranMs = clock.now() - started
      log.warn('worker.ended', { code: code ?? -1, ranMs })
      if (isFinal({ code, signal })) return ended.resolve({ code, signal })
      // One that ran for a while did not crash because of how it was started.
      if (ranMs > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS
      // The pause keeps this process alive, until `life` closes.
      clock.sleep(pauseMs, life.signal).then(run, () => undefined)
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    })
  }
  life.keep('worker', undefined, () => stopChild(child, clock))
  run()
  return ended.promise
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
