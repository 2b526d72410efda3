/** @module Hold, capture, release: the ledger's side of a job, inside the transactions that write its row (PAY §2, §3). */
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import { isJobId, type JobId } from '../../core/ids.ts'
import type { Log } from '../../core/log.ts'
import type { Captured, CaptureRequest, Held, HoldRequest } from '../../core/money.ts'
import type { Units } from '../../core/units.ts'
import type { Database, Tx } from '../../db/database.ts'
import { type Prices, ratesIn } from '../prices/prices.ts'
import { chargeOf, clampUnits, differs, exceeds, payOf } from '../prices/rates.ts'
import { heldOf, isPayerAccount, REVENUE } from './accounts.ts'
import { type AllowanceLimits, allow, allowanceLeft, standardAllowance } from './allowance-store.ts'
import {
  addReview,
  captureHold,
  closeHold,
  findHold,
  findReceipt,
  type HoldRow,
  insertHold,
  insertReceipt,
  lockHold,
  overdueHolds,
} from './hold-store.ts'
import type { Wallet } from './ledger-port.ts'
import {
  cachedBalance,
  insufficient,
  lockedBalance,
  type PostingLine,
  write,
} from './ledger-store.ts'
import { earn, payLines } from './payee-store.ts'

export interface Money {
  /** As the queue's money port says. */
  hold(tx: Tx, request: HoldRequest): Promise<Held>
  capture(tx: Tx, request: CaptureRequest): Promise<Captured | undefined>
  capturedAs(
    tx: Tx,
    receipt: Pick<CaptureRequest, 'job' | 'receiptDigest'>,
  ): Promise<Captured | undefined>
  release(tx: Tx, job: JobId, how: 'released' | 'expired'): Promise<void>
  /** Gives back what no job asks for any more; how many holds that were. */
  sweep(db: Database): Promise<number>
  walletOf(tx: Tx, account: string, free: string): Promise<Wallet>
}

/** At a time; the next minute has more. */
const sweepLimit = 200

