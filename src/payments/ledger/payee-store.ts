/** @module Payees: what they ever earned and were ever paid, and the bookings that only the chain's watcher makes (PAY §3, §7). */
import { createHash } from 'node:crypto'
import type { Tx } from '../../db/database.ts'
import { COST, FEES, payeeAccount, TREASURY, vaultAccount } from './accounts.ts'
import { type PostingLine, post } from './ledger-store.ts'

export interface PayeeTotals {
  readonly payee: string
  /** Account hash of its vault, once it has one. */
  readonly vault?: string
  readonly earnedNano: bigint
  readonly paidNano: bigint
  readonly paidAtMs?: number
  /** Of its first earning. */
  readonly createdAtMs: number
}

/** Adds to what a payee ever earned and gives the sum; its row is locked until the transaction ends. */
export async function earn(
  tx: Tx,
  { payee, payNano, atMs }: { payee: string; payNano: bigint; atMs: number },
): Promise<bigint> {
  const [row] = await tx.$queryRaw<{ earned_total: bigint }[]>`
    INSERT INTO payees AS p (payee, earned_total, created_at)
    VALUES (${payee}, ${payNano}::bigint, ${new Date(atMs)}::timestamptz)
    ON CONFLICT (payee) DO UPDATE SET earned_total = p.earned_total + EXCLUDED.earned_total
    RETURNING earned_total`
  return row?.earned_total ?? 0n
}

/** The two sides of a worker's pay. */
export const payLines = (payee: string, payNano: bigint): readonly PostingLine[] => [
  { account: COST, asset: 'nano', amount: -payNano },
  { account: payeeAccount(payee), asset: 'nano', amount: payNano },
]

const columns = {
  payee: true,
  vault: true,
  earnedTotal: true,
  paidTotal: true,
  paidAt: true,
  createdAt: true,
}

type Row = {
  payee: string
  vault: string | null
  earnedTotal: bigint
  paidTotal: bigint
  paidAt: Date | null
  createdAt: Date
}

const toTotals = (row: Row): PayeeTotals => ({
  payee: row.payee,
  ...(row.vault !== null && { vault: row.vault }),
  earnedNano: row.earnedTotal,
  paidNano: row.paidTotal,
  createdAtMs: row.createdAt.getTime(),
  ...(row.paidAt && { paidAtMs: row.paidAt.getTime() }),
})

export async function payeeTotals(tx: Tx, payee: string): Promise<PayeeTotals | undefined> {
  const row = await tx.payee.findUnique({ where: { payee }, select: columns })
  return row ? toTotals(row) : undefined
}

/** Everybody who has earned more than was paid, by payee. */
export async function owed(tx: Tx): Promise<readonly PayeeTotals[]> {
  const found = await tx.payee.findMany({
    where: { earnedTotal: { gt: tx.payee.fields.paidTotal } },
    orderBy: { payee: 'asc' },
    select: columns,
  })
  return found.map(toTotals)
}

/** All payees, by payee. */
export async function allPayees(tx: Tx): Promise<readonly PayeeTotals[]> {
  return (await tx.payee.findMany({ orderBy: { payee: 'asc' }, select: columns })).map(toTotals)
}

/** What workers were paid for jobs that were paid for in Stars since then, free ones too: what the Stars at Telegram have to bear. */
export async function starsFunded(tx: Tx, sinceMs: number): Promise<bigint> {
  const [row] = await tx.$queryRaw<{ sum: string }[]>`
    SELECT COALESCE(SUM(pay), 0)::text AS sum FROM pay_receipts
    WHERE asset = 'ustar' AND at >= ${new Date(sinceMs)}::timestamptz`
  return BigInt(row?.sum ?? '0')
}

/** Binds every payee that has no vault yet to the one that pays it, for life. */
export async function assignNew(tx: Tx, vault: string): Promise<void> {
  await tx.payee.updateMany({ where: { vault: null }, data: { vault } })
}

/** One of a vault's transactions, by its logical time. */
interface Seen {
  readonly vault: string
  readonly lt: bigint
  readonly amountNano: bigint
  readonly atMs: number
}

/** Names an event of the chain; a payee's hash makes it too long to stand as it is. */
export const refOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join(' '), 'utf8').digest('hex')

/** Books a payout that was seen in a vault's transaction, once; false when it is booked. A payee that never earned here is booked too. */
export async function bookPayout(
  tx: Tx,
  { vault, lt, payee, amountNano, atMs }: Seen & { readonly payee: string },
): Promise<boolean> {
  const id = await post(tx, {
    reason: 'payout',
    ref: refOf(vault, lt.toString(), payee),
    atMs,
    postings: [
      { account: payeeAccount(payee), asset: 'nano', amount: -amountNano },
      { account: vaultAccount(vault), asset: 'nano', amount: amountNano },
    ],
  })
  if (id === undefined) return false
  await tx.$executeRaw`
    INSERT INTO payees AS p (payee, vault, paid_total, created_at, paid_at)
    VALUES (${payee}, ${vault}, ${amountNano}::bigint, ${new Date(atMs)}::timestamptz, ${new Date(atMs)}::timestamptz)
    ON CONFLICT (payee) DO UPDATE SET paid_total = p.paid_total + EXCLUDED.paid_total, paid_at = EXCLUDED.paid_at`
  return true
}

/** Books money that came into a vault, once; false when it is booked. */
export async function bookTopUp(tx: Tx, { vault, lt, amountNano, atMs }: Seen): Promise<boolean> {
  const id = await post(tx, {
    reason: 'top-up',
    ref: refOf(vault, lt.toString()),
    atMs,
    postings: [
      { account: vaultAccount(vault), asset: 'nano', amount: -amountNano },
      { account: TREASURY, asset: 'nano', amount: amountNano },
    ],
  })
  return id !== undefined
}

/** Books what the chain took, from the operator's wallets or from a vault (rent), once; false when `ref` is booked. */
export async function bookFees(
  tx: Tx,
  fees: {
    /** Absent: the operator's wallets. */
    readonly vault?: string
    readonly ref: string
    readonly amountNano: bigint
    readonly atMs: number
  },
): Promise<boolean> {
  const account = fees.vault === undefined ? TREASURY : vaultAccount(fees.vault)
  const id = await post(tx, {
    reason: 'chain-fees',
    ref: fees.ref,
    atMs: fees.atMs,
    postings: [
      { account: FEES, asset: 'nano', amount: -fees.amountNano },
      { account, asset: 'nano', amount: fees.amountNano },
    ],
  })
  return id !== undefined
}
