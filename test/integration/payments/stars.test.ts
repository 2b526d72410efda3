import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { type Database, openDatabase } from '../../../src/db/database.ts'
import { balanceOf, post } from '../../../src/payments/ledger/ledger-store.ts'
import { createCustomers } from '../../../src/payments/stars/customers.ts'
import { watchFloat } from '../../../src/payments/stars/float.ts'
import { createStars } from '../../../src/payments/stars/stars.ts'
import type { FloatState, Paid, StarEntry } from '../../../src/payments/stars/stars-port.ts'
import { quietLog } from '../../support/quiet-log.ts'
import { TestClock } from '../../support/test-clock.ts'

let db: Database
beforeAll(async () => {
  db = await openDatabase({ url: 'memory:', clock: systemClock })
}, 180_000)
afterAll(() => db.close())

const star = 1_000_000n
const customers = createCustomers(new Uint8Array(32).fill(3))
let bots = 0

/** Calls of rows outside of transactions, by name. */
const touched: string[] = []
const counted = (): Database => ({
  ...db,
  rows: new Proxy(db.rows, {
    get: (rows, table) => {
      const of: unknown = Reflect.get(rows, table)
      if (typeof of !== 'object' || of === null) return of
      return new Proxy(of, {
        get: (it, method) => {
          touched.push(`${String(table)}.${String(method)}`)
          return Reflect.get(it, method)
        },
      })
    },
  }),
})

/** A bot of its own, with a Telegram that does what the test says. */
function world({ float = 'open' }: { float?: FloatState } = {}) {
  bots += 1
  const botId = bots
  const clock = new TestClock()
  const calls = {
    refunds: 0,
    ended: [] as string[],
    isAway: false,
    account: [] as StarEntry[],
  }
  const stars = createStars({
    db: counted(),
    botId,
    customers,
    calls: {
      refund: async () => {
        calls.refunds += 1
        if (calls.isAway) throw new Error('away')
      },
      endPlan: async (_user, charge) => void calls.ended.push(charge),
      transactions: async (offset, limit) => calls.account.slice(offset, offset + limit),
    },
    float: () => float,
    isMaintenance: () => false,
    clock,
    log: quietLog,
  })
  const person = (userId: number) => ({ userId, customer: stars.customerOf(userId) })
  const invoice = async (userId: number, amount = 50n, kind: 'pack' | 'plan' = 'pack') => {
    const made = await stars.invoice(stars.customerOf(userId), { kind, ustar: amount * star })
    if (made === undefined) throw new Error('nothing is sold')
    return made
  }
  const paid = async (userId: number, more: Partial<Paid> = {}): Promise<Paid> => {
    const { id, ustar } = await invoice(userId)
    const chargeId = `charge-${botId}-${userId}`
    return { ...person(userId), chargeId, payload: id, ustar, paidAtMs: clock.now(), ...more }
  }
  const balance = async (userId: number): Promise<bigint> =>
    (await sum(`customer:${stars.customerOf(userId)}`)) / star
  return { stars, calls, clock, person, invoice, paid, balance }
}

const sum = (account: string): Promise<bigint> => balanceOf(db.rows, account, 'ustar')

async function spend(customer: string, amount: bigint): Promise<void> {
  const asset = 'ustar'
  await db.transaction((tx) =>
    post(tx, {
      reason: 'capture',
      ref: customer,
      atMs: 0,
      postings: [
        { account: `customer:${customer}`, asset, amount: -amount },
        { account: 'revenue', asset, amount },
      ],
    }),
  )
}

test('a payment told ten times at once credits once', async () => {
  const { stars, paid, balance } = world()
  const payment = await paid(1)

  const results = await Promise.all(Array.from({ length: 10 }, () => stars.paid(payment)))

  expect(results.filter((it) => it === 'credited')).toHaveLength(1)
  expect(results.filter((it) => it === 'known')).toHaveLength(9)
  expect(await balance(1)).toBe(50n)
})

