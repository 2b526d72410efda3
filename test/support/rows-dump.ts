/** @module Every row of every table, as text: what somebody finds who reads the whole database. */
import type { Database } from '../../src/db/database.ts'

/** Bytes are shown as Latin-1, so that ASCII words in them are found. */
export async function dumpRows({ rows }: Database): Promise<string> {
  const { inbox, delivery, botUser, copy, dialogue, channel, post, group } = rows
  const tables = [inbox, delivery, botUser, copy, dialogue, channel, post, group]
  const found = await Promise.all(
    tables.map((table) => (table.findMany as () => Promise<unknown>)()),
  )
  return JSON.stringify(found, (_key, value: unknown) => {
    if (typeof value === 'bigint') return value.toString()
    return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value
  })
}
