import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mayAsk, type Owed, whyNotDue } from '../../../../src/payments/settlement/due.ts'
import { type Limits, maxChunks, planBatch } from '../../../../src/payments/settlement/plan.ts'

const coin = 1_000_000_000n
const day = 86_400_000
const now = 1_900_000_000_000
const payeeOf = (n: number): string => n.toString(16).padStart(64, '0')
const owed = (part: Partial<Owed>): Owed => ({
  payee: payeeOf(1),
  earnedNano: 0n,
  paidNano: 0n,
  ...part,
})

describe('who is due', () => {
  test.each([
    ['half a coin, at once', { earnedNano: coin / 2n }, undefined],
    ['nothing', { earnedNano: coin, paidNano: coin }, 'nothing-owed'],
    ['paid above earned', { earnedNano: coin, paidNano: 2n * coin }, 'nothing-owed'],
    ['a nano below a twentieth', { earnedNano: coin / 20n - 1n, lastPaidAtMs: 0 }, 'below-minimum'],
    [
      'a twentieth on the same day',
      { earnedNano: coin / 20n, lastPaidAtMs: now - day + 1 },
      'not-yet',
    ],
    ['a twentieth after a day', { earnedNano: coin / 20n, lastPaidAtMs: now - day }, undefined],
    ['a first twentieth, earned just now', { earnedNano: coin / 20n }, 'not-yet'],
    [
      'a first twentieth, earned a day ago',
      { earnedNano: coin / 20n, sinceMs: now - day },
      undefined,
    ],
    [
      'asked for, an hour after the last one',
      { earnedNano: coin / 20n, lastPaidAtMs: now - 3_600_000, askedAtMs: now },
      undefined,
    ],
    [
      'asked for before the last payout',
      { earnedNano: coin / 20n, lastPaidAtMs: now - 3_600_000, askedAtMs: now - 4_000_000 },
      'not-yet',
    ],
  ] as const)('%s', (_title, part, why) => {
    expect(whyNotDue(owed(part), now)).toBe(why)
  })

  test('everything that is owed is due when somebody says so, down to a nano', () => {
    expect(whyNotDue(owed({ earnedNano: 1n }), now, true)).toBeUndefined()
  })

  test('an owner may ask once an hour and for a twentieth at least', () => {
    expect(mayAsk(owed({ earnedNano: coin, lastPaidAtMs: now - 3_599_999 }), now)).toBe(false)
    expect(mayAsk(owed({ earnedNano: coin, lastPaidAtMs: now - 3_600_000 }), now)).toBe(true)
    expect(mayAsk(owed({ earnedNano: coin / 20n - 1n }), now)).toBe(false)
  })
})

const limits = (part: Partial<Limits> = {}): Limits => ({
  chunkSize: 60,
  batchCapNano: 200n * coin,
  dayLeftNano: 1000n * coin,
  freeNano: 10_000n * coin,
  valueFor: (lines) => BigInt(lines),
  ...part,
})

describe('what goes into a batch', () => {
  test('61 payees make two messages, the longest unpaid first', () => {
    const payees = Array.from({ length: 61 }, (_, n) =>
      owed({ payee: payeeOf(n), earnedNano: coin, lastPaidAtMs: now - n }),
    )

    const plan = planBatch(payees, { limits: limits(), nowMs: now })

    expect(plan.chunks.map(({ valueNano }) => valueNano)).toEqual([60n, 1n])
    expect(plan.lines[0]?.payee).toBe(payeeOf(60))
    expect(plan.lines.at(-1)).toMatchObject({ payee: payeeOf(0), chunk: 1 })
    expect(plan.paidNano).toBe(61n * coin)
    expect(plan.left).toEqual({ payees: 0, nano: 0n })
  })

  test('one who is owed more than a message may pay gets that much now', () => {
    const plan = planBatch([owed({ earnedNano: 250n * coin, paidNano: 10n * coin })], {
      limits: limits(),
      nowMs: now,
    })

    expect(plan.lines).toEqual([
      { payee: payeeOf(1), chunk: 0, paidBefore: 10n * coin, target: 210n * coin },
    ])
    expect(plan.left).toEqual({ payees: 1, nano: 40n * coin, why: 'cap' })
  })

  test('a vault that cannot pay everybody pays those who waited longest in full, and says why not the others', () => {
    const payees = [3, 2, 1].map((n) =>
      owed({ payee: payeeOf(n), earnedNano: 5n * coin, lastPaidAtMs: n }),
    )

    const plan = planBatch(payees, { limits: limits({ freeNano: 7n * coin }), nowMs: now })

    expect(plan.lines.map(({ payee, target }) => [payee, target])).toEqual([
      [payeeOf(1), 5n * coin],
    ])
    expect(plan.left).toEqual({ payees: 2, nano: 10n * coin, why: 'funds' })
  })

  test('no plan ever breaks a limit, pays anybody twice or below what was paid (1000 random ones)', () => {
    const payee = fc.record({
      earnedNano: fc.bigInt({ min: 0n, max: 400n * coin }),
      paidNano: fc.bigInt({ min: 0n, max: 100n * coin }),
      lastPaidAtMs: fc.integer({ min: 0, max: now }),
    })
    const anyLimits = fc.record({
      chunkSize: fc.integer({ min: 1, max: 60 }),
      batchCapNano: fc.bigInt({ min: 1n, max: 300n * coin }),
      dayLeftNano: fc.bigInt({ min: 0n, max: 2000n * coin }),
      freeNano: fc.bigInt({ min: 0n, max: 2000n * coin }),
    })
    fc.assert(
      fc.property(
        fc.array(payee, { maxLength: 80 }),
        anyLimits,
        fc.boolean(),
        (rows, some, isAll) => {
          const payees = rows.map((row, n) => ({ payee: payeeOf(n), ...row }))
          const plan = planBatch(payees, { limits: limits(some), nowMs: now, isAll })
          const amount = (chunk: number): bigint =>
            plan.lines
              .filter((it) => it.chunk === chunk)
              .reduce((sum, it) => sum + it.target - it.paidBefore, 0n)

          expect(plan.chunks.length).toBeLessThanOrEqual(maxChunks)
          expect(new Set(plan.lines.map((it) => it.payee)).size).toBe(plan.lines.length)
          for (const { chunk } of plan.chunks) {
            const lines = plan.lines.filter((it) => it.chunk === chunk)
            expect(lines.length).toBeGreaterThan(0)
            expect(lines.length).toBeLessThanOrEqual(some.chunkSize)
            expect(amount(chunk) <= some.batchCapNano).toBe(true)
          }
          for (const line of plan.lines) {
            const row = payees.find((it) => it.payee === line.payee)
            expect(line.paidBefore).toBe(row?.paidNano)
            expect(line.target > line.paidBefore && line.target <= (row?.earnedNano ?? 0n)).toBe(
              true,
            )
          }
          const sum = plan.chunks.reduce((all, { chunk }) => all + amount(chunk), 0n)
          expect(sum).toBe(plan.paidNano)
          expect(sum <= some.dayLeftNano && sum <= some.freeNano).toBe(true)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
