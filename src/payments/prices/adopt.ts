/** @module The next table of prices put in force by a person, and when it may be (PAY §2, §6). */
import { AppError } from '../../core/app-error.ts'
import type { Net } from '../../core/config.ts'
import type { Tx } from '../../db/database.ts'
import { priceDelayS } from '../admin/price-change.ts'
import { addTable, findTable, tablesFrom } from './price-store.ts'
import { readStoredTable } from './stored-table.ts'

/** Every process reads new tables once a minute: two of those, so that all of them quote by it from its first moment. */
const spreadMs = 120_000

/** From when the next table may hold. Off the dev network as the registry has it: 24 h where customers pay more, 72 h where workers earn less. */
export function inForceFrom(
  nowMs: number,
  { net, ...change }: { net: Net } & Parameters<typeof priceDelayS>[0],
): number {
  if (net === 'devnet') return nowMs + spreadMs
  return nowMs + Math.max(spreadMs, priceDelayS(change) * 1000)
}

/**
 * Stores the next table; the same one again changes nothing. Gives from when it holds. Checks its form, not whether its tasks
 * and models are known. Throws `price.invalid` for a gap, and for another table of a number that is taken.
 */
export async function adoptTable(
  tx: Tx,
  { text, sinceMs }: { readonly text: string; readonly sinceMs: number },
): Promise<{ readonly version: number; readonly sinceMs: number }> {
  const { version, hash, text: canonical } = readStoredTable(text)
  const next = ((await tablesFrom(tx, 1)).at(-1)?.version ?? 0) + 1
  if (version > next) throw new AppError('price.invalid', { reason: 'version-gap', version, next })
  if (version === next) await addTable(tx, { version, hash, text: canonical, sinceMs })
  const stored = await findTable(tx, version)
  if (stored?.hash !== hash) throw new AppError('price.invalid', { reason: 'changed', version })
  return { version, sinceMs: stored.sinceMs }
}
