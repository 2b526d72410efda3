import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { isJobId, isKid, parseId } from '../../../src/core/ids.ts'
import type { Database } from '../../../src/db/database.ts'
import { checkLedger } from '../../../src/payments/ledger/check.ts'
import { cachedBalance } from '../../../src/payments/ledger/ledger-store.ts'
import { payeeTotals } from '../../../src/payments/ledger/payee-store.ts'
import type { JobRequest } from '../../../src/queue/desk-port.ts'
import { createSweepStore } from '../../../src/queue/desk-store.ts'
import { createLeaseStore } from '../../../src/queue/lease-store.ts'
import { openTestMoney, type TestMoney, testPayee, tokens } from '../../support/ledger.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { until } from '../../support/until.ts'

let world: World
let front: TestFront
let bank: TestMoney
let names = 0

/** A count that nobody else has: four letters a token. */
const count = (text: string): number => Math.ceil(text.length / 4)

beforeAll(async () => {
  world = await openWorld({
    openMoney: async (db) => {
      bank = await openTestMoney({ db, clock: systemClock })
      return {
        money: bank.money,
        pay: { payeeOf: () => testPayee, counterOf: async () => count },
      }
    },
  })
  front = await world.openFront()
}, 120_000)
afterAll(() => world?.close())

/** A customer with 10 000 ustar. */
const funded = async (): Promise<string> => {
  const account = `customer:q${names++}`
  await bank.fund(account, 10_000n)
  return account
}
const paid = (account: string, bound = tokens(50, 40)): Pick<JobRequest, 'paid'> => ({
  paid: { payer: { account, asset: 'ustar' }, bound },
})
const balance = (account: string) => cachedBalance(world.db.rows, account, 'ustar')
const heldFor = (account: string) => balance(`held:${account}`)
const stateOf = async (job: string) =>
  (await world.db.rows.hold.findUnique({ where: { job }, select: { state: true } }))?.state

test('without money nothing is taken in: no row, no place, no hold', async () => {
  const poor = 'customer:poor'

  await expect(
    front.desk.submit(request('too dear', { requestKey: 'poor', ...paid(poor) })),
  ).rejects.toMatchObject({ code: 'funds.insufficient' })
  expect(await world.db.rows.job.count()).toBe(0)
  // Bought for some Stars, the very same request is taken.
  await bank.fund(poor, 1000n)
  const { job, isNew } = await front.desk.submit(
    request('too dear', { requestKey: 'poor', ...paid(poor) }),
  )
  expect(isNew).toBe(true)
  expect(await heldFor(poor)).toBe(1000n)
  expect(await front.desk.cancel(job)).toBe(true)
})

test('the same request twice is held for once', async () => {
  const account = await funded()
  const twice = () => request('twice', { requestKey: account, ...paid(account) })

  const [one, other] = await Promise.all([front.desk.submit(twice()), front.desk.submit(twice())])

  expect(one.job).toBe(other.job)
  expect(await heldFor(account)).toBe(1000n)
  await front.desk.cancel(one.job)
})

test('a job that is cancelled, fails, expires or is given up costs nothing', async () => {
  const account = await funded()
  const sweeps = createSweepStore(world.db, bank.money)
  const leases = createLeaseStore(world.db, bank.money)
  const submit = async (more: Partial<JobRequest> = {}) =>
    (
      await front.desk.submit(
        request('never answered', { ...paid(account), ...more, owner: account + String(names++) }),
      )
    ).job
  const [cancelled, failed, givenUp] = [await submit(), await submit(), await submit()]
  const expired = await submit({ deadlineMs: 60_000 })
  expect(await heldFor(account)).toBe(4000n)

  await front.desk.cancel(cancelled)
  await sweeps.fail(failed, 'stores.lost', systemClock.now())
  await leases.giveUp(givenUp, systemClock.now())
  await sweeps.expire(systemClock.now() + 60_000)

  expect(await heldFor(account)).toBe(0n)
  expect(await balance(account)).toBe(10_000n)
  for (const job of [cancelled, failed, givenUp, expired])
    expect(await stateOf(job)).toBe('released')
})

