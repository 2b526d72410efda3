import { type Cell, internal } from '@ton/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { statementPorts } from '../../../src/cli/statement-ports.ts'
import { createLog } from '../../../src/core/log.ts'
import type { Database } from '../../../src/db/database.ts'
import { voucherCell } from '../../../src/payments/contracts/cells.ts'
import { payeeAddress } from '../../../src/payments/contracts/vault-config.ts'
import {
  claimBody,
  executeBody,
  requestKeyBody,
} from '../../../src/payments/contracts/vault-messages.ts'
import { checkLedger } from '../../../src/payments/ledger/check.ts'
import type { Localnet } from '../../../src/payments/localnet/localnet.ts'
import { createBatchStore } from '../../../src/payments/settlement/batch-store.ts'
import type { LostPay } from '../../../src/payments/settlement/lost-pay.ts'
import { openSettlement } from '../../../src/payments/settlement/open-settlement.ts'
import { sendFrom, throwIfRefused } from '../../../src/payments/settlement/send.ts'
import { watchVault } from '../../../src/payments/settlement/vault-facts.ts'
import { lookAtVault } from '../../../src/payments/settlement/vault-sight.ts'
import { checkStatement } from '../../../src/payments/statements/check-statement.ts'
import { makeStatement } from '../../../src/payments/statements/make-statement.ts'
import { readStatement } from '../../../src/payments/statements/statement.ts'
import { signVoucher } from '../../../src/payments/vouchers/voucher.ts'
import { createVouchers } from '../../../src/payments/vouchers/vouchers.ts'
import { captureOf, holdOf, openTestMoney } from '../../support/ledger.ts'
import { COIN, testLocalnet } from '../../support/localnet.ts'
import { quietLog } from '../../support/quiet-log.ts'
import {
  blockClock,
  earnFor,
  openVaultWorld,
  payeeOf,
  settlementKey,
  type VaultWorld,
} from '../../support/settlement.ts'
import { openTestDatabase } from '../../support/stores.ts'

const signal = new AbortController().signal
let localnet: Localnet
let db: Database
let world: VaultWorld

beforeEach(async () => {
  localnet = await testLocalnet()
  db = await openTestDatabase()
  world = await openVaultWorld(localnet)
  return async () => {
    await db.close()
    await localnet.close()
  }
})

const open = (part: Partial<Parameters<typeof openSettlement>[0]> = {}) =>
  openSettlement({
    db,
    ...world,
    net: localnet.globalId,
    key: settlementKey,
    clock: blockClock(localnet),
    log: quietLog,
    ...part,
  })
const paidTo = async (payee: string): Promise<bigint> =>
  (await lookAtVault(world.chain, world.vault)).paidTo(payee)

test('110 payees are paid in one batch of two messages, to the nano, and a second settle pays nobody', async () => {
  for (let n = 0; n < 110; n++)
    await earnFor(db, { payee: payeeOf(n), payNano: COIN + BigInt(n), ref: `r${n}` })
  const settlement = open()

  const report = await settlement.settleNow({ isAll: true, signal })
  const again = await settlement.settleNow({ isAll: true, signal })

  expect(report).toMatchObject({ batches: 1, payees: 110, paidNano: String(110n * COIN + 5995n) })
  expect(again).toMatchObject({ batches: 0, payees: 0 })
  expect(await paidTo(payeeOf(109))).toBe(COIN + 109n)
  const rows = await db.rows.payee.findMany()
  expect(rows.every((row) => row.paidTotal === row.earnedTotal)).toBe(true)
})

test('a claim between plan and execution does not fail the batch and is not paid twice', async () => {
  for (const n of [1, 2, 3]) await earnFor(db, { payee: payeeOf(n), payNano: COIN, ref: `r${n}` })
  const settlement = open()
  await settlement.round()
  await claimFor(payeeOf(2), COIN)

  await settlement.settleNow({ isAll: true, signal })

  const rows = await db.rows.payee.findMany({ orderBy: { payee: 'asc' } })
  const batches = await db.rows.batch.findMany()
  expect(batches.map(({ state }) => state)).toEqual(['closed'])
  expect(rows.map(({ paidTotal }) => paidTotal)).toEqual([COIN, COIN, COIN])
  expect((await world.chain.account(payeeAddress(payeeOf(2)))).balanceNano).toBeLessThanOrEqual(
    COIN,
  )
  const claims = await db.rows.payout.findMany({ where: { batch: null } })
  expect(claims.map(({ payee, amountNano }) => ({ payee, amountNano }))).toEqual([
    { payee: payeeOf(2), amountNano: COIN },
  ])
})

