/** @module Rows of commitments: which receipts each one published, what its trees came to, and what of it one payee asks for. */
import type { Tx } from '../../db/database.ts'
import type { BalanceLeaf, ReceiptLeaf } from './leaves.ts'

/** What two trees came to. Roots are 64 hex characters, `vault` is an account hash. */
export interface EpochRow {
  readonly vault: string
  readonly epoch: number
  readonly receipts: number
  readonly payees: number
  readonly totalNano: bigint
  readonly receiptsRoot: string
  readonly balancesRoot: string
  readonly root: string
  readonly atMs: number
}

/** One committed receipt. */
export interface CommittedReceipt extends ReceiptLeaf {
  readonly job: string
  readonly evidenceId: string
  readonly task: string
  readonly model: string
  readonly tier: string
  readonly inTokens: bigint
  readonly cachedTokens: bigint
  readonly outTokens: bigint
  readonly audioMs: bigint
}

/** One closing at a time: two would publish a receipt in each. Held until the transaction ends. */
const closing = 7_305_211_941n

export const lockClosing = (tx: Tx): Promise<number> =>
  tx.$executeRaw`SELECT pg_advisory_xact_lock(${closing}::bigint)`

/** What an epoch published, ours or one that a restored backup does not know the leaves of. */
type Published = Pick<EpochRow, 'epoch' | 'root' | 'totalNano'>

export async function lastPublished(tx: Tx, vault: string): Promise<Published | undefined> {
  const row = await tx.commitEpoch.findFirst({ where: { vault }, orderBy: { epoch: 'desc' } })
  return row ? { epoch: row.epoch, root: row.root, totalNano: row.totalNano } : undefined
}

/** Roots of published epochs whose leaves are not among `kept`, by epoch. */
export async function lostRoots(
  tx: Tx,
  vault: string,
  kept: readonly EpochRow[],
): Promise<ReadonlyMap<number, string>> {
  const known = new Set(kept.map(({ epoch }) => epoch))
  const rows = await tx.commitEpoch.findMany({ where: { vault } })
  return new Map(rows.flatMap(({ epoch, root }) => (known.has(epoch) ? [] : [[epoch, root]])))
}

/** What payees had earned with the last correction of each, by payee: above its receipts until it earns again. */
export async function correctedTotals(tx: Tx, vault: string): Promise<ReadonlyMap<string, bigint>> {
  const rows = await tx.$queryRaw<{ payee: string; total: bigint }[]>`
    SELECT c.payee, max(c.before_nano + c.amount_nano) AS total
    FROM pay_corrections c JOIN payees p ON p.payee = c.payee WHERE p.vault = ${vault} GROUP BY c.payee`
  return new Map(rows.map(({ payee, total }) => [payee, total]))
}

/** Gives the vault to payees that have none, and this epoch's number to all of its receipts that have none, in ledger order. */
export async function takeReceipts(
  tx: Tx,
  { vault, epoch }: { vault: string; epoch: number },
): Promise<void> {
  await tx.$executeRaw`UPDATE payees SET vault = ${vault} WHERE vault IS NULL`
  await tx.$executeRaw`
    WITH numbered AS (
      SELECT r.job, (row_number() OVER (ORDER BY r.seq) - 1)::int AS place
      FROM pay_receipts r JOIN payees p ON p.payee = r.payee
      WHERE r.commit_epoch IS NULL AND p.vault = ${vault}
    )
    UPDATE pay_receipts SET commit_epoch = ${epoch}::int, commit_index = numbered.place
    FROM numbered WHERE pay_receipts.job = numbered.job`
}

/** The epoch's leaves, in the order of their tree. */
export async function receiptLeaves(
  tx: Tx,
  { vault, epoch }: { vault: string; epoch: number },
): Promise<readonly ReceiptLeaf[]> {
  const rows = await tx.$queryRaw<
    { digest: string; payee: string; pay: bigint; total_after: bigint; price_version: number }[]
  >`
    SELECT r.digest, r.payee, r.pay, r.total_after, r.price_version
    FROM pay_receipts r JOIN payees p ON p.payee = r.payee
    WHERE r.commit_epoch = ${epoch}::int AND p.vault = ${vault} ORDER BY r.commit_index`
  return rows.map((row) => ({
    digest: row.digest,
    payee: row.payee,
    payNano: row.pay,
    totalAfterNano: row.total_after,
    priceVersion: row.price_version,
  }))
}

