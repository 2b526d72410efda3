/** @module The end of a commit epoch: all that was earned since the last one goes into two trees, whose root the vault is given (PAY §15). */
import { createHash } from 'node:crypto'
import { toHex } from '../../core/bytes.ts'
import type { Tx } from '../../db/database.ts'
import {
  balanceLeaves,
  correctedTotals,
  type EpochRow,
  keepEpoch,
  lastPublished,
  lockClosing,
  receiptLeaves,
  takeReceipts,
} from './epoch-store.ts'
import { balanceLeaf, epochRoot, NO_ROOT, receiptLeaf } from './leaves.ts'
import { rootOf } from './merkle.ts'

export const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

/**
 * Closes the vault's running epoch, in the caller's transaction: every committed receipt of its payees that is in none
 * yet is in this one. `vault`: its account hash. Numbers follow each other from 1, as the vault demands.
 */
export async function closeEpoch(
  tx: Tx,
  { vault, atMs }: { readonly vault: string; readonly atMs: number },
): Promise<EpochRow> {
  await lockClosing(tx)
  const last = await lastPublished(tx, vault)
  const epoch = (last?.epoch ?? 0) + 1
  await takeReceipts(tx, { vault, epoch })
  const receipts = await receiptLeaves(tx, { vault, epoch })
  const balances = await balanceLeaves(tx, { vault, epoch })
  const receiptsRoot = toHex(rootOf(receipts.map(receiptLeaf), sha256))
  const balancesRoot = toHex(rootOf(balances.map(balanceLeaf), sha256))
  const previousRoot = last?.root ?? NO_ROOT
  const earned = new Map(await correctedTotals(tx, vault))
  for (const { payee, totalNano } of balances)
    earned.set(payee, higher(totalNano, earned.get(payee) ?? 0n))
  const sum = [...earned.values()].reduce((total, nano) => total + nano, 0n)
  const row: EpochRow = {
    vault,
    epoch,
    receipts: receipts.length,
    payees: balances.length,
    // Never lower than what the vault has: payees whose receipts a restored backup lost are owed all the same.
    totalNano: higher(sum, last?.totalNano ?? 0n),
    receiptsRoot,
    balancesRoot,
    root: epochRoot({ epoch, previousRoot, receiptsRoot, balancesRoot }, sha256),
    atMs,
  }
  await keepEpoch(tx, row)
  return row
}

const higher = (a: bigint, b: bigint): bigint => (a > b ? a : b)