test('the question before a payment reads one row, and says why not', async () => {
  const { stars, clock, invoice, person } = world()
  const { id: payload, ustar } = await invoice(1)
  const query = { customer: person(1).customer, payload, currency: 'XTR', ustar }

  touched.length = 0
  expect(await stars.checkout(query)).toBe('ok')
  expect(touched).toEqual(['starInvoice.findUnique'])
  expect(await stars.checkout({ ...query, payload: 'nonsense' })).toBe('unknown')
  expect(await stars.checkout({ ...query, payload: 'ab'.repeat(16) })).toBe('unknown')
  expect(await stars.checkout({ ...query, customer: person(2).customer })).toBe('other-person')
  expect(await stars.checkout({ ...query, ustar: ustar + 1n })).toBe('other-amount')
  expect(await stars.checkout({ ...query, currency: 'EUR' })).toBe('other-amount')
  clock.advance(3_600_000)
  expect(await stars.checkout(query)).toBe('expired')
})

test('the invoice of one bot is unknown to another', async () => {
  const one = world()
  const other = world()
  const { id: payload, ustar } = await one.invoice(1)
  const { customer } = one.person(1)

  expect(await other.stars.checkout({ customer, payload, currency: 'XTR', ustar })).toBe('unknown')
})

test('nothing is sold while the float is used up', async () => {
  const { stars, person } = world({ float: 'closed' })
  const { customer } = person(1)
  const query = { customer, payload: 'ab'.repeat(16), currency: 'XTR', ustar: star }

  expect(await stars.invoice(customer, { kind: 'pack', ustar: 50n * star })).toBeUndefined()
  expect(await stars.checkout(query)).toBe('closed')
})

test('a refund is written before Telegram is asked, and asked again until it is done', async () => {
  const { stars, calls, paid, balance } = world()
  const { chargeId, userId, ...rest } = await paid(1)
  await stars.paid({ chargeId, userId, ...rest })
  calls.isAway = true

  expect(await stars.refund({ chargeId, userId, onlyUnspent: true })).toBe('requested')
  expect(await balance(1)).toBe(0n)
  expect(await stars.refund({ chargeId, userId, onlyUnspent: true })).toBe('requested')
  calls.isAway = false
  await stars.compare()

  expect(calls.refunds).toBe(3)
  expect(await stars.refund({ chargeId, userId, onlyUnspent: true })).toBe('already')
  expect(await db.rows.starRefund.findMany({ where: { chargeId } })).toMatchObject([
    { state: 'done' },
  ])
  expect(await balance(1)).toBe(0n)
})

test('a refund after spending takes what is left, and the rest is the house’s', async () => {
  const { stars, paid, person, balance } = world()
  const payment = await paid(1)
  await stars.paid(payment)
  await spend(person(1).customer, 20n * star)
  const before = await sum('refunds')
  const { chargeId, userId } = payment

  expect(await stars.refund({ chargeId, userId, onlyUnspent: true })).toBe('short')
  expect(await balance(1)).toBe(30n)
  expect(await stars.refund({ chargeId, userId: 2, onlyUnspent: false })).toBe('unknown')
  const results = await Promise.all([
    stars.refund({ chargeId, userId, onlyUnspent: false }),
    stars.refund({ chargeId, userId, onlyUnspent: false }),
    stars.refunded({ chargeId, userId }),
  ])

  expect(results).not.toContain('short')
  expect(await balance(1)).toBe(0n)
  expect(await sum('refunds')).toBe(before - 20n * star)
})

test('a payment found by the comparison is credited once, its own news later change nothing, pages are read to the end', async () => {
  const { stars, calls, paid, balance, clock, person } = world()
  const payment = await paid(7)
  const entry = (chargeId: string, more: Partial<StarEntry> = {}): StarEntry => ({
    ...person(7),
    chargeId,
    direction: 'in',
    ustar: payment.ustar,
    payload: payment.payload,
    atMs: clock.now(),
    ...more,
  })
  const gifts = Array.from({ length: 230 }, () => undefined as unknown as StarEntry)
  calls.account.push(...gifts, entry(payment.chargeId))

  expect(await stars.compare()).toEqual({ seen: 231, repaired: 1, foreign: 0 })
  expect(await stars.compare()).toMatchObject({ repaired: 0 })
  expect(await stars.paid(payment)).toBe('known')
  expect(await balance(7)).toBe(50n)
  calls.account.push(entry(payment.chargeId, { direction: 'out' }))
  expect(await stars.compare()).toMatchObject({ repaired: 1 })
  expect(await balance(7)).toBe(0n)
})

