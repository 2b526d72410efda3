/** @module The daily free allowance: money of the operator's, granted at the first free job of a day, in UTC (PAY §2). */
import type { Tx } from '../../db/database.ts'
import { GRANTS } from './accounts.ts'
import { cachedBalance, lockedBalance, write } from './ledger-store.ts'

export interface AllowanceLimits {
  /** A day's allowance of one person. */
  readonly dayUstar: bigint
  readonly dayJobs: number
  /** Most that is granted in one hour, to all together. */
  readonly hourUstar: bigint
  /** False stops new grants; what was granted today is still served. Absent: always. */
  readonly isGranting?: () => boolean
}

export const standardAllowance: AllowanceLimits = {
  dayUstar: 200_000n,
  dayJobs: 20,
  hourUstar: 2_000_000_000n,
}

const dayMs = 86_400_000
const hourMs = 3_600_000

export const nextMidnight = (nowMs: number): number => (Math.floor(nowMs / dayMs) + 1) * dayMs
const nextHour = (nowMs: number): number => (Math.floor(nowMs / hourMs) + 1) * hourMs
const midnight = (nowMs: number): number => Math.floor(nowMs / dayMs) * dayMs

export type Allowed =
  | { readonly kind: 'allowed' }
  | { readonly kind: 'spent'; readonly renewsAtMs: number }

/**
 * Whether a free account can bear `amount` now; tops it up when it was not today. What it is left with from the day before
 * lapses with that. Its row stays locked, so that two jobs never spend the same allowance.
 */
export async function allow(
  tx: Tx,
  { account, amount, nowMs }: { account: string; amount: bigint; nowMs: number },
  limits: AllowanceLimits,
): Promise<Allowed> {
  await tx.$executeRaw`INSERT INTO accounts (account, asset) VALUES (${account}, 'ustar') ON CONFLICT DO NOTHING`
  const left = await lockedBalance(tx, account, 'ustar')
  const { jobs, isGranted } = await today(tx, account, nowMs)
  const spent = { kind: 'spent', renewsAtMs: nextMidnight(nowMs) } as const
  if (jobs >= limits.dayJobs) return spent
  if (isGranted) return left >= amount ? { kind: 'allowed' } : spent
  if (limits.dayUstar < amount) return spent
  if (limits.isGranting?.() === false) return { kind: 'spent', renewsAtMs: nextHour(nowMs) }
  const grant = limits.dayUstar - left
  if (grant > 0n && !(await addToHour(tx, grant, { nowMs, limit: limits.hourUstar })))
    return { kind: 'spent', renewsAtMs: nextHour(nowMs) }
  await write(tx, {
    reason: 'grant',
    ref: grantRef(account, nowMs),
    atMs: nowMs,
    postings:
      grant === 0n
        ? // The day is marked as begun all the same: there and back.
          [
            { account: GRANTS, asset: 'ustar', amount: -1n },
            { account: GRANTS, asset: 'ustar', amount: 1n },
          ]
        : [
            { account: GRANTS, asset: 'ustar', amount: -grant },
            { account, asset: 'ustar', amount: grant },
          ],
  })
  return { kind: 'allowed' }
}

/** What is left of today, without granting or locking anything. */
export async function allowanceLeft(
  tx: Tx,
  account: string,
  { nowMs, limits }: { nowMs: number; limits: AllowanceLimits },
): Promise<{ readonly ustar: bigint; readonly jobs: number; readonly renewsAtMs: number }> {
  const { jobs, isGranted } = await today(tx, account, nowMs)
  const left = Math.max(0, limits.dayJobs - jobs)
  if (!isGranted && limits.isGranting?.() === false)
    return { ustar: 0n, jobs: 0, renewsAtMs: nextHour(nowMs) }
  const ustar = isGranted ? await cachedBalance(tx, account, 'ustar') : limits.dayUstar
  return { ustar: left === 0 ? 0n : ustar, jobs: left, renewsAtMs: nextMidnight(nowMs) }
}

const grantRef = (account: string, nowMs: number): string =>
  `${account} ${new Date(nowMs).toISOString().slice(0, 10)}`

/** Jobs that used the allowance today, those that cost nothing left out, and whether it was granted. */
async function today(
  tx: Tx,
  account: string,
  nowMs: number,
): Promise<{ readonly jobs: number; readonly isGranted: boolean }> {
  const [row] = await tx.$queryRaw<{ jobs: number; granted: boolean }[]>`
    SELECT (SELECT COUNT(*)::int FROM holds WHERE account = ${account} AND at >= ${new Date(midnight(nowMs))}::timestamptz
        AND (state = 'open' OR charge > 0)) AS jobs,
      EXISTS (SELECT 1 FROM ledger_tx WHERE reason = 'grant' AND ref = ${grantRef(account, nowMs)}) AS granted`
  return { jobs: row?.jobs ?? 0, isGranted: row?.granted ?? false }
}

/** Rows that share an hour's count, so that people who come at once do not wait for each other's transactions. */
const HOUR_PARTS = 32
/** More grants than can be under way at once: with less room than for them, one goes after the other. */
const MOST_AT_ONCE = 1000n
/** Any number that no other lock has. */
const HOUR_LOCK = 7_203_001n

/** False when the hour's limit would be passed. */
async function addToHour(
  tx: Tx,
  amount: bigint,
  { nowMs, limit }: { nowMs: number; limit: bigint },
): Promise<boolean> {
  const hour = new Date(nextHour(nowMs) - hourMs)
  const room = async (): Promise<bigint> => {
    const { _sum } = await tx.grantHour.aggregate({ where: { hour }, _sum: { granted: true } })
    return limit - (_sum.granted ?? 0n)
  }
  if ((await room()) < amount * MOST_AT_ONCE) {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${HOUR_LOCK}::bigint)`
    if ((await room()) < amount) return false
  }
  await tx.$executeRaw`
    INSERT INTO grant_hours AS g (hour, part, granted)
    VALUES (${hour}::timestamptz, floor(random() * ${HOUR_PARTS}::int), ${amount}::bigint)
    ON CONFLICT (hour, part) DO UPDATE SET granted = g.granted + EXCLUDED.granted`
  return true
}