/** What every payee of the vault had earned with the receipts up to this epoch, by payee. */
export async function balanceLeaves(
  tx: Tx,
  { vault, epoch }: { vault: string; epoch: number },
): Promise<readonly BalanceLeaf[]> {
  const rows = await tx.$queryRaw<{ payee: string; total: bigint }[]>`
    SELECT r.payee, max(r.total_after) AS total
    FROM pay_receipts r JOIN payees p ON p.payee = r.payee
    WHERE r.commit_epoch <= ${epoch}::int AND p.vault = ${vault} GROUP BY r.payee`
  return rows
    .map(({ payee, total }) => ({ payee, totalNano: total }))
    .toSorted((a, b) => (a.payee < b.payee ? -1 : 1))
}

/** Keeps what the trees came to, and hands the root to whoever sends it to the vault. */
export async function keepEpoch(tx: Tx, row: EpochRow): Promise<void> {
  const { vault, epoch, totalNano, root } = row
  const at = new Date(row.atMs)
  await tx.statementEpoch.create({
    data: {
      vault,
      epoch,
      receipts: row.receipts,
      payees: row.payees,
      totalNano,
      receiptsRoot: row.receiptsRoot,
      balancesRoot: row.balancesRoot,
      root,
      at,
    },
  })
  await tx.commitEpoch.create({ data: { vault, epoch, totalNano, root, at } })
}

export async function epochsOf(tx: Tx, vault: string): Promise<readonly EpochRow[]> {
  const rows = await tx.statementEpoch.findMany({ where: { vault }, orderBy: { epoch: 'asc' } })
  return rows.map(toEpoch)
}

/** Logical times of the vault's transactions that took commitments, by epoch. */
export async function takenAt(tx: Tx, vault: string): Promise<ReadonlyMap<number, bigint>> {
  const rows = await tx.commitEpoch.findMany({ where: { vault } })
  return new Map(rows.flatMap(({ epoch, seenLt }) => (seenLt === null ? [] : [[epoch, seenLt]])))
}

/** One payee's receipts of an epoch with their places, in the order of its totals. */
export async function receiptsOf(
  tx: Tx,
  { payee, epoch }: { payee: string; epoch: number },
): Promise<readonly (CommittedReceipt & { readonly index: number })[]> {
  const rows = await tx.payReceipt.findMany({
    where: { payee, commitEpoch: epoch },
    orderBy: [{ totalAfter: 'asc' }, { seq: 'asc' }],
  })
  return rows.map((row) => ({
    job: row.job,
    evidenceId: row.evidenceId,
    digest: row.digest,
    payee,
    payNano: row.pay,
    totalAfterNano: row.totalAfter,
    priceVersion: row.priceVersion,
    task: row.task,
    model: row.model,
    tier: row.tier,
    inTokens: row.inTokens,
    cachedTokens: row.cachedTokens,
    outTokens: row.outTokens,
    audioMs: row.audioMs,
    index: row.commitIndex ?? 0,
  }))
}

export interface BookedPayout {
  readonly lt: bigint
  readonly tx: string
  readonly amountNano: bigint
  readonly atMs: number
}

/** What the watcher saw the vault pay to a payee, oldest first. */
export async function payoutsOf(
  tx: Tx,
  { vault, payee }: { vault: string; payee: string },
): Promise<readonly BookedPayout[]> {
  const rows = await tx.payout.findMany({ where: { vault, payee }, orderBy: { lt: 'asc' } })
  return rows.map((row) => ({
    lt: row.lt,
    tx: row.txHash,
    amountNano: row.amountNano,
    atMs: row.at.getTime(),
  }))
}

/** Canonical text of a price table. */
export async function priceTableText(tx: Tx, version: number): Promise<string | undefined> {
  const row = await tx.priceTable.findUnique({ where: { version } })
  return row ? Buffer.from(row.document).toString('utf8') : undefined
}

const toEpoch = (row: {
  vault: string
  epoch: number
  receipts: number
  payees: number
  totalNano: bigint
  receiptsRoot: string
  balancesRoot: string
  root: string
  at: Date
}): EpochRow => ({
  vault: row.vault,
  epoch: row.epoch,
  receipts: row.receipts,
  payees: row.payees,
  totalNano: row.totalNano,
  receiptsRoot: row.receiptsRoot,
  balancesRoot: row.balancesRoot,
  root: row.root,
  atMs: row.at.getTime(),
})