test('an answer is charged and paid by the gateway’s count, in at most four commits, and says its price', async () => {
  const gateway = await world.openGateway()
  const { url } = gateway
  const worker = world.openWorker(url, {
    outcome: ({ text }) => (text === 'known' ? 'unchanged' : 'ok'),
  })
  const before = await funded()
  // The first job finds the vocabulary and the pool: what they write is not the job's.
  const first = await front.desk.submit(request('first', paid(before)))
  await marked(first.job)
  const account = await funded()
  const written = await transactions(world.db)
  const earned = (await payeeTotals(world.db.rows, testPayee))?.earnedNano ?? 0n

  const text = 'sixteen letters.'
  const { job } = await front.desk.submit(request(text, paid(account)))
  const { finished } = await until('the answer', () => front.of(job))
  await marked(job)

  expect((await transactions(world.db)) - written - 1).toBeLessThanOrEqual(4)
  // 4 + 4 tokens and the job: 180 of 1000 held; the worker gets 9/10. It had said 7 and 3, so it is looked at.
  expect(finished.price).toEqual({ asset: 'ustar', amount: 180n, isFree: false })
  expect(await balance(account)).toBe(9820n)
  expect(await heldFor(account)).toBe(0n)
  expect((await payeeTotals(world.db.rows, testPayee))?.earnedNano).toBe(earned + 162n)
  expect(await world.db.rows.payReceipt.findUnique({ where: { job } })).toMatchObject({
    isRecounted: true,
    isReviewed: true,
    inTokens: 4n,
    outTokens: 4n,
    saidInTokens: 7n,
  })
  const receipt = await world.db.rows.receipt.findUniqueOrThrow({ where: { job } })
  expect(JSON.parse(Buffer.from(receipt.note ?? []).toString())).toMatchObject({
    recount: 'tokenizer',
    units: { in_tokens: 4, out_tokens: 4 },
  })

  // Nothing was to be done: nobody pays, nobody earns.
  const nothing = await front.desk.submit(request('known', paid(account)))
  const unchanged = await until('the second answer', () => front.of(nothing.job))
  expect(unchanged.finished.price).toEqual({ asset: 'ustar', amount: 0n, isFree: false })
  expect(await balance(account)).toBe(9820n)

  // And one that nobody pays is answered as before.
  const gift = await front.desk.submit(request('a gift'))
  const given = await until('the third answer', () => front.of(gift.job))
  expect(given.finished.price).toBeUndefined()

  // A worker that missed the answer to its result is told the same again, and only for the receipt that was settled.
  const leases = createLeaseStore(world.db, bank.money)
  const toldAgain = async (id: string, change: { digest?: string; attempt?: number } = {}) => {
    const row = await world.db.rows.receipt.findUniqueOrThrow({ where: { job: id } })
    const by = {
      job: parseId(id, isJobId),
      attempt: change.attempt ?? row.attempt,
      kid: parseId(row.kid, isKid),
    }
    return leases.settledAs(by, change.digest ?? row.digest)
  }
  expect(await toldAgain(job)).toMatchObject({
    captured: { isCharged: true, payNano: 162n, earnedTotalNano: earned + 162n },
  })
  expect(await toldAgain(nothing.job)).toMatchObject({
    captured: { isCharged: false, payNano: 0n },
  })
  expect(await toldAgain(gift.job)).toEqual({})
  expect(await toldAgain(job, { digest: 'a'.repeat(64) })).toBeUndefined()
  expect(await toldAgain(job, { attempt: 2 })).toBeUndefined()
  await worker.stop()
  await gateway.stop()
  expect(await checkLedger(world.db, systemClock)).toEqual({ ok: true, broken: [] })
})

test('an answer whose hold was given back is refused and not delivered', async () => {
  const account = await funded()
  const { url } = await world.openGateway()
  world.openWorker(url, {
    answer: async ({ job, text }) => {
      await bank.release(parseId(job, isJobId), 'expired')
      return text
    },
  })

  const { job } = await front.desk.submit(request('late', paid(account)))
  const { finished } = await until('an end', () => front.of(job))

  expect(finished.state).toBe('failed')
  expect(await balance(account)).toBe(10_000n)
})

/** Delivery's own mark in the row, the last commit of a job. */
const marked = (job: string) =>
  until('delivered', async () => {
    const row = await world.db.rows.job.findUnique({
      where: { id: job },
      select: { deliveredAt: true },
    })
    return row?.deliveredAt ?? undefined
  })

/** Numbers of writing transactions that were given out. */
async function transactions({ rows }: Database): Promise<number> {
  const [row] = await rows.$queryRaw<{ xid: string }[]>`SELECT pg_current_xact_id()::text AS xid`
  return Number(row?.xid)
}
