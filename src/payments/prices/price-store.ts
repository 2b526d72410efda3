/** @module The rows of price tables: written once, read by number. */
import type { Tx } from '../../db/database.ts'

export interface StoredTable {
  readonly version: number
  readonly hash: string
  readonly text: string
  readonly sinceMs: number
}

const columns = { version: true, hash: true, document: true, since: true } as const

const toStored = (row: {
  version: number
  hash: string
  document: Uint8Array
  since: Date
}): StoredTable => ({
  version: row.version,
  hash: row.hash,
  text: Buffer.from(row.document).toString('utf8'),
  sinceMs: row.since.getTime(),
})

/** The table of a number, by a running transaction or the database itself. */
export async function findTable(tx: Tx, version: number): Promise<StoredTable | undefined> {
  const row = await tx.priceTable.findUnique({ where: { version }, select: columns })
  return row ? toStored(row) : undefined
}

/** All tables from a number on, oldest first. */
export async function tablesFrom(tx: Tx, version: number): Promise<readonly StoredTable[]> {
  const found = await tx.priceTable.findMany({
    where: { version: { gte: version } },
    orderBy: { version: 'asc' },
    select: columns,
  })
  return found.map(toStored)
}

/** False when the number is taken: another process was quicker. */
export async function addTable(tx: Tx, table: StoredTable): Promise<boolean> {
  const { count } = await tx.priceTable.createMany({
    data: [
      {
        version: table.version,
        hash: table.hash,
        document: Uint8Array.from(Buffer.from(table.text, 'utf8')),
        since: new Date(table.sinceMs),
      },
    ],
    skipDuplicates: true,
  })
  return count === 1
}
