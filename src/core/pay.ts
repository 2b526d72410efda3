/** @module What a job's units are worth at given rates: one division at the end, so that both sides reach the same nano (PAY §2). */
import type { Units } from './units.ts'
import type { PayNote, WireRates } from './voucher.ts'

/** Rates are per this many units. */
const RATED_UNITS = 1_000_000n

/** Counts of one job by the kinds that have rates. */
const unitsOf = ({ inTokens, cachedTokens, outTokens, audioMs }: Units) =>
  ({
    job: 1n,
    inTok: BigInt(inTokens),
    cachedTok: BigInt(cachedTokens),
    outTok: BigInt(outTokens),
    reasonTok: 0n,
    audioMs: BigInt(audioMs),
  }) as const satisfies Record<keyof WireRates, bigint>

/** What the worker's owner gets, in nano, rounded down; nothing where nobody is charged. */
export function payOf({ units, rates, charged }: Omit<PayNote, 'amount' | 'version'>): bigint {
  if (!charged) return 0n
  let sum = 0n
  for (const [kind, count] of Object.entries(unitsOf(units))) {
    const rate = Object.entries(rates).find(([name]) => name === kind)?.[1]
    if (rate !== undefined) sum += count * BigInt(rate)
  }
  return sum / RATED_UNITS
}

/** A hundredth, and never less than one token or a quarter of a second: counting at two places may round differently. */
const maxApart = { token: 1, audioMs: 250 } as const

const near = (a: number, b: number, least: number): boolean =>
  Math.abs(a - b) <= Math.max(least, Math.floor(a / 100))

/** Whether two counts of the same job agree as far as two honest counts do. */
export function isNear(own: Units, other: Units): boolean {
  return (
    near(own.inTokens, other.inTokens, maxApart.token) &&
    near(own.cachedTokens, other.cachedTokens, maxApart.token) &&
    near(own.outTokens, other.outTokens, maxApart.token) &&
    near(own.audioMs, other.audioMs, maxApart.audioMs)
  )
}