test('a payment that Telegram does not know is counted for the operator', async () => {
  const { stars, paid } = world()
  await stars.paid(await paid(1))

  expect(await stars.compare()).toMatchObject({ foreign: 1 })
})

test('a plan lasts as long as it was paid for; late and repeated news shorten nothing', async () => {
  const { stars, clock, invoice, person, balance } = world()
  const { id: payload, ustar } = await invoice(1, 100n, 'plan')
  const month = 30 * 24 * 3_600_000
  const first = clock.now() + month
  const pay = (chargeId: string, untilMs: number) =>
    stars.paid({ ...person(1), chargeId, payload, ustar, paidAtMs: clock.now(), untilMs })
  const state = (it: 'active' | 'canceled' | 'failed') =>
    stars.planState(person(1).customer, { payload, userId: 1, state: it })

  await pay(`plan-a-${bots}`, first)
  await pay(`plan-c-${bots}`, first + 2 * month)
  await pay(`plan-b-${bots}`, first + month)
  await pay(`plan-b-${bots}`, first + month)

  expect(await stars.planOf(1)).toMatchObject({
    untilMs: first + 2 * month,
    state: 'active',
    chargeId: `plan-a-${bots}`,
  })
  expect(await balance(1)).toBe(300n)
  await state('failed')
  expect(await stars.planOf(1)).toMatchObject({ state: 'failed' })
  await stars.planState(person(2).customer, { payload, userId: 1, state: 'canceled' })
  expect(await stars.planOf(1)).toMatchObject({ state: 'failed' })
  expect(await stars.endPlan(2)).toBe(false)
})

test('whoever is forgotten has no plan that goes on, and Telegram may still take a payment back', async () => {
  const { stars, calls, clock, invoice, person, balance } = world()
  const { id: payload, ustar } = await invoice(1, 100n, 'plan')
  const chargeId = `forgotten-${bots}`
  const untilMs = clock.now() + 1000
  await stars.paid({ ...person(1), chargeId, payload, ustar, paidAtMs: clock.now(), untilMs })

  await stars.forget(1)

  expect(calls.ended).toEqual([chargeId])
  expect(await stars.payments(1)).toEqual([])
  expect(await stars.planOf(1)).toBeUndefined()
  expect(await stars.refunded({ chargeId, userId: 1 })).toBe('booked')
  expect(await balance(1)).toBe(0n)
})

test('the float warns at four fifths and stops the sale at the whole, each minute anew', async () => {
  const clock = new TestClock()
  let used = 79n
  let since = 0
  const float = watchFloat({
    usedNano: async (from) => {
      since = from
      return used
    },
    limitNano: 100n,
    clock,
    log: quietLog,
  })

  await float.look()
  expect(float.state()).toBe('open')
  used = 80n
  await float.look()
  expect(float.state()).toBe('low')
  used = 100n
  await float.look()
  expect(float.state()).toBe('closed')
  used = 10n
  await float.look()

  expect(float.state()).toBe('open')
  expect(clock.now() - since).toBe(21 * 24 * 3_600_000)
  float.close()
})

test('names of accounts differ by person, bot and key, and say nothing', () => {
  const other = createCustomers(new Uint8Array(32).fill(4))

  const names = [
    customers.of(1, 2),
    customers.of(2, 1),
    customers.of(1, 3),
    customers.ofPurse(1, '2'),
    other.of(1, 2),
  ]

  expect(new Set(names).size).toBe(5)
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{32}$/)
  expect(customers.of(1, 2)).toBe(customers.of(1, 2))
})