test('a number of the wallet that somebody else used stops settlement, until a person has looked', async () => {
  await earnFor(db, { payee: payeeOf(1), payNano: COIN, ref: 'r1' })
  const others = internal({ to: world.owner.address, value: COIN / 10n, bounce: false })
  await sendFrom(world.relayer, [others], {
    chain: world.chain,
    clock: blockClock(localnet),
    signal,
  })
  const settlement = open()

  const refused = await settlement
    .settleNow({ isAll: true, signal })
    .catch((error: unknown) => error)
  const paidWhileHalted = await paidTo(payeeOf(1))
  await settlement.resume()
  const report = await settlement.settleNow({ isAll: true, signal })

  expect(refused).toMatchObject({
    code: 'settlement.halted',
    details: { reason: 'settlement.foreign_use' },
  })
  expect(paidWhileHalted).toBe(0n)
  expect(report.payees).toBe(1)
})

test('a database that lost what the chain paid for sends nothing', async () => {
  await earnFor(db, { payee: payeeOf(1), payNano: 2n * COIN, ref: 'r1' })
  await open().settleNow({ isAll: true, signal })
  const older = await openTestDatabase()
  await earnFor(older, { payee: payeeOf(1), payNano: COIN, ref: 'r1' })
  await earnFor(older, { payee: payeeOf(2), payNano: COIN, ref: 'r2' })

  const refused = await open({ db: older })
    .settleNow({ isAll: true, signal })
    .catch((error: unknown) => error)
  const batches = await older.rows.batch.count()
  await older.close()

  expect(refused).toMatchObject({
    code: 'settlement.halted',
    details: { reason: 'ledger.rollback' },
  })
  expect(batches).toBe(0)
})

test('a vault with too little pays nothing, loses nothing and says so; what is owed is paid when it is funded', async () => {
  const events: string[] = []
  const log = createLog(
    'test',
    (line) => void events.push(line),
    () => 0,
  )
  // Its time of making is part of a vault's address.
  await localnet.chain.advance(2000)
  const poor = await openVaultWorld(localnet, COIN)
  const { balanceNano: before } = await poor.chain.account(poor.vault)
  await earnFor(db, { payee: payeeOf(1), payNano: 5n * COIN, ref: 'r1' })
  const settlement = open({ ...poor, log })

  const first = await settlement.settleNow({ isAll: true, signal })
  const asWell = await settlement.settleNow({ isAll: false, signal })
  const unpaid = await db.rows.payee.findMany()
  const { balanceNano: after } = await poor.chain.account(poor.vault)
  await localnet.chain.faucet(poor.vault, 100n * COIN)
  await localnet.chain.mineUntilIdle()
  const funded = await settlement.settleNow({ isAll: true, signal })

  expect([first, asWell]).toEqual([
    { batches: 0, payees: 0, paidNano: '0', feesNano: '0', why: 'funds' },
    { batches: 0, payees: 0, paidNano: '0', feesNano: '0', why: 'funds' },
  ])
  expect(after).toBe(before)
  expect(unpaid.map(({ earnedTotal, paidTotal }) => [earnedTotal, paidTotal])).toEqual([
    [5n * COIN, 0n],
  ])
  expect(events.filter((line) => line.includes('"vault.underfunded"'))).toHaveLength(1)
  expect(funded).toMatchObject({ batches: 1, payees: 1, paidNano: String(5n * COIN) })
  expect(funded.why).toBeUndefined()
  expect((await lookAtVault(poor.chain, poor.vault)).paidTo(payeeOf(1))).toBe(5n * COIN)
})

test('the epoch of a vault’s key is kept for whoever cannot read the chain, when the key is another one too', async () => {
  const order = async (body: Cell): Promise<void> => {
    const message = internal({ to: world.vault, value: COIN / 10n, bounce: true, body })
    const clock = blockClock(localnet)
    throwIfRefused(await sendFrom(world.owner, [message], { chain: world.chain, clock, signal }))
  }
  const { vaults } = open()
  const id = world.vault.hash.toString('hex')
  const kept: number[] = []
  const facts = watchVault({
    chain: world.chain,
    vault: world.vault,
    globalId: localnet.globalId,
    isNew: true,
    keepEpoch: async (keyEpoch) => {
      kept.push(keyEpoch)
      await vaults.learn(id, { keyEpoch })
    },
  })

  await facts.refresh()
  await facts.refresh()
  const first = await vaults.progress(id)
  await order(requestKeyBody({ key: Buffer.alloc(32, 9), overlap: 8 * 86_400 }))
  await localnet.chain.advance(25 * 3_600_000)
  await order(executeBody({ kind: 'key' }))
  await facts.refresh()

  expect(first).toMatchObject({ keyEpoch: 1 })
  expect(await vaults.progress(id)).toMatchObject({ keyEpoch: 2 })
  expect(kept).toEqual([1, 2])
})

