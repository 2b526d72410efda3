/** @module The one factory of database handles: PGlite in process or Postgres, by URL, migrated before it is handed out. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { PrismaPg } from '@prisma/adapter-pg'
import { Pool } from 'pg'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { AppError } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import { lockFolder } from './folder-lock.ts'
import { type Prisma, PrismaClient } from './generated/client.ts'
import { applyMigrations, readMigrations } from './migrations.ts'
import { retrySerialisation } from './serialisation.ts'
import { pgliteSession, pgSession } from './sql-session.ts'

/** A running transaction; stores take it as an argument. Short, and never waiting for a network. */
export type Tx = Prisma.TransactionClient

/** A migrated database. Only files named `store.ts` call `rows`. */
export interface Database {
  readonly kind: 'pglite' | 'postgres'
  readonly rows: PrismaClient
  /** Runs `work` in one transaction, again (up to 5 times) after a serialisation failure: `work` must be repeatable. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** `memory:`, `pglite:<folder>` or `postgres://…`. */
  readonly url: string
  readonly clock: Clock
  /** Folder of the migrations; ours by default. */
  readonly migrations?: string
}

const ownMigrations = join(import.meta.dirname, '../../prisma/migrations')

/** Settles are one commit each and run concurrently; 10 connections keep a small Postgres busy without crowding it. */
const maxConnections = 10
/** In a burst hundreds wait for a connection: giving up early, all of them would only come again. */
const turnMs = 30_000

/**
 * Opens and migrates. PGlite allows one process: its folder is locked (`<folder>.lock`).
 * Throws `db.in-use`, `db.locked`, `db.migration-changed`, `db.migration-failed`, `db.newer-than-code`,
 * `config.invalid` for an unknown kind of URL and `stores.down` when Postgres does not answer.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url } = options
  if (url === 'memory:') return openPGlite(options)
  if (url.startsWith('pglite:')) return openPGlite(options, url.slice('pglite:'.length))
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(options)
  throw new AppError('config.invalid', { key: 'DATABASE_URL' })
}

async function openPGlite(options: DatabaseOptions, folder?: string): Promise<Database> {
  const unlock = folder === undefined ? () => undefined : lockFolder(folder)
  try {
    // A killed process leaves it behind; our own lock says that nobody has the folder open.
    if (folder !== undefined) rmSync(join(folder, 'postmaster.pid'), { force: true })
    const lite = await PGlite.create(folder === undefined ? {} : { dataDir: folder })
    await applyMigrations(pgliteSession(lite), readMigrations(options.migrations ?? ownMigrations))
    const rows = new PrismaClient({ adapter: new PrismaPGlite(lite) })
    return {
      kind: 'pglite',
      ...handle(rows, options.clock),
      close: async () => {
        await rows.$disconnect()
        await lite.close()
        unlock()
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}

async function openPostgres(options: DatabaseOptions): Promise<Database> {
  const session = await pgSession(options.url)
  try {
    await applyMigrations(session, readMigrations(options.migrations ?? ownMigrations))
  } finally {
    await session.close()
  }
  // A pool and never a connection string: with the latter the adapter takes the real database for its shadow database.
  const pool = new Pool({
    connectionString: options.url,
    max: maxConnections,
    connectionTimeoutMillis: turnMs,
  })
  // A broken idle connection is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined)
  const rows = new PrismaClient({
    adapter: new PrismaPg(pool, {
      onPoolError: () => undefined,
      onConnectionError: () => undefined,
    }),
  })
  return {
    kind: 'postgres',
    ...handle(rows, options.clock),
    close: async () => {
      await rows.$disconnect()
      await pool.end()
    },
  }
}

function handle(rows: PrismaClient, clock: Clock): Pick<Database, 'rows' | 'transaction'> {
  return {
    rows,
    transaction: (work) =>
      retrySerialisation(clock, () =>
        rows.$transaction(work, { maxWait: turnMs, timeout: 15_000 }),
      ),
  }
}
