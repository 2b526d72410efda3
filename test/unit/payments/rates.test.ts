import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Units } from '../../../src/core/units.ts'
import {
  chargeOf,
  clampUnits,
  differs,
  exceeds,
  payOf,
  type Rates,
  UNIT_KINDS,
} from '../../../src/payments/prices/rates.ts'

const count = fc.integer({ min: 0, max: 2 ** 40 })
const units = fc
  .record({ inTokens: count, cachedTokens: count, outTokens: count, audioMs: count })
  .map((it): Units => ({ ...it, cachedTokens: Math.min(it.cachedTokens, it.inTokens) }))
const rate = fc.bigInt({ min: 0n, max: 10n ** 15n })
const rates = fc
  .record(Object.fromEntries(UNIT_KINDS.map((kind) => [kind, rate])))
  .map((it): Rates => it)
/** Both sides of a row, the worker's never above the customer's. */
const sides = fc.tuple(rates, fc.integer({ min: 0, max: 100 })).map(([nano, percent]) => ({
  nano,
  worker: Object.fromEntries(
    Object.entries(nano).map(([kind, it]) => [kind, (it * BigInt(percent)) / 100n]),
  ) as Rates,
}))

/** The exact sum, in millionths. */
const exact = (of: Units, at: Rates): bigint =>
  (at.job ?? 0n) +
  BigInt(of.inTokens - of.cachedTokens) * (at.inTok ?? 0n) +
  BigInt(of.cachedTokens) * (at.cachedTok ?? 0n) +
  BigInt(of.outTokens) * (at.outTok ?? 0n) +
  BigInt(of.audioMs) * (at.audioMs ?? 0n)

test('in 10 000 cases a charge is rounded up once, a pay down once, and no pay is above its charge', () => {
  fc.assert(
    fc.property(units, sides, (of, { nano, worker }) => {
      const charge = chargeOf(of, nano)
      const pay = payOf(of, worker)

      expect(charge * 1_000_000n - exact(of, nano)).toBeGreaterThanOrEqual(0n)
      expect(charge * 1_000_000n - exact(of, nano)).toBeLessThan(1_000_000n)
      expect(exact(of, worker) - pay * 1_000_000n).toBeGreaterThanOrEqual(0n)
      expect(exact(of, worker) - pay * 1_000_000n).toBeLessThan(1_000_000n)
      expect(pay).toBeLessThanOrEqual(charge)
    }),
    { numRuns: 10_000 },
  )
})

test('more of anything never costs less and never pays less', () => {
  fc.assert(
    fc.property(
      units,
      rates,
      fc.constantFrom('inTokens', 'outTokens', 'audioMs'),
      (of, at, which) => {
        const more = { ...of, [which]: of[which] + 1 }

        expect(chargeOf(more, at)).toBeGreaterThanOrEqual(chargeOf(of, at))
        expect(payOf(more, at)).toBeGreaterThanOrEqual(payOf(of, at))
      },
    ),
    { numRuns: 2000 },
  )
})

test('what is clamped to a bound costs no more than the bound', () => {
  fc.assert(
    fc.property(units, units, rates, (of, bound, at) => {
      const within = clampUnits(of, { ...bound, cachedTokens: 0 })

      expect(exceeds(within, bound)).toBe(false)
      expect(chargeOf(within, at)).toBeLessThanOrEqual(chargeOf({ ...bound, cachedTokens: 0 }, at))
    }),
    { numRuns: 2000 },
  )
})

test('the starting values cost what the table says', () => {
  const of = { inTokens: 1000, cachedTokens: 0, outTokens: 500, audioMs: 0 }
  const customer = { job: 5_000_000_000n, inTok: 20_000_000n, outTok: 20_000_000n }
  const worker = { job: 4_700_000_000n, inTok: 19_000_000n, outTok: 19_000_000n }

  expect(chargeOf(of, customer)).toBe(5000n + 1500n * 20n)
  expect(payOf(of, worker)).toBe(4700n + 1500n * 19n)
})

test.each([
  [100, 100, false],
  [100, 101, false],
  [1000, 1010, false],
  [1000, 1012, true],
  [10, 11, false],
  [10, 12, true],
  [0, 1, false],
  [0, 2, true],
])('a count of %i beside one of %i is looked at: %s', (said, seen, isLookedAt) => {
  const of = (outTokens: number): Units => ({ inTokens: 5, cachedTokens: 0, outTokens, audioMs: 0 })

  expect(differs(of(said), of(seen))).toBe(isLookedAt)
})
