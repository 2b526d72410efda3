/** Desk, gateways and workers with a ledger behind them: what workers are told they earned, and what they do about it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { parseCoin } from '../../../src/core/coin.ts'
import type { PayNote } from '../../../src/core/voucher.ts'
import { cellSigner } from '../../../src/payments/contracts/sign.ts'
import { bookPayout, payeeTotals } from '../../../src/payments/ledger/payee-store.ts'
import { differs } from '../../../src/payments/prices/rates.ts'
import { noteOf, payIn } from '../../../src/payments/vouchers/pay-note.ts'
import { checkVoucher, signVoucher } from '../../../src/payments/vouchers/voucher.ts'
import { higherVouchers } from '../../../src/payments/vouchers/voucher-store.ts'
import { createVouchers, type Vouchers } from '../../../src/payments/vouchers/vouchers.ts'
import { payeeOf } from '../../../src/payments/wallets/address.ts'
import { createEarnings } from '../../../src/workers/earnings.ts'
import { earningsInMemory } from '../../../src/workers/earnings-file.ts'
import { openTestMoney, type TestMoney, tokens } from '../../support/ledger.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { quietLog } from '../../support/quiet-log.ts'
import { until } from '../../support/until.ts'

const key = cellSigner(new Uint8Array(32).fill(7))
const globalId = -217
const vault = `0:${'ab'.repeat(32)}`
const payee = 'cd'.repeat(32)
const payout = `0:${payee}`
/** 90 a job and 9 a token, of the 7 in and 3 out that a test worker states. */
const pay = 90n + 9n * 10n

let world: World
let front: TestFront
let bank: TestMoney
let vouchers: Vouchers
let rollbacks = 0
/** What the gateways do with a note before they send it. */
let bend: (note: PayNote) => PayNote = (note) => note
/** Runs when a total is about to be signed, after it is committed. */
let beforeSigning: ((totalNano: bigint) => void) | undefined
let jobs = 0

beforeAll(async () => {
  world = await openWorld({
    payout,
    openMoney: async (db) => {
      bank = await openTestMoney({ db, clock: systemClock })
      vouchers = createVouchers({
        db,
        key,
        vault: () => ({ globalId, address: vault, keyEpoch: 1, freeNano: parseCoin('100') }),
        onRollback: async () => {
          rollbacks++
        },
        clock: systemClock,
        log: quietLog,
      })
      const sign: Vouchers['sign'] = (terms, total) => {
        beforeSigning?.(total)
        return vouchers.sign(terms, total)
      }
      return {
        money: bank.money,
        pay: { payeeOf, counterOf: async () => undefined },
        earnings: {
          vouchers: { ...vouchers, sign },
          noteOf: (captured) => bend(noteOf(captured)),
          everyMs: 50,
        },
      }
    },
  })
  front = await world.openFront()
  await bank.fund('customer:v', 1_000_000_000n)
}, 120_000)
afterAll(() => world?.close())

function purse(creditNano = parseCoin('5')) {
  const file = earningsInMemory()
  const earnings = createEarnings({
    file,
    check: checkVoucher,
    payIn,
    differs,
    creditNano,
    clock: systemClock,
    log: quietLog,
  })
  return { earnings, file }
}

const submit = async (text: string): Promise<string> => {
  const { job } = await front.desk.submit(
    request(text, {
      requestKey: `voucher-${jobs}`,
      owner: `owner-${jobs++}`,
      paid: { payer: { account: 'customer:v', asset: 'ustar' }, bound: tokens(50, 40) },
    }),
  )
  return job
}
const answered = (job: string) => until(`answer of ${job}`, () => front.of(job))
const earnedNano = async (): Promise<bigint> =>
  (await payeeTotals(world.db.rows, payee))?.earnedNano ?? 0n

