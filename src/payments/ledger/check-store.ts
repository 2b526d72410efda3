/** @module The ledger's invariants as questions to the database; each answers with what breaks it (PAY §3). */
import type { Tx } from '../../db/database.ts'

/** A rule that does not hold: how often, and one place where. */
export interface Broken {
  readonly invariant: Invariant
  readonly count: number
  /** An account, a job, a payee or the number of a transaction. */
  readonly example: string
}

/** Every invariant is a query that gives the names of what breaks it. */
const invariants = {
  'tx.balanced': `SELECT tx::text AS name FROM postings GROUP BY tx, asset HAVING SUM(amount) <> 0`,
  'tx.two-postings': `SELECT tx::text AS name FROM postings GROUP BY tx HAVING COUNT(*) < 2`,
  'posting.has-tx': `SELECT p.tx::text AS name FROM postings p LEFT JOIN ledger_tx t ON t.id = p.tx WHERE t.id IS NULL`,
  'assets.sum-to-zero': `SELECT asset::text AS name FROM postings GROUP BY asset HAVING SUM(amount) <> 0`,
  'account.not-overdrawn': `SELECT account AS name FROM accounts WHERE balance < 0`,
  'account.balance-is-sum': `
    SELECT COALESCE(a.account, s.account) AS name FROM accounts a
    FULL JOIN (
      SELECT account, asset, SUM(amount) AS sum FROM postings
      WHERE account LIKE 'customer:%' OR account LIKE 'free:%' OR account LIKE 'held:%' GROUP BY account, asset
    ) s ON s.account = a.account AND s.asset = a.asset
    WHERE COALESCE(a.balance, 0) <> COALESCE(s.sum, 0)`,
  'held.is-open-holds': `
    SELECT COALESCE(a.account, h.account) AS name FROM (SELECT * FROM accounts WHERE account LIKE 'held:%') a
    FULL JOIN (
      SELECT 'held:' || account AS account, asset, SUM(amount) AS sum FROM holds WHERE state = 'open' GROUP BY account, asset
    ) h ON h.account = a.account AND h.asset = a.asset
    WHERE COALESCE(a.balance, 0) <> COALESCE(h.sum, 0)`,
  'hold.captured-has-receipt': `
    SELECT h.job AS name FROM holds h LEFT JOIN pay_receipts r ON r.job = h.job
    WHERE (h.state = 'captured') <> (r.job IS NOT NULL) OR h.charge <> r.charge`,
  'receipt.has-hold': `SELECT r.job AS name FROM pay_receipts r LEFT JOIN holds h ON h.job = r.job WHERE h.job IS NULL`,
  'receipt.within-hold': `SELECT r.job AS name FROM pay_receipts r JOIN holds h ON h.job = r.job WHERE r.charge > h.amount`,
  'payee.earned-is-receipts': `
    SELECT p.payee AS name FROM payees p
    LEFT JOIN (SELECT payee, SUM(pay) AS sum FROM pay_receipts GROUP BY payee) r ON r.payee = p.payee
    LEFT JOIN (SELECT payee, SUM(amount_nano) AS sum FROM pay_corrections GROUP BY payee) c ON c.payee = p.payee
    WHERE p.earned_total <> COALESCE(r.sum, 0) + COALESCE(c.sum, 0)`,
  'receipt.has-payee': `
    SELECT r.job AS name FROM pay_receipts r LEFT JOIN payees p ON p.payee = r.payee WHERE r.payee IS NOT NULL AND p.payee IS NULL`,
  'receipt.totals-without-gaps': `
    SELECT job AS name FROM (
      SELECT job, payee, total_after, SUM(pay) OVER (PARTITION BY payee ORDER BY seq) AS running FROM pay_receipts WHERE payee IS NOT NULL
    ) r WHERE total_after <> running + COALESCE(
      (SELECT SUM(amount_nano) FROM pay_corrections c WHERE c.payee = r.payee AND c.before_nano < r.total_after), 0)`,
  'payee.unpaid-is-account': `
    SELECT p.payee AS name FROM payees p
    LEFT JOIN (SELECT account, SUM(amount) AS sum FROM postings WHERE account LIKE 'payee:%' GROUP BY account) s
      ON s.account = 'payee:' || p.payee
    WHERE p.earned_total - p.paid_total <> COALESCE(s.sum, 0)`,
  'account.has-payee': `
    SELECT s.account AS name FROM (SELECT DISTINCT account FROM postings WHERE account LIKE 'payee:%') s
    LEFT JOIN payees p ON s.account = 'payee:' || p.payee WHERE p.payee IS NULL`,
  'pay.is-cost': `
    SELECT 'cost' AS name FROM (SELECT COALESCE(SUM(pay), 0) AS sum FROM pay_receipts) r,
      (SELECT COALESCE(SUM(amount_nano), 0) AS sum FROM pay_corrections) k,
      (SELECT COALESCE(SUM(-amount), 0) AS sum FROM postings WHERE account = 'cost') c WHERE r.sum + k.sum <> c.sum`,
  'correction.has-tx': `
    SELECT c.tx::text AS name FROM pay_corrections c LEFT JOIN ledger_tx t ON t.id = c.tx AND t.reason = 'pay-correction'
    WHERE t.id IS NULL`,
  'charge.is-revenue': `
    SELECT a.asset::text AS name FROM (VALUES ('nano'::asset), ('ustar'::asset)) AS a(asset)
    LEFT JOIN (SELECT asset, SUM(charge) AS sum FROM pay_receipts GROUP BY asset) r ON r.asset = a.asset
    LEFT JOIN (SELECT p.asset, SUM(p.amount) AS sum FROM postings p JOIN ledger_tx t ON t.id = p.tx
      WHERE p.account = 'revenue' AND t.reason = 'capture' GROUP BY p.asset) s ON s.asset = a.asset
    WHERE COALESCE(r.sum, 0) <> COALESCE(s.sum, 0)`,
  'payout.is-booked': `
    SELECT p.payee AS name FROM payees p
    LEFT JOIN (SELECT payee, SUM(amount_nano) AS sum FROM payouts GROUP BY payee) o ON o.payee = p.payee
    WHERE p.paid_total <> COALESCE(o.sum, 0)`,
} as const satisfies Readonly<Record<string, string>>

type Invariant = keyof typeof invariants | 'hold.swept'
const isAsked = (name: string): name is keyof typeof invariants => Object.hasOwn(invariants, name)

export const INVARIANTS = Object.keys(invariants).filter(isAsked)

/** Asks one question; undefined when the rule holds. */
export async function breachOf(
  tx: Tx,
  invariant: (typeof INVARIANTS)[number],
): Promise<Broken | undefined> {
  // The text is one of the constants above; nothing of anybody's is in it.
  const [row] = await tx.$queryRawUnsafe<{ count: number; example: string | null }[]>(
    `SELECT COUNT(*)::int AS count, MIN(name) AS example FROM (${invariants[invariant]}) broken`,
  )
  return row && row.count > 0
    ? { invariant, count: row.count, example: row.example?.trim() ?? '' }
    : undefined
}

/** Holds that are open long after their time: nothing is lost, but the sweep does not run. */
export async function forgottenHolds(tx: Tx, beforeMs: number): Promise<Broken | undefined> {
  const where = { state: 'open', closesAt: { lte: new Date(beforeMs) } } as const
  const [first] = await tx.hold.findMany({ where, take: 1, select: { job: true } })
  if (!first) return undefined
  return {
    invariant: 'hold.swept',
    count: await tx.hold.count({ where }),
    example: first.job,
  }
}
