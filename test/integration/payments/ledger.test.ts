import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { newJobId } from '../../../src/core/ids.ts'
import { type Database, openDatabase } from '../../../src/db/database.ts'
import { nextMidnight, standardAllowance } from '../../../src/payments/ledger/allowance-store.ts'
import { checkLedger } from '../../../src/payments/ledger/check.ts'
import { bookCorrection } from '../../../src/payments/ledger/correction-store.ts'
import {
  balanceOf,
  cachedBalance,
  entriesOf,
  lockedBalance,
  post,
} from '../../../src/payments/ledger/ledger-store.ts'
import { bookPayout, owed, payeeTotals } from '../../../src/payments/ledger/payee-store.ts'
import { readTable } from '../../../src/payments/prices/table.ts'
import {
  captureOf,
  digest,
  holdOf,
  openTestMoney,
  type TestMoney,
  testPayee,
  testTable,
  testWorld,
  tokens,
} from '../../support/ledger.ts'
import { hasPostgres, startTestPostgres, type TestPostgres } from '../../support/postgres.ts'
import { createDatabase, openTestDatabase } from '../../support/stores.ts'
import { TestClock } from '../../support/test-clock.ts'

let server: TestPostgres | undefined
const kinds = [
  { kind: 'PGlite', open: openTestDatabase },
  ...(hasPostgres()
    ? [
        {
          kind: 'Postgres',
          open: async () => {
            server ??= await startTestPostgres()
            return openDatabase({ url: await createDatabase(server.url), clock: systemClock })
          },
        },
      ]
    : []),
]
afterAll(() => server?.stop())