describe('a worker', () => {
  test('gets with each answer a voucher for all that its owner has earned', async () => {
    const gateway = await world.openGateway()
    const { earnings, file } = purse()
    const worker = world.openWorker(gateway.url, { earnings })
    const before = await earnedNano()

    for (const text of ['one', 'two', 'three']) await answered(await submit(text))
    await until('three pays', () => (file.read().jobs === 3 ? true : undefined))

    expect(await earnedNano()).toBe(before + 3n * pay)
    expect(earnings.newest()).toMatchObject({ net: globalId, vault, payee, epoch: 1 })
    expect(earnings.newest()?.total).toBe((before + 3n * pay).toString())
    expect(earnings.stopped()).toBeUndefined()
    await worker.stop()
    await gateway.stop()
  })

  test('may share its owner with another at another gateway; both end at the same total', async () => {
    const [one, two] = [await world.openGateway(), await world.openGateway()]
    const [a, b] = [purse(), purse()]
    const workers = [
      world.openWorker(one.url, { earnings: a.earnings, slots: 4 }),
      world.openWorker(two.url, { earnings: b.earnings, slots: 4 }),
    ]
    const before = await earnedNano()

    const sent = await Promise.all(Array.from({ length: 24 }, (_, n) => submit(`shared ${n}`)))
    for (const job of sent) await answered(job)
    const after = before + 24n * pay
    await until('all pays', () =>
      a.file.read().jobs + b.file.read().jobs === 24 ? true : undefined,
    )

    expect(await earnedNano()).toBe(after)
    expect(a.earnings.stopped()).toBeUndefined()
    expect(b.earnings.stopped()).toBeUndefined()
    const highest = [a, b].map(({ earnings }) => BigInt(earnings.newest()?.total ?? 0))
    expect(highest).toContain(after)
    for (const worker of workers) await worker.stop()
    await one.stop()
    await two.stop()
  })

  test('whose gateway dies after the commit and before the answer has the newest voucher at its next contact, and is told what the job earned', async () => {
    const first = await world.openGateway()
    const { earnings, file } = purse()
    const dying = Promise.withResolvers<void>()
    const before = await earnedNano()
    beforeSigning = (totalNano) => {
      if (totalNano === before) return
      dying.resolve()
      throw new Error('killed')
    }
    const worker = world.openWorker(first.url, { earnings })
    const job = await submit('unanswered')
    await dying.promise
    const { jobs: toldBefore } = file.read()
    expect(await earnedNano()).toBe(before + pay)
    expect(BigInt(earnings.newest()?.total ?? 0)).toBeLessThan(before + pay)
    await first.stop()
    beforeSigning = undefined

    const second = await world.openGateway(first.port)
    const newest = (before + pay).toString()
    await until('the newest voucher', () =>
      earnings.newest()?.total === newest ? true : undefined,
    )

    await until('the pay', () => (file.read().jobs > toldBefore ? true : undefined))
    await answered(await submit('as before'))
    await until('the next pay', () => (file.read().jobs > toldBefore + 1 ? true : undefined))

    expect(earnings.stopped()).toBeUndefined()
    expect(file.read().voucher?.total).toBe((before + 2n * pay).toString())
    expect(file.read().jobs).toBe(toldBefore + 2)
    const captures = await world.db.rows.payReceipt.count({ where: { job } })
    expect([captures, await earnedNano()]).toEqual([1, before + 2n * pay])
    expect(world.lines.filter((line) => line.includes('attempt.refused'))).toEqual([])
    await worker.stop()
    await second.stop()
  })

  test('that is paid less than its count takes no more jobs, and another one gets them', async () => {
    const gateway = await world.openGateway()
    const cheated = purse()
    bend = (note) => ({ ...note, amount: (BigInt(note.amount) - 1n).toString() })
    const worker = world.openWorker(gateway.url, { earnings: cheated.earnings })
    const first = await submit('cheated')
    await answered(first)
    await until('the stop', () => cheated.earnings.stopped())
    bend = (note) => note

    const honest = world.openWorker(gateway.url, { earnings: purse().earnings })
    const second = await submit('honest')
    await answered(second)

    expect(cheated.earnings.stopped()).toMatchObject({ code: 'pay', detail: 'amount', job: first })
    expect(worker.started.map(({ job }) => job)).toEqual([first])
    expect(honest.started.map(({ job }) => job)).toEqual([second])
    await worker.stop()
    await honest.stop()
    await gateway.stop()
  })

  test('stops when enough is owed, and goes on when a payout was seen', async () => {
    const gateway = await world.openGateway()
    const before = await earnedNano()
    const { earnings, file } = purse(before + pay - 1n)
    const worker = world.openWorker(gateway.url, { earnings })
    await answered(await submit('on credit'))
    await until('the stop', () => (earnings.stopped()?.code === 'credit' ? true : undefined))
    const second = await submit('after the payout')

    await world.db.transaction((tx) =>
      bookPayout(tx, { vault: vault.slice(2), lt: 7n, payee, amountNano: before, atMs: 1 }),
    )
    await answered(second)

    expect(file.read().paidNano).toBe(before)
    await worker.stop()
    await gateway.stop()
  })

  test('that shows a voucher above the database halts settlement, and the total is kept', async () => {
    const gateway = await world.openGateway()
    const { earnings } = purse()
    const total = (await earnedNano()) + 1000n
    const lost = signVoucher(key, { net: globalId, vault, payee, totalNano: total, epoch: 1 })
    earnings.pin({ net: globalId, vault, payee, epoch: 1, key: key.publicKey.toString('hex') })
    earnings.told({ type: 'earnings', voucher: lost })
    const worker = world.openWorker(gateway.url, { earnings })

    await until('the halt', () => (rollbacks > 0 ? true : undefined))

    expect(await higherVouchers(world.db.rows)).toMatchObject([{ payee, totalNano: total }])
    await worker.stop()
    await gateway.stop()
  })

  test('that shows a voucher of another key changes nothing', async () => {
    const known = rollbacks
    const forged = signVoucher(cellSigner(new Uint8Array(32).fill(8)), {
      net: globalId,
      vault,
      payee,
      totalNano: parseCoin('1000'),
      epoch: 1,
    })

    await vouchers.shown(forged)

    expect(rollbacks).toBe(known)
  })
})
