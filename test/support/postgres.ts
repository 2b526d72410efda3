/** A private Postgres cluster for one test file, where the machine has the programs; never the machine's own server. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort, tempFolder } from './stores.ts'
import { until } from './until.ts'

export interface TestPostgres {
  /** Of the database `postgres`; `createDatabase` makes others. */
  readonly url: string
  stop(): Promise<void>
}

/** A server that is the test's alone, so that it may be away for a while. */
export interface PrivatePostgres extends TestPostgres {
  /** The cluster's files. */
  readonly folder: string
  /** Ends the server: connections are cut, nothing is lost. */
  halt(): Promise<void>
  /** Starts it again on the same port. */
  start(): Promise<void>
}

/** Folder of the newest installed server's programs. */
const programs = (): string | undefined => {
  const root = '/usr/lib/postgresql'
  const [newest] = existsSync(root)
    ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a))
    : []
  const folder = newest === undefined ? undefined : join(root, newest, 'bin')
  return folder !== undefined && existsSync(join(folder, 'initdb')) ? folder : undefined
}

export const hasPostgres = (): boolean =>
  process.env['TEST_DATABASE_URL'] !== undefined || hasPrivatePostgres()

/** True where a cluster can be made. */
export const hasPrivatePostgres = (): boolean => programs() !== undefined

/** Uses `TEST_DATABASE_URL` when it is set. Throws when `hasPostgres()` is false. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const given = process.env['TEST_DATABASE_URL']
  return given === undefined ? startPrivatePostgres() : { url: given, stop: async () => undefined }
}

/** A new cluster on a free port of the loopback. Throws when `hasPrivatePostgres()` is false. */
export async function startPrivatePostgres(): Promise<PrivatePostgres> {
  const bin = programs()
  if (bin === undefined) throw new Error('no Postgres on this machine')
  const folder = tempFolder('postgres')
  const user = serverUser()
  if (user) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  const options = { ...user, cwd: folder, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' } }
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'test', '-A', 'trust', '-N'], {
    ...options,
    stdio: 'ignore',
  })
  const port = await freePort()
  const args = ['-D', data, '-p', String(port), '-k', folder, '-h', '127.0.0.1', '-c', 'fsync=off']
  const url = `postgres://test@127.0.0.1:${port}/postgres`
  let server: ChildProcess | undefined
  const start = async (): Promise<void> => {
    server = spawn(join(bin, 'postgres'), args, { ...options, stdio: 'ignore' })
    await until('Postgres answers', () => answers(url))
  }
  const halt = async (): Promise<void> => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const gone = once(server, 'exit')
    server.kill('SIGINT')
    await gone
  }
  await start()
  return {
    url,
    folder,
    halt,
    start,
    stop: async () => {
      await halt()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Postgres refuses to run as root; the package's own user is used then. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url })
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}
