/** @module Who is paid now (PAY §7): from half a coin at once, from a twentieth once a day or when its owner asks. */

/** A payee's account in the ledger. */
export interface Owed {
  /** 64 hex characters. */
  readonly payee: string
  readonly earnedNano: bigint
  readonly paidNano: bigint
  /** Absent: never paid; then the day counts from the first earning, `sinceMs`. */
  readonly lastPaidAtMs?: number
  /** When its first unpaid nano was earned, as far as that is known. */
  readonly sinceMs?: number
  /** Its owner asked for a payout. */
  readonly askedAtMs?: number
}

/** The fee is under 0.2 % from here on. */
const atOnceNano = 500_000_000n
/** Below it nothing is paid by itself: the fee would eat 2 %. */
const smallNano = 50_000_000n
const dayMs = 86_400_000
const askMs = 3_600_000

export type WhyNot = 'nothing-owed' | 'below-minimum' | 'not-yet'

/** Undefined when it is due. `isAll`: everything that is owed, whatever the thresholds. */
export function whyNotDue(owed: Owed, nowMs: number, isAll = false): WhyNot | undefined {
  const unpaid = owed.earnedNano - owed.paidNano
  if (unpaid <= 0n) return 'nothing-owed'
  if (isAll || unpaid >= atOnceNano) return undefined
  if (unpaid < smallNano) return 'below-minimum'
  const since = owed.lastPaidAtMs ?? owed.sinceMs ?? nowMs
  if (nowMs - since >= dayMs) return undefined
  const isAsked = owed.askedAtMs !== undefined && owed.askedAtMs > (owed.lastPaidAtMs ?? -1)
  return isAsked && mayAsk(owed, nowMs) ? undefined : 'not-yet'
}

/** Once an hour, and not for less than a payout is worth. */
export const mayAsk = (owed: Owed, nowMs: number): boolean =>
  owed.earnedNano - owed.paidNano >= smallNano &&
  (owed.lastPaidAtMs === undefined || nowMs - owed.lastPaidAtMs >= askMs)
