/** @module The price tables in use: which one quotes new jobs, and what each job was quoted under (PAY §2). */
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Asset } from '../../core/coin.ts'
import type { Units } from '../../core/units.ts'
import type { Database, Tx } from '../../db/database.ts'
import type { PriceKey } from './price-key.ts'
import { addTable, findTable, type StoredTable, tablesFrom } from './price-store.ts'
import { chargeOf, type Rates } from './rates.ts'
import { readStoredTable } from './stored-table.ts'
import {
  type Basis,
  keyOf,
  type PriceRow,
  type PriceTable,
  type PriceWorld,
  readTable,
} from './table.ts'

export interface Prices {
  /** The table that new jobs are quoted under now. */
  current(): Pick<PriceTable, 'version' | 'hash' | 'rows' | 'basis'> & { readonly sinceMs: number }
  /** The row of a job under the current table. Throws `price.unknown`. */
  row(key: PriceKey): PriceRow & { readonly version: number }
  /** The row of a job under the table it was quoted by; reads the database for one that this process has not seen. Throws `price.unknown`. */
  rowOf(tx: Tx, version: number, key: PriceKey): Promise<PriceRow>
  /** What so many units cost now, in an asset; throws `price.unknown` also where the asset is not taken. */
  quote(request: PriceKey & { readonly units: Units; readonly asset: Asset }): {
    readonly version: number
    readonly amount: bigint
  }
  /** Adds the next version, in use from `sinceMs` on. Throws `price.invalid` for a gap, or another table of the same number. */
  adopt(text: string, sinceMs: number): Promise<PriceTable>
  /** Reads what other processes have adopted. */
  refresh(): Promise<void>
}

interface Entry extends StoredTable {
  readonly basis?: Basis
  readonly rows: ReadonlyMap<string, PriceRow>
}

/**
 * Opens the stored tables; `first` (the starting values) is adopted where there is none. Throws `price.invalid` for a
 * stored table that cannot be read any more.
 */
export async function openPrices(options: {
  readonly db: Database
  readonly clock: Clock
  readonly world: PriceWorld
  readonly first: PriceTable
}): Promise<Prices> {
  const { db, clock, world } = options
  const tables = new Map<number, Entry>()
  let newest = 0

  const keep = (stored: StoredTable): Entry => {
    const known = tables.get(stored.version)
    if (known) return known
    // A model or task may have gone since: an old table is read as it was, so only its form is checked.
    const { rows, basis } = readStoredTable(stored.text)
    const entry = {
      ...stored,
      rows: new Map(rows.map((row) => [keyOf(row), row])),
      ...(basis && { basis }),
    }
    tables.set(stored.version, entry)
    newest = Math.max(newest, stored.version)
    return entry
  }
  const refresh = async (): Promise<void> => {
    for (const stored of await tablesFrom(db.rows, newest + 1)) keep(stored)
  }
  const current = (): Entry => {
    const now = clock.now()
    for (let version = newest; version > 0; version--) {
      const entry = tables.get(version)
      if (entry && entry.sinceMs <= now) return entry
    }
    throw new AppError('price.unknown')
  }
  const adopt = async (table: PriceTable, sinceMs: number): Promise<PriceTable> => {
    await refresh()
    const { version, hash, text } = table
    if (version > newest + 1)
      throw new AppError('price.invalid', { reason: 'version-gap', version, next: newest + 1 })
    if (version === newest + 1) await addTable(db.rows, { version, hash, text, sinceMs })
    const stored = await findTable(db.rows, version)
    if (stored?.hash !== hash) throw new AppError('price.invalid', { reason: 'changed', version })
    keep(stored)
    return table
  }

  await refresh()
  if (newest === 0) await adopt(options.first, 0)

  const row = (key: PriceKey): PriceRow & { version: number } => {
    const { rows, version } = current()
    const found = rowIn(rows, key)
    if (!found) throw new AppError('price.unknown')
    return { ...found, version }
  }
  return {
    current: () => {
      const { version, hash, rows, sinceMs, basis } = current()
      return { version, hash, rows: [...rows.values()], sinceMs, ...(basis && { basis }) }
    },
    row,
    rowOf: async (tx, version, key) => {
      const known = tables.get(version)
      const stored = known ? undefined : await findTable(tx, version)
      const entry = known ?? (stored && keep(stored))
      const found = entry && rowIn(entry.rows, key)
      if (!found) throw new AppError('price.unknown', { version })
      return found
    },
    quote: ({ units, asset, ...key }) => {
      const found = row(key)
      return { version: found.version, amount: chargeOf(units, ratesIn(found, asset)) }
    },
    adopt: async (text, sinceMs) => adopt(readTable(text, world), sinceMs),
    refresh,
  }
}

/**
 * The row of a job. On the simulated tier, which only the dev network has and where nothing is worth anything, a model
 * without a row (one that somebody tries out, a test's) is priced as the first listed model of its task.
 */
function rowIn(rows: ReadonlyMap<string, PriceRow>, key: PriceKey): PriceRow | undefined {
  const found = rows.get(keyOf(key))
  if (found || key.tier !== 'simulated') return found
  const like = [...rows.values()].find(({ task, tier }) => task === key.task && tier === key.tier)
  return like && { ...like, model: key.model }
}

/** What a customer pays in an asset. Throws `price.unknown` where it is not taken. */
export function ratesIn(row: PriceRow, asset: Asset): Rates {
  const rates = asset === 'nano' ? row.nano : row.ustar
  if (!rates) throw new AppError('price.unknown')
  return rates
}
