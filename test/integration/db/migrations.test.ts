import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { codeOf } from '../../../src/core/app-error.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { openDatabase } from '../../../src/db/database.ts'
import { applyMigrations, readMigrations } from '../../../src/db/migrations.ts'
import { pgliteSession, pgSession } from '../../../src/db/sql-session.ts'
import { hasPostgres, startTestPostgres, type TestPostgres } from '../../support/postgres.ts'
import { createDatabase, tempFolder } from '../../support/stores.ts'

const ours = join(import.meta.dirname, '../../../prisma/migrations')

/** A migrations folder of the test's own. */
function migrationsOf(files: Record<string, string>): string {
  const folder = tempFolder('migrations')
  for (const [name, sql] of Object.entries(files)) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'migration.sql'), sql)
  }
  return folder
}
const first = { '20260101000000_first': 'CREATE TABLE a (id int);' }
const second = { '20260102000000_second': 'ALTER TABLE a ADD COLUMN b int;' }
const codeFrom = (work: Promise<unknown>): Promise<string> => work.then(() => 'no error', codeOf)

describe('on PGlite', () => {
  let lite: PGlite
  beforeAll(async () => {
    lite = await PGlite.create()
  })
  beforeEach(async () => {
    await lite.exec('DROP SCHEMA public CASCADE; CREATE SCHEMA public;')
  })
  afterAll(() => lite.close())
  const apply = (folder: string): Promise<number> =>
    applyMigrations(pgliteSession(lite), readMigrations(folder))

  test('each migration is applied once, in the order of the names', async () => {
    expect(await apply(migrationsOf(first))).toBe(1)
    expect(await apply(migrationsOf({ ...second, ...first }))).toBe(1)
    expect(await apply(migrationsOf({ ...first, ...second }))).toBe(0)

    const columns = await lite.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM information_schema.columns WHERE table_name = 'a'`,
    )
    expect(columns.rows[0]?.n).toBe(2)
  })

  test('our own migrations apply to an empty database', async () => {
    expect(await apply(ours)).toBeGreaterThan(0)
    expect(await apply(ours)).toBe(0)
  })

  test('a changed migration stops the start', async () => {
    await apply(migrationsOf(first))

    const changed = { '20260101000000_first': 'CREATE TABLE a (id bigint);' }

    expect(await codeFrom(apply(migrationsOf(changed)))).toBe('db.migration-changed')
  })

  test('a broken migration leaves nothing behind and says so', async () => {
    const broken = { '20260102000000_second': 'CREATE TABLE b (id int); SELECT nonsense;' }

    expect(await codeFrom(apply(migrationsOf({ ...first, ...broken })))).toBe('db.migration-failed')
    expect(await apply(migrationsOf({ ...first, ...second }))).toBe(1)
  })

  test('an unfinished migration of another runner stops the start', async () => {
    await apply(migrationsOf(first))
    await lite.exec('UPDATE _prisma_migrations SET finished_at = NULL')

    expect(await codeFrom(apply(migrationsOf(first)))).toBe('db.migration-failed')
  })

  test('a database newer than the code stops the start', async () => {
    await apply(migrationsOf({ ...first, ...second }))

    expect(await codeFrom(apply(migrationsOf(first)))).toBe('db.newer-than-code')
  })
})

describe.skipIf(!hasPostgres())('on Postgres (skipped where it is not installed)', () => {
  let postgres: TestPostgres
  beforeAll(async () => {
    postgres = await startTestPostgres()
  })
  afterAll(() => postgres?.stop())

  test('two processes that start together apply once', async () => {
    const url = await createDatabase(postgres.url)
    const apply = async (): Promise<number> => {
      const session = await pgSession(url)
      const applied = await applyMigrations(session, readMigrations(ours))
      await session.close()
      return applied
    }

    const counts = await Promise.all([apply(), apply(), apply()])

    expect(counts.toSorted((a, b) => b - a)).toEqual([readMigrations(ours).length, 0, 0])
  })

  /** What Prisma's own engine applies, in a process of its own (its WebAssembly wants one). */
  const deployByEngine = (url: string): readonly string[] | null => {
    const file = join(import.meta.dirname, '../../support/schema-diff.ts')
    const script = `
      const { deployByEngine } = await import('${file}')
      console.log(JSON.stringify((await deployByEngine('${url}')) ?? null))
      process.exit(0)`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    if (stdout === '') throw new Error(stderr)
    return JSON.parse(stdout) as readonly string[] | null
  }
  const applyOurs = async (url: string): Promise<number> => {
    const session = await pgSession(url)
    try {
      return await applyMigrations(session, readMigrations(ours))
    } finally {
      await session.close()
    }
  }

  test('what we applied Prisma’s engine need not apply, and the reverse', async ({ skip }) => {
    const [fresh, other] = [await createDatabase(postgres.url), await createDatabase(postgres.url)]
    const names = readMigrations(ours).map(({ name }) => name)

    const oursFirst = await applyOurs(fresh)
    const thenTheirs = deployByEngine(fresh)
    const theirsFirst = deployByEngine(other)
    if (thenTheirs === null) skip('@prisma/schema-engine-wasm is not installed')

    expect([oursFirst, thenTheirs]).toEqual([names.length, []])
    expect([theirsFirst, await applyOurs(other)]).toEqual([names, 0])
  }, 300_000)

  test('a handle reads, writes and runs transactions', async () => {
    const url = await createDatabase(postgres.url)
    const db = await openDatabase({ url, clock: systemClock })

    const found = await db.transaction(async (tx) => tx.job.count())

    expect([db.kind, found]).toEqual(['postgres', 0])
    await db.close()
  })

  test('an address where nobody answers is stores.down', async () => {
    const url = 'postgres://test@127.0.0.1:1/none'

    expect(await codeFrom(openDatabase({ url, clock: systemClock }))).toBe('stores.down')
  })
})

describe('a PGlite folder', () => {
  test('is refused to a second process and taken over from a dead one', async () => {
    const folder = join(tempFolder('pglite'), 'db')
    const db = await openDatabase({ url: `pglite:${folder}`, clock: systemClock })
    const script = `
      const { openDatabase } = await import('${join(import.meta.dirname, '../../../src/db/database.ts')}')
      const { systemClock } = await import('${join(import.meta.dirname, '../../../src/core/clock.ts')}')
      try { await openDatabase({ url: 'pglite:${folder}', clock: systemClock }) } catch (e) { console.log(e.code) }
      process.kill(process.pid, 'SIGKILL')`
    const other = (): string =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
      }).stdout.trim()

    expect(other()).toBe('db.in-use')
    await db.close()
    // The next one opens it and dies by SIGKILL with the lock in place.
    expect(other()).toBe('')
    const again = await openDatabase({ url: `pglite:${folder}`, clock: systemClock })
    expect(await again.rows.job.count()).toBe(0)
    await again.close()
  })

  test('an unknown kind of address is config.invalid', async () => {
    expect(await codeFrom(openDatabase({ url: 'mysql://x', clock: systemClock }))).toBe(
      'config.invalid',
    )
  })
})

test('migrations of a copy are read like ours', () => {
  const folder = tempFolder('copy')
  cpSync(ours, folder, { recursive: true })

  expect(readMigrations(folder)).toEqual(readMigrations(ours))
})