describe.each(kinds)('the ledger on $kind', ({ open }) => {
  let db: Database
  let bank: TestMoney
  let clock: TestClock
  let names = 0
  const customer = () => `customer:c${names++}`
  const balance = (account: string) => cachedBalance(db.rows, account, 'ustar')

  beforeAll(async () => {
    clock = new TestClock()
    db = await open()
    bank = await openTestMoney({ db, clock })
  }, 120_000)
  afterAll(() => db?.close())

  test('a job holds its bound, is charged for what was counted, and gives the rest back', async () => {
    const account = customer()
    await bank.fund(account, 5000n)
    const hold = holdOf({ payer: { account, asset: 'ustar' } })

    expect(await bank.hold(hold)).toEqual({ amount: 1000n, isFree: false })
    expect(await balance(account)).toBe(4000n)
    expect(await balance(`held:${account}`)).toBe(1000n)

    const payee = digest()
    const captured = await bank.capture(captureOf(hold.job, { payee }))

    expect(captured).toMatchObject({ charge: 800n, payNano: 720n, earnedTotalNano: 720n })
    expect(await balance(account)).toBe(4200n)
    expect(await balance(`held:${account}`)).toBe(0n)
    expect(await balanceOf(db.rows, `payee:${payee}`, 'nano')).toBe(720n)
    expect(await entriesOf(db.rows, account)).toMatchObject([
      { reason: 'capture', ref: hold.job, amount: -800n },
      { reason: 'test-funds', amount: 5000n },
    ])
  })

  test('the same job again has the same hold, and is held for once', async () => {
    const account = customer()
    await bank.fund(account, 5000n)
    const hold = holdOf({ payer: { account, asset: 'ustar' } })

    expect(await bank.hold(hold)).toEqual(await bank.hold(hold))
    expect(await balance(account)).toBe(4000n)
  })

  test('too little money is refused with need and have, and nothing is written', async () => {
    const account = customer()
    await bank.fund(account, 999n)
    const hold = holdOf({ payer: { account, asset: 'ustar' } })

    await expect(bank.hold(hold)).rejects.toMatchObject({
      code: 'funds.insufficient',
      details: { need: '1000', have: '999' },
    })
    expect(await balance(account)).toBe(999n)
    expect(await db.rows.hold.count({ where: { job: hold.job } })).toBe(0)
  })

  test('a job without a price is refused before anything is held', async () => {
    const hold = holdOf({ task: 'paint' })

    await expect(bank.hold(hold)).rejects.toMatchObject({ code: 'price.unknown' })
  })

  test('of many holds at once no more succeed than there is money for', async () => {
    const account = customer()
    await bank.fund(account, 3500n)

    const ends = await Promise.allSettled(
      Array.from({ length: 8 }, () => bank.hold(holdOf({ payer: { account, asset: 'ustar' } }))),
    )

    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(await balance(account)).toBe(500n)
  })

  test('two captures of one receipt at once pay once, and have the same answer', async () => {
    const account = customer()
    await bank.fund(account, 1000n)
    const hold = holdOf({ payer: { account, asset: 'ustar' } })
    await bank.hold(hold)
    const payee = digest()
    const request = captureOf(hold.job, { payee })

    const [one, other] = await Promise.all([bank.capture(request), bank.capture(request)])

    expect(one).toEqual(other)
    expect(await payeeTotals(db.rows, payee)).toMatchObject({ earnedNano: 720n })
    expect(await balance(account)).toBe(200n)
  })

  test('another receipt for a paid job is refused and logged, and pays nobody', async () => {
    const account = customer()
    await bank.fund(account, 1000n)
    const hold = holdOf({ payer: { account, asset: 'ustar' } })
    await bank.hold(hold)
    const payee = digest()

    const ends = await Promise.allSettled([
      bank.capture(captureOf(hold.job, { payee })),
      bank.capture(captureOf(hold.job, { payee })),
    ])

    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'receipt.conflict' },
    })
    expect(bank.lines.some((line) => line.includes('receipt.conflicted'))).toBe(true)
    expect(await payeeTotals(db.rows, payee)).toMatchObject({ earnedNano: 720n })
  })

  test('a hold is closed once: released, it cannot be captured; captured, it is not released', async () => {
    const account = customer()
    await bank.fund(account, 2000n)
    const released = holdOf({ payer: { account, asset: 'ustar' } })
    const captured = holdOf({ payer: { account, asset: 'ustar' } })
    await bank.hold(released)
    await bank.hold(captured)

    await bank.release(released.job)
    await bank.release(released.job)
    await expect(bank.capture(captureOf(released.job))).rejects.toMatchObject({
      code: 'hold.closed',
    })
    await bank.capture(captureOf(captured.job))
    await bank.release(captured.job)

    expect(await balance(account)).toBe(1200n)
  })

  test('a job that nobody pays is captured for nothing and released for nothing', async () => {
    const job = newJobId()

    expect(await bank.capture(captureOf(job))).toBeUndefined()
    await bank.release(job)
    expect(await db.rows.payReceipt.count({ where: { job } })).toBe(0)
  })

  test('an answer that costs nothing charges nobody and pays nobody', async () => {
    const account = customer()
    await bank.fund(account, 1000n)
    const hold = holdOf({ payer: { account, asset: 'ustar' } })
    await bank.hold(hold)

    const captured = await bank.capture(captureOf(hold.job, { isCharged: false }))

    expect(captured).toMatchObject({ charge: 0n, payNano: 0n })
    expect(await balance(account)).toBe(1000n)
  })

  test('what is counted beyond the bound is not charged for, and said', async () => {
    const account = customer()
    await bank.fund(account, 1000n)
    const hold = holdOf({ payer: { account, asset: 'ustar' } })
    await bank.hold(hold)
    const much = tokens(50, 4000)

    const captured = await bank.capture(captureOf(hold.job, { reported: much, recounted: much }))

    expect(captured).toMatchObject({ charge: 1000n, units: tokens(50, 40) })
    expect(bank.lines.some((line) => line.includes('receipt.over-bound'))).toBe(true)
  })

  test('a worker that counts more than we do is paid by our count, and looked at', async () => {
    const account = customer()
    await bank.fund(account, 1000n)
    const hold = holdOf({ payer: { account, asset: 'ustar' } })
    await bank.hold(hold)

    const captured = await bank.capture(captureOf(hold.job, { reported: tokens(50, 40) }))

    expect(captured).toMatchObject({ charge: 800n, units: tokens(50, 20) })
    expect(await db.rows.payReceipt.findUnique({ where: { job: hold.job } })).toMatchObject({
      isReviewed: true,
      saidOutTokens: 40n,
      seenOutTokens: 20n,
    })
    expect(await db.rows.workerReview.count({ where: { job: hold.job } })).toBe(1)
  })

  test('a job keeps the prices that it was quoted under', async () => {
    const account = customer()
    await bank.fund(account, 10_000n)
    const later = new TestClock(clock.now() + 90 * 86_400_000)
    const own = await openTestMoney({ db, clock: later })
    const old = holdOf({ payer: { account, asset: 'ustar' } })
    await own.hold(old)
    await own.prices.adopt(testTable(2, 20), later.now())

    const next = holdOf({ payer: { account, asset: 'ustar' } })

    expect(await own.hold(next)).toMatchObject({ amount: 2000n })
    // A process that has not seen version 2 captures both right, and quotes under version 1 until then.
    expect(await bank.capture(captureOf(old.job))).toMatchObject({ charge: 800n, priceVersion: 1 })
    expect(await bank.capture(captureOf(next.job))).toMatchObject({
      charge: 1600n,
      priceVersion: 2,
    })
    expect(bank.prices.current().version).toBe(1)
    await expect(own.prices.adopt(testTable(4, 20), 0)).rejects.toMatchObject({
      code: 'price.invalid',
      details: { reason: 'version-gap', next: 3 },
    })
    await expect(own.prices.adopt(testTable(2, 30), 0)).rejects.toMatchObject({
      details: { reason: 'changed' },
    })
    expect(own.prices.current().hash).toBe(readTable(testTable(2, 20), testWorld).hash)
  })

  test('a hold that nobody asks for is given back after its time', async () => {
    const account = customer()
    await bank.fund(account, 1000n)
    const hold = holdOf({ payer: { account, asset: 'ustar' }, closesAtMs: clock.now() })
    await bank.hold(hold)

    expect(await bank.money.sweep(db)).toBe(1)
    expect(await bank.money.sweep(db)).toBe(0)
    expect(await balance(account)).toBe(1000n)
    expect(await db.rows.hold.findUnique({ where: { job: hold.job } })).toMatchObject({
      state: 'expired',
    })
  })

  test('a transaction that fails half-way leaves nothing of its money', async () => {
    const account = customer()
    await bank.fund(account, 1000n)
    const hold = holdOf({ payer: { account, asset: 'ustar' } })
    await bank.hold(hold)
    const payee = digest()

    const crash = db.transaction(async (tx) => {
      await bank.money.capture(tx, captureOf(hold.job, { payee }))
      throw new Error('the process dies here')
    })

    await expect(crash).rejects.toThrow('dies')
    expect(await balance(`held:${account}`)).toBe(1000n)
    expect(await payeeTotals(db.rows, payee)).toBeUndefined()
    expect(await bank.capture(captureOf(hold.job, { payee }))).toMatchObject({ payNano: 720n })
  })

  describe('the daily allowance', () => {
    const free = () => `free:c${names++}`
    const freeHold = (account: string, payer = customer()) =>
      holdOf({ payer: { account: payer, asset: 'ustar', free: account } })

    test('pays first, by the operator, and the worker earns as always', async () => {
      const account = free()
      const hold = freeHold(account)

      expect(await bank.hold(hold)).toEqual({ amount: 1000n, isFree: true })
      expect(await balance(account)).toBe(199_000n)
      expect(await bank.capture(captureOf(hold.job))).toMatchObject({
        isFree: true,
        charge: 800n,
        payNano: 720n,
      })
    })

    test('is spent with its last Star or its twentieth job, and then the customer pays', async () => {
      const own = await openTestMoney({
        db,
        clock,
        allowance: { ...standardAllowance, dayJobs: 2 },
      })
      const [account, payer] = [free(), customer()]
      await own.hold(freeHold(account, payer))
      await own.hold(freeHold(account, payer))

      await expect(own.hold(freeHold(account, payer))).rejects.toMatchObject({
        code: 'quota.spent',
        details: { renewsAtMs: nextMidnight(clock.now()) },
      })
      await own.fund(payer, 1000n)
      expect(await own.hold(freeHold(account, payer))).toMatchObject({ isFree: false })
    })

    test('gives a job that cost nothing back', async () => {
      const own = await openTestMoney({
        db,
        clock,
        allowance: { ...standardAllowance, dayJobs: 1 },
      })
      const account = free()
      const hold = freeHold(account)
      await own.hold(hold)
      await own.release(hold.job)

      expect(await own.hold(freeHold(account))).toMatchObject({ isFree: true })
    })

    test('is not spent twice by jobs that come at once', async () => {
      const own = await openTestMoney({
        db,
        clock,
        allowance: { ...standardAllowance, dayUstar: 2500n },
      })
      const account = free()

      const ends = await Promise.allSettled(
        Array.from({ length: 6 }, () => own.hold(freeHold(account))),
      )

      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
      expect(await balance(account)).toBe(500n)
    })

    test('lapses at midnight UTC and is there again, no more than it was', async () => {
      const account = free()
      await bank.hold(freeHold(account))
      clock.advance(nextMidnight(clock.now()) - clock.now())

      await bank.hold(freeHold(account))

      expect(await balance(account)).toBe(199_000n)
      expect(await bank.money.walletOf(db.rows, customer(), account)).toMatchObject({
        freeLeft: 199_000n,
        freeJobsLeft: 19,
      })
    })

    test('is granted to nobody while the Stars that cannot be withdrawn yet stop it; what was granted or bought is served', async () => {
      let isGranting = true
      const own = await openTestMoney({
        db,
        clock,
        allowance: { ...standardAllowance, isGranting: () => isGranting },
      })
      const [early, late, payer] = [free(), free(), customer()]
      await own.hold(freeHold(early))
      isGranting = false

      expect(await own.hold(freeHold(early))).toMatchObject({ isFree: true })
      await expect(own.hold(freeHold(late))).rejects.toMatchObject({ code: 'quota.spent' })
      expect(await own.money.walletOf(db.rows, payer, late)).toMatchObject({
        freeLeft: 0n,
        freeJobsLeft: 0,
      })
      await own.fund(payer, 1000n)
      expect(await own.hold(freeHold(late, payer))).toMatchObject({ isFree: false })
      isGranting = true
      expect(await own.hold(freeHold(late))).toMatchObject({ isFree: true })
    })

    test('is granted to all together within the limit of an hour, and renews with the next', async () => {
      clock.advance(nextMidnight(clock.now()) - clock.now())
      const own = await openTestMoney({
        db,
        clock,
        allowance: { ...standardAllowance, hourUstar: 400_000n },
      })

      const ends = await Promise.allSettled(
        Array.from({ length: 5 }, () => own.hold(freeHold(free()))),
      )

      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
      expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'quota.spent', details: { renewsAtMs: clock.now() + 3_600_000 } },
      })
      clock.advance(3_600_000)
      expect(await own.hold(freeHold(free()))).toMatchObject({ isFree: true })
    })
  })

  describe('the database itself', () => {
    const raw = (sql: string) => db.rows.$executeRawUnsafe(sql)
    const refused = { name: 'PrismaClientKnownRequestError' }

    test('refuses postings that do not balance', async () => {
      await expect(
        raw(
          `WITH t AS (INSERT INTO ledger_tx (reason, ref, at) VALUES ('raw', '1', now()) RETURNING id)
           INSERT INTO postings SELECT id, 1, 'revenue', 'nano', 5 FROM t`,
        ),
      ).rejects.toMatchObject(refused)
      expect(await db.rows.ledgerTx.count({ where: { reason: 'raw' } })).toBe(0)
    })

    test('refuses two assets that balance only together', async () => {
      await expect(
        raw(
          `WITH t AS (INSERT INTO ledger_tx (reason, ref, at) VALUES ('raw', '2', now()) RETURNING id)
           INSERT INTO postings SELECT id, 1, 'revenue', 'nano'::asset, 5 FROM t UNION ALL SELECT id, 2, 'cost', 'ustar', -5 FROM t`,
        ),
      ).rejects.toMatchObject(refused)
    })

    test.each([
      `UPDATE postings SET amount = amount + 1`,
      `DELETE FROM postings`,
      `DELETE FROM ledger_tx`,
      `UPDATE price_tables SET version = 9`,
      `INSERT INTO postings VALUES (999999999, 1, 'revenue', 'nano', 5), (999999999, 2, 'cost', 'nano', -5)`,
      `UPDATE accounts SET balance = -1`,
    ])('refuses "%s"', async (sql) => {
      await expect(raw(sql)).rejects.toMatchObject(refused)
    })

    test('keeps balances by raw postings too', async () => {
      const account = customer()
      await raw(
        `WITH t AS (INSERT INTO ledger_tx (reason, ref, at) VALUES ('raw', '${account}', now()) RETURNING id)
         INSERT INTO postings SELECT id, 1, '${account}', 'ustar'::asset, 5 FROM t UNION ALL SELECT id, 2, 'stars', 'ustar', -5 FROM t`,
      )

      expect(await balance(account)).toBe(5n)
    })
  })

  test('a posting with a known reference is written once; one that overdraws is refused with need and have', async () => {
    const account = customer()
    const entry = (amount: bigint, ref: string) => ({
      reason: 'test',
      ref,
      atMs: clock.now(),
      postings: [
        { account: 'stars', asset: 'ustar' as const, amount: -amount },
        { account, asset: 'ustar' as const, amount },
      ],
    })

    expect(await db.transaction((tx) => post(tx, entry(5n, `${account} a`)))).toBeTypeOf('bigint')
    expect(await db.transaction((tx) => post(tx, entry(5n, `${account} a`)))).toBeUndefined()
    await expect(
      db.transaction((tx) => post(tx, entry(-6n, `${account} b`))),
    ).rejects.toMatchObject({ code: 'funds.insufficient', details: { need: '6', have: '5' } })
  })

  // PGlite has one connection: there is nobody to wait for.
  test('two transactions that wait for each other are both done in the end', async () => {
    if (db.kind === 'pglite') return
    const [a, b] = [customer(), customer()]
    await bank.fund(a, 1n)
    await bank.fund(b, 1n)
    const both = Promise.withResolvers<void>()
    let locked = 0
    const lockBoth = (first: string, second: string): Promise<void> =>
      db.transaction(async (tx) => {
        await lockedBalance(tx, first, 'ustar')
        locked++
        if (locked === 2) both.resolve()
        await both.promise
        await lockedBalance(tx, second, 'ustar')
      })

    await Promise.all([lockBoth(a, b), lockBoth(b, a)])

    expect(locked).toBe(3)
  })

  test('pay that a backup lost is booked once, between receipts; a jump that nobody booked is named', async () => {
    const account = customer()
    await bank.fund(account, 5000n)
    const payee = digest()
    const work = async (): Promise<void> => {
      const { job } = holdOf()
      await bank.hold(holdOf({ job, payer: { account, asset: 'ustar' } }))
      await bank.capture(captureOf(job, { payee }))
    }
    const lost = { vault: 'd'.repeat(64), payee, missingNano: 50n, signedNano: 770n, atMs: 0 }

    await work()
    const booked = [
      await db.transaction((tx) => bookCorrection(tx, lost)),
      await db.transaction((tx) => bookCorrection(tx, lost)),
    ]
    await work()

    expect(booked).toEqual([true, false])
    expect(await payeeTotals(db.rows, payee)).toMatchObject({ earnedNano: 2n * 720n + 50n })
    expect(await balanceOf(db.rows, `payee:${payee}`, 'nano')).toBe(2n * 720n + 50n)
    expect(await checkLedger(db, clock)).toEqual({ ok: true, broken: [] })
    const [row] = await db.rows.payCorrection.findMany({ where: { payee } })
    await db.rows.payCorrection.deleteMany({ where: { payee } })
    expect((await checkLedger(db, clock)).broken.map(({ invariant }) => invariant)).toEqual([
      'payee.earned-is-receipts',
      'receipt.totals-without-gaps',
      'pay.is-cost',
    ])
    await db.rows.payCorrection.createMany({ data: row ? [row] : [] })
  })

  test('the books are whole after all this; a payout is booked once; a crooked row is named', async () => {
    const paid = { vault: 'd'.repeat(64), lt: 7n, payee: testPayee, amountNano: 300n, atMs: 0 }
    const before = await payeeTotals(db.rows, testPayee)

    expect(await checkLedger(db, clock)).toEqual({ ok: true, broken: [] })
    expect(await db.transaction((tx) => bookPayout(tx, paid))).toBe(true)
    expect(await db.transaction((tx) => bookPayout(tx, paid))).toBe(false)
    expect(await payeeTotals(db.rows, testPayee)).toMatchObject({ paidNano: 300n })
    expect((await owed(db.rows)).some(({ payee }) => payee === testPayee)).toBe(
      (before?.earnedNano ?? 0n) > 300n,
    )
    await db.rows.payee.updateMany({ where: { payee: testPayee }, data: { earnedTotal: 1n } })
    const { ok, broken } = await checkLedger(db, clock)
    expect(ok).toBe(false)
    expect(broken.map(({ invariant }) => invariant)).toEqual(
      expect.arrayContaining([
        'payee.earned-is-receipts',
        'payee.unpaid-is-account',
        'payout.is-booked',
      ]),
    )
  })
})
