/** @module What units cost and what they earn: two sums of whole numbers, one division each (PAY §2). */
import type { Units } from '../../core/units.ts'

/** What is counted: the job itself, tokens of the model's own tokenizer, milliseconds of decoded sound. */
export const UNIT_KINDS = ['job', 'inTok', 'cachedTok', 'outTok', 'reasonTok', 'audioMs'] as const
export type UnitKind = (typeof UNIT_KINDS)[number]

/** Amount of an asset per 1 000 000 units of each kind; a kind that is absent costs nothing. */
export type Rates = Readonly<Partial<Record<UnitKind, bigint>>>

const perUnits = 1_000_000n

/** What a customer pays: rounded up once, at the end. Nothing is what nothing is charged for: see `billed`. */
export const chargeOf = (units: Units, rates: Rates): bigint =>
  (sum(units, rates) + perUnits - 1n) / perUnits

/** What the owner of the GPU is paid: rounded down once, at the end; the rest is revenue. */
export const payOf = (units: Units, rates: Rates): bigint => sum(units, rates) / perUnits

function sum(units: Units, rates: Rates): bigint {
  let total = 0n
  for (const kind of UNIT_KINDS) total += countOf(units, kind) * (rates[kind] ?? 0n)
  return total
}

/** Tokens that were evaluated before are counted once, as such. */
function countOf(units: Units, kind: UnitKind): bigint {
  switch (kind) {
    case 'job':
      return 1n
    case 'inTok':
      return BigInt(units.inTokens) - BigInt(Math.min(units.cachedTokens, units.inTokens))
    case 'cachedTok':
      return BigInt(Math.min(units.cachedTokens, units.inTokens))
    case 'outTok':
      return BigInt(units.outTokens)
    case 'reasonTok':
      // No model of ours thinks aloud.
      return 0n
    case 'audioMs':
      return BigInt(units.audioMs)
  }
}

/** `units` within `bound`, member by member; nothing above a bound is ever charged. */
export const clampUnits = (units: Units, bound: Units): Units => ({
  inTokens: Math.min(units.inTokens, bound.inTokens),
  cachedTokens: Math.min(units.cachedTokens, bound.cachedTokens),
  outTokens: Math.min(units.outTokens, bound.outTokens),
  audioMs: Math.min(units.audioMs, bound.audioMs),
})

/** True when some member is beyond its bound. */
export const exceeds = (units: Units, bound: Units): boolean =>
  units.inTokens > bound.inTokens ||
  units.cachedTokens > bound.cachedTokens ||
  units.outTokens > bound.outTokens ||
  units.audioMs > bound.audioMs

/** One token and a quarter of a second are within how things are counted (PAY §2). */
const tokenSlack = 1
const audioSlackMs = 250

const apart = (a: number, b: number, slack: number): boolean =>
  Math.abs(a - b) > slack && Math.abs(a - b) * 100 > Math.max(a, b)

/** True when two counts of the same thing are more than 1 % apart, and by more than one token or 250 ms. */
export const differs = (said: Units, seen: Units): boolean =>
  apart(said.inTokens, seen.inTokens, tokenSlack) ||
  apart(said.outTokens, seen.outTokens, tokenSlack) ||
  apart(said.audioMs, seen.audioMs, audioSlackMs)