describe('a database that was restored from an older backup', () => {
  const payee = payeeOf(1)
  /** What the payee's worker still has: signed for 2 coins, of which these books know one. */
  const shown = (total = 2n * COIN) =>
    signVoucher(settlementKey, {
      net: localnet.globalId,
      vault: world.vault.toRawString(),
      payee,
      totalNano: total,
      epoch: 1,
    })
  const vouchersFor = (settlement: ReturnType<typeof openSettlement>) =>
    createVouchers({
      db,
      key: settlementKey,
      vault: () => ({
        globalId: localnet.globalId,
        address: world.vault.toRawString(),
        keyEpoch: 1,
      }),
      onRollback: (tx) => settlement.haltIn(tx, 'ledger.rollback'),
      clock: blockClock(localnet),
      log: quietLog,
    })
  const refusalOf = (settlement: ReturnType<typeof openSettlement>) =>
    settlement.settleNow({ isAll: true, signal }).catch((error: unknown) => error)
  const rollback = { code: 'settlement.halted', details: { reason: 'ledger.rollback' } }
  const honoured = (lost: readonly LostPay[]) => ({ how: 'honour', lost }) as const
  const broken = async () =>
    (await checkLedger(db, blockClock(localnet))).broken.map(({ invariant }) => invariant)

  beforeEach(() => earnFor(db, { payee, payNano: COIN, ref: 'r1' }))

  test('pays nothing once a worker showed a higher voucher; honoured, the missing part is booked once and paid', async () => {
    const settlement = open()
    const vouchers = vouchersFor(settlement)
    const soundBut = await broken()
    await vouchers.shown(shown())

    const refused = await refusalOf(settlement)
    const round = await settlement.round()
    const paidWhileHalted = await paidTo(payee)
    const batches = await db.rows.batch.count()
    const lost = await settlement.lost()
    await earnFor(db, { payee, payNano: 5n, ref: 'since' })
    await settlement.resume(honoured(lost))
    await settlement.resume(honoured(lost))
    await vouchers.shown(shown())
    const report = await settlement.settleNow({ isAll: true, signal })

    expect(refused).toMatchObject(rollback)
    expect([round, paidWhileHalted, batches]).toEqual(['halted', 0n, 0])
    expect(lost).toEqual([
      { payee, knownNano: COIN, signedNano: 2n * COIN, missingNano: COIN, by: 'voucher' },
    ])
    expect(report).toMatchObject({ payees: 1, paidNano: String(2n * COIN + 5n) })
    expect(await paidTo(payee)).toBe(2n * COIN + 5n)
    expect(await settlement.status()).not.toHaveProperty('halt')
    expect(await broken()).toEqual(soundBut)
    expect(await db.rows.payCorrection.findMany()).toMatchObject([
      { payee, beforeNano: COIN + 5n, amountNano: COIN },
    ])
  })

  test('a decision is about the totals that were looked at: a higher one, shown meanwhile, halts on', async () => {
    const settlement = open()
    const vouchers = vouchersFor(settlement)
    await vouchers.shown(shown())
    const lost = await settlement.lost()
    await vouchers.shown(shown(3n * COIN))

    const refused = await settlement.resume(honoured(lost)).catch((error: unknown) => error)
    const now = await settlement.lost()

    expect(refused).toMatchObject(rollback)
    expect(now).toMatchObject([{ signedNano: 3n * COIN, missingNano: 2n * COIN }])
    expect((await db.rows.payee.findMany()).map(({ earnedTotal }) => earnedTotal)).toEqual([COIN])
    await expect(refusalOf(settlement)).resolves.toMatchObject(rollback)
  })

  test('dismissed, a voucher of a stolen key books nothing and halts no more; a higher one of it does', async () => {
    const settlement = open()
    const vouchers = vouchersFor(settlement)
    await vouchers.shown(shown())

    await settlement.resume({ how: 'dismiss', lost: await settlement.lost() })
    await vouchers.shown(shown())
    const report = await settlement.settleNow({ isAll: true, signal })
    await vouchers.shown(shown(3n * COIN))

    expect(report).toMatchObject({ payees: 1, paidNano: String(COIN) })
    await expect(refusalOf(settlement)).resolves.toMatchObject(rollback)
  })

  test.each(['sign', 'broadcast'] as const)(
    'that is heard of just before a batch is to %s sends no coin; after the decision all is paid',
    async (step) => {
      const store = createBatchStore(db)
      const settlement = open({
        batches: {
          ...store,
          sign: async (...args) => {
            if (step === 'sign') await vouchers.shown(shown())
            return store.sign(...args)
          },
          broadcast: async (...args) => {
            if (step === 'broadcast') await vouchers.shown(shown())
            return store.broadcast(...args)
          },
        },
      })
      const vouchers = vouchersFor(settlement)

      const refused = await refusalOf(settlement)
      const [batch] = await db.rows.batch.findMany()
      const lost = await settlement.lost()
      await settlement.resume(honoured(lost))
      await settlement.settleNow({ isAll: true, signal })

      expect(refused).toMatchObject(rollback)
      expect(batch?.state).toBe(step === 'sign' ? 'planned' : 'signed')
      expect(lost).toHaveLength(1)
      expect(await paidTo(payee)).toBe(2n * COIN)
    },
  )

  test('and lacks what the vault was told of liabilities, publishes nothing until a person has looked, then goes on from there', async () => {
    const work = async (books: Database, jobs: number): Promise<void> => {
      const bank = await openTestMoney({ db: books, clock: blockClock(localnet) })
      await bank.fund('customer:anna', 10_000n)
      for (let n = 0; n < jobs; n++) {
        const { job } = holdOf()
        await bank.hold(holdOf({ job }))
        await bank.capture(captureOf(job, { payee: payeeOf(2) }))
      }
    }
    const older = await openTestDatabase()
    await work(db, 2)
    await work(older, 1)
    await open().settleNow({ isAll: true, signal })
    const { commit: before } = (await lookAtVault(world.chain, world.vault)).data
    await earnFor(older, { payee, payNano: COIN, ref: 'r1' })
    const settlement = open({ db: older })

    const refused = await refusalOf(settlement)
    const closed = await older.rows.statementEpoch.count()
    await settlement.resume(honoured(await settlement.lost()))
    await settlement.settleNow({ isAll: true, signal })
    const { commit: after } = (await lookAtVault(world.chain, world.vault)).data
    const statement = readStatement(
      await makeStatement(
        {
          db: older,
          net: 'devnet',
          globalId: localnet.globalId,
          vault: world.vault.toRawString(),
          key: settlementKey.publicKey.toString('hex'),
          keyEpoch: 1,
          documentOf: async () => undefined,
          keysetOf: async () => undefined,
          voucherOf: async () => undefined,
        },
        payeeOf(2),
      ),
    )
    const ports = statementPorts(statement, localnet.url)
    const report = await checkStatement(statement, ports)
    const forged = await checkStatement({ ...statement, lost: [] }, ports)
    await older.close()

    expect(refused).toMatchObject(rollback)
    expect(closed).toBe(0)
    expect([before.epoch, after.epoch]).toEqual([1, 2])
    expect(after.total).toBe(before.total)
    expect(report.broken).toBeUndefined()
    expect(report.links.find(({ link }) => link === 'vault-root')).toMatchObject({ state: 'holds' })
    expect(report.facts.lostEpochs).toBe(1)
    expect(forged.broken).toMatchObject({ link: 'roots', at: 'epochs.0.epoch' })
  })

  test('what the vault has paid above it is honoured as well, and cannot be dismissed', async () => {
    await claimFor(payee, 2n * COIN)
    const settlement = open()

    const refused = await refusalOf(settlement)
    const lost = await settlement.lost()
    const dismissed = await settlement
      .resume({ how: 'dismiss', lost })
      .catch((error: unknown) => error)
    await settlement.resume(honoured(lost))
    await earnFor(db, { payee, payNano: COIN, ref: 'r2' })
    const report = await settlement.settleNow({ isAll: true, signal })

    expect([refused, dismissed]).toMatchObject([rollback, rollback])
    expect(lost).toEqual([
      { payee, knownNano: COIN, signedNano: 2n * COIN, missingNano: COIN, by: 'vault' },
    ])
    expect(report).toMatchObject({ payees: 1, paidNano: String(COIN) })
    expect(await paidTo(payee)).toBe(3n * COIN)
  })
})

/** What a worker does with its voucher, sent by a wallet that has nothing to do with us. */
async function claimFor(payee: string, total: bigint): Promise<void> {
  const cell = voucherCell(
    { net: localnet.globalId, vault: world.vault, epoch: 1 },
    { payee, total },
  )
  const body = claimBody({ signature: settlementKey.sign(cell), cell })
  const message = internal({ to: world.vault, value: COIN / 10n, bounce: true, body })
  const arrivals = await sendFrom(world.guardian, [message], {
    chain: world.chain,
    clock: blockClock(localnet),
    signal,
  })
  throwIfRefused(arrivals)
}
