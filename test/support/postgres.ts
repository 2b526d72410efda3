/** A private Postgres cluster for one test file, where the machine has the programs; never the machine's own server. */
import { execFileSync, spawn } from 'node:child_process'
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
  process.env['TEST_DATABASE_URL'] !== undefined || programs() !== undefined

/** Uses `TEST_DATABASE_URL` when it is set. Throws when `hasPostgres()` is false. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const given = process.env['TEST_DATABASE_URL']
  if (given !== undefined) return { url: given, stop: async () => undefined }
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
  const server = spawn(join(bin, 'postgres'), args, { ...options, stdio: 'ignore' })
  const url = `postgres://test@127.0.0.1:${port}/postgres`
  await until('Postgres answers', () => answers(url))
  return {
    url,
    stop: async () => {
      const gone = once(server, 'exit')
      server.kill('SIGINT')
      await gone
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
