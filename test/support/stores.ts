/** Real stores for integration tests: a redis-server of the file's own, and PGlite or (with `TEST_DATABASE_URL`) Postgres. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { systemClock } from '../../src/core/clock.ts'
import { createLog, type Log } from '../../src/core/log.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { readMigrations } from '../../src/db/migrations.ts'

/** A log whose lines are kept for the test to search. */
export function keptLog(): { log: Log; lines: string[] } {
  const lines: string[] = []
  const sink = (line: string): void => {
    lines.push(line)
    if (process.env['TEST_VERBOSE']) process.stderr.write(line)
  }
  return { log: createLog('test', sink, () => systemClock.now()), lines }
}

/** A folder that the test removes. */
export const tempFolder = (name: string): string =>
  mkdtempSync(join(tmpdir(), `chrysalis-${name}-`))

export interface TestRedis {
  readonly url: string
  readonly folder: string
  kill(signal: NodeJS.Signals): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** `redis-server` with an append-only file, on a free port. */
export async function startTestRedis(): Promise<TestRedis> {
  const folder = tempFolder('redis')
  const port = await freePort()
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '']
    child = spawn('redis-server', [...args, '--appendonly', 'yes', '--appendfsync', 'always'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const line of child.stdout ?? [])
      if (String(line).includes('Ready to accept connections')) break
  }
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    folder,
    kill,
    start,
    stop: async () => {
      await kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A migrated, empty database: a copy of a template folder, or a new one on `TEST_DATABASE_URL`'s server. */
export async function openTestDatabase(): Promise<Database> {
  const server = process.env['TEST_DATABASE_URL']
  if (server !== undefined)
    return openDatabase({ url: await createDatabase(server), clock: systemClock })
  const folder = tempFolder('db')
  cpSync(await templateFolder(), folder, { recursive: true })
  const db = await openDatabase({ url: `pglite:${folder}`, clock: systemClock })
  return {
    ...db,
    close: async () => {
      await db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A database's first start takes seconds: done once per set of migrations and machine, then copied. */
async function templateFolder(): Promise<string> {
  const migrations = readMigrations(join(import.meta.dirname, '../../prisma/migrations'))
  const key = createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 16)
  const folder = join(tmpdir(), `chrysalis-db-template-${key}`)
  if (existsSync(folder)) return folder
  const draft = tempFolder('db-template')
  await (await openDatabase({ url: `pglite:${draft}/db`, clock: systemClock })).close()
  try {
    renameSync(join(draft, 'db'), folder)
  } catch {
    // Another test file was quicker.
  }
  rmSync(draft, { recursive: true, force: true })
  return folder
}

/** Creates a database with a random name; left behind, since the server belongs to the test run. */
export async function createDatabase(server: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const client = new Client({ connectionString: server })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return address.port
}
