/** @module One raw connection for the migrations runner, over PGlite or Postgres. */
import type { PGlite } from '@electric-sql/pglite'
import { Client } from 'pg'
import { AppError } from '../core/app-error.ts'

/** A single connection; statements run in the order of the calls. */
export interface SqlSession {
  readonly isShared: boolean
  /** One statement with parameters. */
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  /** Several statements without parameters. */
  script(sql: string): Promise<void>
}

/** PGlite belongs to this process alone, so `isShared` is false. Closing stays with the owner. */
export const pgliteSession = (lite: PGlite): SqlSession => ({
  isShared: false,
  query: async (sql, parameters = []) =>
    (await lite.query<Record<string, unknown>>(sql, [...parameters])).rows,
  script: async (sql) => {
    await lite.exec(sql)
  },
})

/** Connects to Postgres. Throws `stores.down`; the cause is kept, its message (which names the host) is never shown. */
export async function pgSession(
  url: string,
): Promise<SqlSession & { readonly close: () => Promise<void> }> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (cause) {
    throw new AppError('stores.down', { store: 'postgres' }, { cause })
  }
  return {
    isShared: true,
    query: async (sql, parameters = []) =>
      (await client.query<Record<string, unknown>>(sql, [...parameters])).rows,
    script: async (sql) => {
      await client.query(sql)
    },
    close: () => client.end(),
  }
}
