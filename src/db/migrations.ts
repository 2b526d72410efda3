/** @module Applies `prisma/migrations` at start, interchangeable with `prisma migrate deploy` (same table, same lock, same checksums). */
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../core/app-error.ts'
import type { SqlSession } from './sql-session.ts'

export interface Migration {
  /** Folder name: 14 digits, underscore, name. */
  readonly name: string
  readonly sql: string
  /** Hex SHA-256 of the file's bytes. */
  readonly checksum: string
}

/** The number Prisma's own engine locks, so that the two exclude each other. */
const advisoryLock = 72_707_369

const createTable = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`

/** The migrations of `folder` in the order of their names. */
export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^\d{14}_/.test(entry.name))
    .map((entry) => entry.name)
    .toSorted()
    .filter((name) => existsSync(join(folder, name, 'migration.sql')))
    .map((name) => {
      const bytes = readFileSync(join(folder, name, 'migration.sql'))
      return {
        name,
        sql: bytes.toString('utf8'),
        checksum: createHash('sha256').update(bytes).digest('hex'),
      }
    })
}

/**
 * Applies what is missing; idempotent, and safe in several processes at once on Postgres. Returns how many it applied.
 * Statements that cannot run in a transaction are not allowed in migrations.
 * Throws `db.locked` after 30 s of waiting, `db.migration-changed`, `db.migration-failed`, `db.newer-than-code`.
 */
export async function applyMigrations(
  session: SqlSession,
  migrations: readonly Migration[],
): Promise<number> {
  if (session.isShared) await takeLock(session)
  try {
    await session.script(createTable)
    const known = await readApplied(session, migrations)
    let applied = 0
    for (const migration of migrations) {
      if (known.has(migration.name)) continue
      await applyOne(session, migration)
      applied++
    }
    return applied
  } finally {
    if (session.isShared) await session.query('SELECT pg_advisory_unlock($1)', [advisoryLock])
  }
}

async function takeLock(session: SqlSession): Promise<void> {
  await session.script("SET lock_timeout = '30s'")
  try {
    await session.query('SELECT pg_advisory_lock($1)', [advisoryLock])
  } catch (cause) {
    throw new AppError('db.locked', {}, { cause })
  }
}

async function readApplied(
  session: SqlSession,
  migrations: readonly Migration[],
): Promise<Set<string>> {
  const ours = new Map(migrations.map((migration) => [migration.name, migration]))
  const rows = await session.query(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  )
  const known = new Set<string>()
  for (const row of rows) {
    const name = String(row['migration_name'])
    const migration = ours.get(name)
    if (!migration) throw new AppError('db.newer-than-code', { migration: name })
    if (row['finished_at'] === null) throw new AppError('db.migration-failed', { migration: name })
    if (row['checksum'] !== migration.checksum)
      throw new AppError('db.migration-changed', { migration: name })
    known.add(name)
  }
  return known
}

async function applyOne(session: SqlSession, migration: Migration): Promise<void> {
  await session.script('BEGIN')
  try {
    await session.script(migration.sql)
    await session.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
       VALUES ($1, $2, now(), $3, 1)`,
      [randomUUID(), migration.checksum, migration.name],
    )
    await session.script('COMMIT')
  } catch (cause) {
    await session.script('ROLLBACK')
    throw new AppError('db.migration-failed', { migration: migration.name }, { cause })
  }
}
