/** @module One payee's statement, from the operator's rows (PAY §15). */
import { toHex } from '../../core/bytes.ts'
import type { Net } from '../../core/config.ts'
import type { Units } from '../../core/units.ts'
import type { Voucher } from '../../core/voucher.ts'
import type { Database } from '../../db/database.ts'
import { correctionsOf } from '../ledger/correction-store.ts'
import { sha256 } from './close-epoch.ts'
import {
  balanceLeaves,
  type CommittedReceipt,
  type EpochRow,
  epochsOf,
  lostRoots,
  payoutsOf,
  priceTableText,
  receiptLeaves,
  receiptsOf,
  takenAt,
} from './epoch-store.ts'
import { balanceLeaf, NO_ROOT, receiptLeaf } from './leaves.ts'
import { treeOf } from './merkle.ts'
import type { Statement, StatementEpoch, StatementReceipt } from './statement.ts'

export interface StatementDeps {
  readonly db: Database
  readonly net: Net
  readonly globalId: number
  /** Raw form. */
  readonly vault: string
  /** Public half of the settlement key, hex, and its epoch. */
  readonly key: string
  readonly keyEpoch: number
  /** The worker's signed receipt of a job, while it is kept. */
  readonly documentOf: (job: string) => Promise<string | undefined>
  /** Canonical text of the keyset that an evidence record names, while that is kept. */
  readonly keysetOf: (evidenceId: string) => Promise<string | undefined>
  /** The newest voucher; undefined where no key is at hand. */
  readonly voucherOf: (payee: string) => Promise<Voucher | undefined>
}

/** Everything there is about one payee (64 hex characters), from the first epoch on. */
export async function makeStatement(deps: StatementDeps, payee: string): Promise<Statement> {
  const { rows } = deps.db
  const vault = deps.vault.slice(2)
  const taken = await takenAt(rows, vault)
  const versions = new Set<number>()
  const keysets = new Map<string, string>()
  const epochs: StatementEpoch[] = []
  const kept = await epochsOf(rows, vault)
  const unknown = await lostRoots(rows, vault, kept)
  const lost: { readonly epoch: number; readonly root: string }[] = []
  let previousRoot = NO_ROOT
  for (const row of kept) {
    const lostRoot = unknown.get(row.epoch - 1)
    if (lostRoot !== undefined) {
      lost.push({ epoch: row.epoch - 1, root: lostRoot })
      previousRoot = lostRoot
    }
    const receipts = await receiptsIn(deps, row, payee)
    for (const { receipt, evidenceId } of receipts) {
      versions.add(receipt.priceVersion)
      const known = keysets.get(evidenceId) ?? (await deps.keysetOf(evidenceId))
      if (known !== undefined) keysets.set(evidenceId, known)
    }
    const lt = taken.get(row.epoch)
    const balance = await balanceIn(deps, row, payee)
    epochs.push({
      epoch: row.epoch,
      previousRoot,
      receiptCount: row.receipts,
      receiptsRoot: row.receiptsRoot,
      payeeCount: row.payees,
      balancesRoot: row.balancesRoot,
      root: row.root,
      total: row.totalNano.toString(),
      at: row.atMs,
      ...(balance && { balance }),
      receipts: receipts.map(({ receipt }) => receipt),
      ...(lt !== undefined && { lt: lt.toString() }),
    })
    previousRoot = row.root
  }
  const prices = await Promise.all(
    [...versions].toSorted((a, b) => a - b).map((version) => priceTableText(rows, version)),
  )
  const payouts = await payoutsOf(rows, { vault, payee })
  const voucher = await deps.voucherOf(payee)
  const corrections = await correctionsOf(rows, payee)
  return {
    v: 1,
    ctx: 'chrysalis/statement/1',
    net: deps.net,
    globalId: deps.globalId,
    vault: deps.vault,
    payee,
    key: deps.key,
    keyEpoch: deps.keyEpoch,
    prices: prices.flatMap((text) => text ?? []),
    keysets: [...new Set(keysets.values())],
    epochs,
    ...(lost.length > 0 && { lost }),
    ...(corrections.length > 0 && {
      corrections: corrections.map(({ beforeNano, amountNano, atMs }) => ({
        before: beforeNano.toString(),
        amount: amountNano.toString(),
        at: atMs,
      })),
    }),
    ...(voucher && { voucher }),
    paid: payouts.reduce((sum, { amountNano }) => sum + amountNano, 0n).toString(),
    payouts: payouts.map(({ lt, tx, amountNano, atMs }) => ({
      lt: lt.toString(),
      tx,
      amount: amountNano.toString(),
      at: atMs,
    })),
  }
}

async function receiptsIn(
  { db, documentOf }: StatementDeps,
  row: EpochRow,
  payee: string,
): Promise<{ readonly receipt: StatementReceipt; readonly evidenceId: string }[]> {
  const mine = await receiptsOf(db.rows, { payee, epoch: row.epoch })
  if (mine.length === 0) return []
  const tree = treeOf((await receiptLeaves(db.rows, row)).map(receiptLeaf), sha256)
  const found: { receipt: StatementReceipt; evidenceId: string }[] = []
  for (const leaf of mine) {
    const document = await documentOf(leaf.job)
    found.push({
      evidenceId: leaf.evidenceId,
      receipt: {
        index: leaf.index,
        path: tree.pathOf(leaf.index).map(toHex),
        digest: leaf.digest,
        pay: leaf.payNano.toString(),
        totalAfter: leaf.totalAfterNano.toString(),
        priceVersion: leaf.priceVersion,
        task: leaf.task,
        model: leaf.model,
        tier: leaf.tier,
        units: unitsOf(leaf),
        // An answer that is charged for earns at least the price of a job.
        charged: leaf.payNano > 0n,
        ...(document !== undefined && { document }),
      },
    })
  }
  return found
}

async function balanceIn(
  { db }: StatementDeps,
  row: EpochRow,
  payee: string,
): Promise<StatementEpoch['balance']> {
  const balances = await balanceLeaves(db.rows, row)
  const index = balances.findIndex((leaf) => leaf.payee === payee)
  const mine = balances[index]
  if (!mine) return undefined
  const path = treeOf(balances.map(balanceLeaf), sha256).pathOf(index).map(toHex)
  return { index, path, total: mine.totalNano.toString() }
}

const unitsOf = (row: CommittedReceipt): Units => ({
  inTokens: Number(row.inTokens),
  cachedTokens: Number(row.cachedTokens),
  outTokens: Number(row.outTokens),
  audioMs: Number(row.audioMs),
})
