/** @module The ledger itself: transactions whose postings sum to 0 in each asset, each written once (PAY §3). */
import { AppError } from '../../core/app-error.ts'
import type { Asset } from '../../core/coin.ts'
import type { Tx } from '../../db/database.ts'
import { balanced, inLockOrder, isCached } from './accounts.ts'
import type { HistoryLine } from './ledger-port.ts'

export interface PostingLine {
  readonly account: string
  readonly asset: Asset
  /** Credit is positive, debit negative, never 0. */
  readonly amount: bigint
}

export interface LedgerEntry {
  /** What happened, e.g. `capture`; with `ref` it happens once. At most 32 characters. */
  readonly reason: string
  /** To what: a job, a payment. At most 160 characters. */
  readonly ref: string
  readonly atMs: number
  readonly postings: readonly PostingLine[]
  /** Number of the transaction that this one corrects. */
  readonly reverses?: bigint
}

/**
 * Writes a transaction and gives its number; undefined when (reason, ref) is known, and then nothing is written. Accounts come
 * to be with their first posting. Throws `funds.insufficient` with `need` and `have` where a customer's, free or held
 * account would be overdrawn, RangeError for postings that do not balance.
 */
export async function post(tx: Tx, entry: LedgerEntry): Promise<bigint | undefined> {
  for (const { account, asset, amount } of inLockOrder(entry.postings)) {
    if (amount >= 0n || !isCached(account)) continue
    const have = await lockedBalance(tx, account, asset)
    // A repeat is no overdraft: what it asks for was taken the first time.
    if (have < -amount && (await isKnown(tx, entry))) return undefined
    if (have < -amount) throw insufficient(-amount, have)
  }
  return write(tx, entry)
}

export const insufficient = (need: bigint, have: bigint): AppError =>
  new AppError('funds.insufficient', { need: need.toString(), have: have.toString() })

/** As `post`, for a caller that has locked what it debits: one statement. */
export async function write(tx: Tx, entry: LedgerEntry): Promise<bigint | undefined> {
  if (!balanced(entry.postings)) throw new RangeError('unbalanced postings')
  const lines = inLockOrder(entry.postings)
  const [row] = await tx.$queryRaw<{ id: bigint }[]>`
    WITH entry AS (
      INSERT INTO ledger_tx (reason, ref, at, reverses)
      VALUES (${entry.reason}, ${entry.ref}, ${new Date(entry.atMs)}::timestamptz, ${entry.reverses ?? null}::bigint)
      ON CONFLICT (reason, ref) DO NOTHING RETURNING id
    ), lines AS (
      INSERT INTO postings (tx, seq, account, asset, amount)
      SELECT entry.id, line.seq, line.account, line.asset::asset, line.amount::bigint
      FROM entry, unnest(${lines.map(({ account }) => account)}::text[], ${lines.map(({ asset }) => asset)}::text[],
        ${lines.map(({ amount }) => amount.toString())}::text[]) WITH ORDINALITY AS line(account, asset, amount, seq)
      ORDER BY line.seq
    )
    SELECT id FROM entry`
  return row?.id
}

/** What an account of a customer, free or held, has; its row is locked until the transaction ends. */
export async function lockedBalance(tx: Tx, account: string, asset: Asset): Promise<bigint> {
  const [row] = await tx.$queryRaw<{ balance: bigint }[]>`
    SELECT balance FROM accounts WHERE account = ${account} AND asset = ${asset}::asset FOR UPDATE`
  return row?.balance ?? 0n
}

/** What a customer's, free or held account has now. */
export async function cachedBalance(tx: Tx, account: string, asset: Asset): Promise<bigint> {
  const row = await tx.account.findUnique({
    where: { account_asset: { account, asset } },
    select: { balance: true },
  })
  return row?.balance ?? 0n
}

/** The sum of all postings of an account, whichever it is; slow for `revenue` and `cost`. */
export async function balanceOf(tx: Tx, account: string, asset: Asset): Promise<bigint> {
  const [row] = await tx.$queryRaw<{ sum: string }[]>`
    SELECT COALESCE(SUM(amount), 0)::text AS sum FROM postings WHERE account = ${account} AND asset = ${asset}::asset`
  return BigInt(row?.sum ?? '0')
}

/** An account's history, newest first; holds and releases cancel out and are left out. */
export async function entriesOf(
  tx: Tx,
  account: string,
  { limit = 1000, before }: { readonly limit?: number; readonly before?: bigint } = {},
): Promise<readonly HistoryLine[]> {
  const found = await tx.$queryRaw<
    { id: bigint; at: Date; reason: string; ref: string; asset: Asset; amount: string }[]
  >`
    SELECT t.id, t.at, t.reason, t.ref, p.asset::text AS asset, SUM(p.amount)::text AS amount
    FROM postings p JOIN ledger_tx t ON t.id = p.tx
    WHERE p.account IN (${account}, ${`held:${account}`}) AND (${before ?? null}::bigint IS NULL OR p.tx < ${before ?? null}::bigint)
    GROUP BY t.id, p.asset HAVING SUM(p.amount) <> 0 ORDER BY t.id DESC LIMIT ${limit}::int`
  return found.map(({ id, at, reason, ref, asset, amount }) => ({
    tx: id,
    atMs: at.getTime(),
    reason,
    ref,
    asset,
    amount: BigInt(amount),
  }))
}

async function isKnown(tx: Tx, { reason, ref }: LedgerEntry): Promise<boolean> {
  const found = await tx.ledgerTx.findUnique({
    where: { reason_ref: { reason, ref } },
    select: { id: true },
  })
  return found !== null
}
