/** @module The private `redis-server` child of `chrysalis start`: its own port, password and folder, restarted when it dies. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import type { Environment } from '../core/config.ts'
import type { Log } from '../core/log.ts'
import { isProcessAlive, markOf } from '../core/process-alive.ts'

export interface RedisServer {
  /** `redis://:password@127.0.0.1:port`; holds a password: only for the processes of this machine. */
  readonly url: string
  /** Saves and ends the child; it is not started again. */
  stop(): Promise<void>
}

interface Options {
  readonly dataDir: string
  /** `CHRYSALIS_REDIS` names the program; else `redis-server` of PATH. */
  readonly env: Environment
  readonly log: Log
  readonly clock: Clock
}

/** Another program may take the free port between the look and the start. */
const TRIES = 5
const ANSWER_MS = 10_000
const STOP_MS = 5000
const RESTART_MS = 500

const runSchema = z.object({
  pid: z.number().int(),
  start: z.string().optional(),
  port: z.number().int(),
  password: z.string(),
})
type Run = z.infer<typeof runSchema>

/**
 * Starts Redis in `<dataDir>/redis` with an append-only file, no eviction and a random password in a 0600 file.
 * A server that a killed parent left behind is stopped first, recognised by pid, port and password.
 * A child that dies is started again on the same port. Throws `config.redis`.
 */
export async function startRedisServer(options: Options): Promise<RedisServer> {
  const folder = join(options.dataDir, 'redis')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  await stopOrphan(folder, options.clock)
  const password = randomBytes(32).toString('base64url')
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const port = await freePort()
    const child = spawnServer({ folder, port, password, env: options.env })
    if (await answers({ port, password, child }, options.clock)) {
      return supervise({ child, folder, port, password, options })
    }
    child.kill('SIGKILL')
  }
  throw new AppError('config.redis')
}

interface Spawn {
  readonly folder: string
  readonly port: number
  readonly password: string
  readonly env: Environment
}

/** Settings go through a file: arguments are visible to every user of the machine. */
function spawnServer({ folder, port, password, env }: Spawn): ChildProcess {
  const settings = [
    'bind 127.0.0.1',
    `port ${String(port)}`,
    `requirepass ${password}`,
    `dir "${folder}"`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
  ]
  const file = join(folder, 'redis.conf')
  writeFileSync(file, `${settings.join('\n')}\n`, { mode: 0o600 })
  const log = openSync(join(folder, 'redis.log'), 'a', 0o600)
  const child = spawn(env['CHRYSALIS_REDIS'] ?? 'redis-server', [file], {
    stdio: ['ignore', log, log],
    // Ctrl-C reaches the whole group of the terminal; Redis must outlive the roles that still finish.
    detached: true,
  })
  child.on('error', () => undefined)
  closeSync(log)
  if (child.pid !== undefined) {
    const run: Run = { ...markOf(child.pid), port, password }
    writeFileSync(runFile(folder), JSON.stringify(run), { mode: 0o600 })
  }
  return child
}

interface Supervised {
  child: ChildProcess
  readonly folder: string
  readonly port: number
  readonly password: string
  readonly options: Options
}

function supervise(state: Supervised): RedisServer {
  const { folder, port, password, options } = state
  let isStopping = false
  const watch = (): void => {
    state.child.once('exit', (code) => {
      if (isStopping) return
      options.log.warn('redis.died', { code: code ?? -1 })
      options.clock.after(RESTART_MS, () => {
        if (isStopping) return
        state.child = spawnServer({ folder, port, password, env: options.env })
        watch()
      })
    })
  }
  watch()
  return {
    url: `redis://:${password}@127.0.0.1:${String(port)}`,
    stop: async () => {
      isStopping = true
      await shutDown({ ...markOf(state.child.pid ?? 0), port, password }, options.clock)
      rmSync(runFile(folder), { force: true })
    },
  }
}

/** SHUTDOWN writes the append-only file; what does not go within 5 s is killed. */
async function shutDown(run: Run, clock: Clock): Promise<void> {
  const client = connect(run)
  try {
    await client.connect()
    await client.shutdown()
  } catch {
    // The connection ends with the server: that is how SHUTDOWN answers.
  } finally {
    client.disconnect()
  }
  const end = clock.now() + STOP_MS
  while (isProcessAlive(run) && clock.now() < end) await clock.sleep(20)
  if (isProcessAlive(run)) process.kill(run.pid, 'SIGKILL')
}

async function stopOrphan(folder: string, clock: Clock): Promise<void> {
  const run = readRun(folder)
  if (!run) return
  // Only a server that knows our password is ours: the pid may long belong to something else.
  const client = connect(run)
  try {
    await client.connect()
    const info = await client.info('server')
    if (info.includes(`process_id:${String(run.pid)}\r`)) await shutDown(run, clock)
  } catch {
    // Nothing of ours listens there.
  } finally {
    client.disconnect()
  }
  rmSync(runFile(folder), { force: true })
}

async function answers(
  { port, password, child }: { port: number; password: string; child: ChildProcess },
  clock: Clock,
): Promise<boolean> {
  const end = clock.now() + ANSWER_MS
  while (clock.now() < end && child.pid !== undefined && child.exitCode === null) {
    const client = connect({ pid: child.pid, port, password })
    try {
      await client.connect()
      await client.ping()
      return true
    } catch {
      await clock.sleep(30)
    } finally {
      client.disconnect()
    }
  }
  return false
}

function connect({ port, password }: Run): Redis {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    password,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
  })
  client.on('error', () => undefined)
  return client
}

const runFile = (folder: string): string => join(folder, 'run.json')

function readRun(folder: string): Run | undefined {
  try {
    return runSchema.parse(JSON.parse(readFileSync(runFile(folder), 'utf8')))
  } catch {
    return undefined
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', resolve)
  })
  const address = probe.address()
  await new Promise<void>((resolve) => {
    probe.close(() => resolve())
  })
  if (typeof address !== 'object' || !address) throw new AppError('config.redis')
  return address.port
}