/** The ledger's functions of a job. `allowance`: what a person has free each day. */
export function createMoney(deps: {
  readonly prices: Prices
  readonly clock: Clock
  readonly log: Log
  readonly allowance?: AllowanceLimits
}): Money {
  const { prices, clock, log } = deps
  const limits = deps.allowance ?? standardAllowance

  /** The account that bears the hold; its row is locked. Throws `quota.spent`, `funds.insufficient`. */
  const findBearer = async (
    tx: Tx,
    { payer }: HoldRequest,
    amount: bigint,
  ): Promise<{ readonly account: string; readonly isFree: boolean }> => {
    const { account, asset, free } = payer
    const isTried = free !== undefined && asset === 'ustar'
    let renewsAtMs: number | undefined
    if (isTried) {
      const allowed = await allow(tx, { account: free, amount, nowMs: clock.now() }, limits)
      if (allowed.kind === 'allowed') return { account: free, isFree: true }
      renewsAtMs = allowed.renewsAtMs
    }
    const have = await lockedBalance(tx, account, asset)
    if (have >= amount) return { account, isFree: false }
    if (renewsAtMs === undefined || have > 0n) throw insufficient(amount, have)
    throw new AppError('quota.spent', { renewsAtMs, need: amount.toString(), have: '0' })
  }

  const hold = async (tx: Tx, request: HoldRequest): Promise<Held> => {
    const { job, payer, task, model, tier, bound } = request
    const known = await findHold(tx, job)
    if (known) return { amount: known.amount, isFree: known.isFree }
    if (!isPayerAccount(payer.account)) throw new TypeError('not an account that pays')
    const row = prices.row({ task, model, tier })
    const amount = chargeOf(bound, ratesIn(row, payer.asset))
    const atMs = clock.now()
    const bearer = await findBearer(tx, request, amount)
    const { asset } = payer
    const kept: HoldRow = {
      ...bearer,
      job,
      asset,
      priceVersion: row.version,
      task,
      model,
      tier,
      bound,
      amount,
      atMs,
      closesAtMs: request.closesAtMs,
    }
    // Nobody else can: its row in `jobs` is of this transaction.
    if (!(await insertHold(tx, kept))) throw new AppError('hold.closed', { job })
    if (amount > 0n)
      await write(tx, {
        reason: 'hold',
        ref: job,
        atMs,
        postings: moved(amount, { from: bearer.account, to: heldOf(bearer.account), asset }),
      })
    return { amount, isFree: bearer.isFree }
  }

  const capture = async (tx: Tx, request: CaptureRequest): Promise<Captured | undefined> => {
    const { job, receiptDigest } = request
    const found = await lockHold(tx, job)
    if (!found) return undefined
    const row = await prices.rowOf(tx, found.priceVersion, found)
    const workerRates = row.worker
    if (found.state === 'captured') return repeated(tx, request, workerRates)
    if (found.state !== 'open') {
      log.error('hold.late', { job, state: found.state })
      throw new AppError('hold.closed', { job })
    }
    const atMs = clock.now()
    const units = countUnits(request, found)
    const charge = request.isCharged
      ? least(chargeOf(units, ratesIn(row, found.asset)), found.amount)
      : 0n
    const { payee } = request
    const payNano = request.isCharged && payee !== undefined ? payOf(units, workerRates) : 0n
    const postings: readonly PostingLine[] = [
      { account: heldOf(found.account), asset: found.asset, amount: -found.amount },
      { account: REVENUE, asset: found.asset, amount: charge },
      { account: found.account, asset: found.asset, amount: found.amount - charge },
      ...(payee === undefined ? [] : payLines(payee, payNano)),
    ]
    const moving = postings.filter(({ amount }) => amount !== 0n)
    if (moving.length > 0) await write(tx, { reason: 'capture', ref: job, atMs, postings: moving })
    const earnedTotalNano = payee === undefined ? 0n : await earn(tx, { payee, payNano, atMs })
    await captureHold(tx, { job, charge, atMs })
    const isReviewed = await review(tx, request, atMs)
    await insertReceipt(tx, {
      job,
      digest: receiptDigest,
      kid: request.kid,
      evidenceId: request.evidenceId,
      task: found.task,
      model: found.model,
      tier: found.tier,
      weights: request.weights,
      payee,
      pay: payNano,
      totalAfter: earnedTotalNano,
      asset: found.asset,
      charge,
      isFree: found.isFree,
      priceVersion: found.priceVersion,
      units,
      said: request.reported,
      seen: request.recounted,
      isReviewed,
      atMs,
    })
    const { asset, isFree, priceVersion } = found
    const { isCharged } = request
    const cost = { asset, charge, isFree, isCharged, priceVersion, units }
    return { ...cost, payNano, earnedTotalNano, workerRates }
  }

  /** A capture that was made: the same receipt has the same answer, another one is refused. */
  const repeated = async (
    tx: Tx,
    { job, kid, receiptDigest, isCharged }: CaptureRequest,
    workerRates: Captured['workerRates'],
  ): Promise<Captured> => {
    const paid = await findReceipt(tx, job)
    if (paid?.digest !== receiptDigest) {
      log.error('receipt.conflicted', { job, kid })
      throw new AppError('receipt.conflict', { job })
    }
    return captured(paid, { isCharged, workerRates })
  }

  const capturedAs: Money['capturedAs'] = async (tx, { job, receiptDigest }) => {
    const found = await findHold(tx, job)
    const paid = await findReceipt(tx, job)
    if (!found || paid?.digest !== receiptDigest) return undefined
    const row = await prices.rowOf(tx, found.priceVersion, found)
    const isCharged = paid.pay > 0n || paid.charge > 0n
    const couldCost =
      payOf(paid.units, row.worker) > 0n || chargeOf(paid.units, ratesIn(row, paid.asset)) > 0n
    // Where every rate is 0 the sums do not tell whether the answer was charged for.
    if (!isCharged && !couldCost) return undefined
    return captured(paid, { isCharged, workerRates: row.worker })
  }

  /** What is charged for: the gateway's count where there is one, never beyond the bound. */
  const countUnits = ({ job, kid, reported, recounted }: CaptureRequest, held: HoldRow): Units => {
    const counted = recounted ?? reported
    if (exceeds(counted, held.bound)) log.warn('receipt.over-bound', { job, kid })
    return clampUnits(counted, held.bound)
  }

  const review = async (
    tx: Tx,
    { job, kid, reported, recounted }: CaptureRequest,
    atMs: number,
  ): Promise<boolean> => {
    if (!recounted || !differs(reported, recounted)) return false
    log.warn('receipt.review', {
      job,
      kid,
      saidIn: reported.inTokens,
      seenIn: recounted.inTokens,
      saidOut: reported.outTokens,
      seenOut: recounted.outTokens,
    })
    await addReview(tx, kid, { job, atMs })
    return true
  }

  const release = async (tx: Tx, job: JobId, state: 'released' | 'expired'): Promise<void> => {
    const atMs = clock.now()
    const closed = await closeHold(tx, { job, state, atMs })
    if (!closed || closed.amount === 0n) return
    const { account, asset, amount } = closed
    await write(tx, {
      reason: 'release',
      ref: job,
      atMs,
      postings: moved(amount, { from: heldOf(account), to: account, asset }),
    })
  }

  return {
    hold,
    capture,
    capturedAs,
    release,
    sweep: async (db) => {
      const overdue = await overdueHolds(db.rows, clock.now(), sweepLimit)
      for (const { job } of overdue) {
        if (!isJobId(job)) continue
        log.warn('hold.expired', { job })
        await db.transaction((tx) => release(tx, job, 'expired'))
      }
      return overdue.length
    },
    walletOf: async (tx, account, free) => {
      const nowMs = clock.now()
      const left = await allowanceLeft(tx, free, { nowMs, limits })
      const heldPaid = await cachedBalance(tx, heldOf(account), 'ustar')
      const heldFree = await cachedBalance(tx, heldOf(free), 'ustar')
      return {
        balance: await cachedBalance(tx, account, 'ustar'),
        held: heldPaid + heldFree,
        freeLeft: left.ustar,
        freeJobsLeft: left.jobs,
        freeRenewsAtMs: left.renewsAtMs,
      }
    },
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)

const moved = (
  amount: bigint,
  { from, to, asset }: { from: string; to: string; asset: PostingLine['asset'] },
): readonly PostingLine[] => [
  { account: from, asset, amount: -amount },
  { account: to, asset, amount },
]

/** What a kept receipt says of its capture, with what it does not keep. */
function captured(
  paid: NonNullable<Awaited<ReturnType<typeof findReceipt>>>,
  more: Pick<Captured, 'isCharged' | 'workerRates'>,
): Captured {
  const { digest: _, pay, totalAfter, ...rest } = paid
  return { ...rest, ...more, payNano: pay, earnedTotalNano: totalAfter }
}
