/** Linking and changing a payout address on a real database, the clock in the test's hands. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../../src/db/database.ts'
import {
  createLinking,
  createPayouts,
  type Linking,
  type Payouts,
} from '../../../src/payments/wallets/wallets.ts'
import { openTestDatabase } from '../../support/stores.ts'
import { TestClock } from '../../support/test-clock.ts'
import { type TestWallet, testWallet, walletProof } from '../../support/wallet.ts'

let db: Database
beforeAll(async () => {
  db = await openTestDatabase()
}, 180_000)
afterAll(() => db.close(), 60_000)

const startMs = 1_795_000_000_000
const minute = 60_000
const hour = 60 * minute
const first = testWallet('v4r2', 11)
const second = testWallet('v5r1', 12)
let clock: TestClock
let wallets: Payouts & Linking

beforeEach(async () => {
  const { owner, payoutChange, walletTicket, walletNonce, ownerNotice, joinToken } = db.rows
  for (const table of [owner, payoutChange, walletTicket, walletNonce, ownerNotice, joinToken])
    await (table.deleteMany as () => Promise<unknown>)()
  clock = new TestClock(startMs)
  const linking = createLinking({
    db,
    domain: 'gpu.example.org',
    network: '-217',
    own: () => new Set(),
    keyOnChain: async () => undefined,
    clock,
  })
  wallets = { ...createPayouts({ db, clock }), ...linking }
})

const signed = (wallet: TestWallet, payload: string, timestamp = clock.now() / 1000) =>
  walletProof({ wallet, timestamp: Math.floor(timestamp), payload })

/** Opens the page for an owner and signs what it offers. */
async function link(owner: string, wallet: TestWallet) {
  const ticket = await wallets.ticket(owner)
  const { nonce } = await wallets.offer(ticket)
  return wallets.link(ticket, signed(wallet, nonce))
}

const notices = async () =>
  (await db.rows.ownerNotice.findMany({ orderBy: { id: 'asc' } })).map(({ kind }) => kind)

async function changed(owner: string) {
  await link(owner, first)
  await link(owner, second)
  const { change } = await wallets.payoutOf(owner)
  if (!change) throw new Error('no change is open')
  return change
}

test('the first proof links at once, and the owner’s tokens pay there', async () => {
  const data = { hash: 'aa'.repeat(32), owner: 'tg-1', createdAt: new Date(startMs) }
  await db.rows.joinToken.create({ data })

  const outcome = await link('tg-1', first)

  expect(outcome).toEqual({ state: 'linked', address: first.address })
  expect(await wallets.payoutOf('tg-1')).toEqual({ payout: first.address, isProven: true })
  expect(await db.rows.joinToken.findFirst()).toMatchObject({ payout: first.address })
  expect(await notices()).toEqual(['linked'])
  expect(await link('tg-1', first)).toMatchObject({ state: 'same' })
})

test('a nonce is taken once, in all processes together', async () => {
  const ticket = await wallets.ticket('tg-1')
  const { nonce } = await wallets.offer(ticket)
  const proof = signed(first, nonce)

  const tries = await Promise.allSettled([1, 2, 3, 4].map(() => wallets.link(ticket, proof)))

  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const reasons = tries.flatMap((it) => (it.status === 'rejected' ? [String(it.reason)] : []))
  expect(new Set(reasons)).toEqual(new Set(['AppError: wallet.proof.nonce-used']))
})

test('a nonce that is unknown, another person’s or too old is refused by its own name', async () => {
  const ticket = await wallets.ticket('tg-1')
  const foreign = await wallets.offer(await wallets.ticket('tg-2'))
  const { nonce } = await wallets.offer(ticket)

  await expect(wallets.link(ticket, signed(first, 'ab'.repeat(32)))).rejects.toThrow(
    'wallet.proof.nonce-unknown',
  )
  await expect(wallets.link(ticket, signed(first, foreign.nonce))).rejects.toThrow(
    'wallet.proof.nonce-foreign',
  )
  clock.advance(5 * minute)
  await expect(wallets.link(ticket, signed(first, nonce))).rejects.toThrow(
    'wallet.proof.nonce-expired',
  )
  expect(await wallets.payoutOf('tg-1')).toEqual({ payout: '', isProven: false })
})

test('nobody has signed a nonce before it was given out', async () => {
  const ticket = await wallets.ticket('tg-1')
  const { nonce } = await wallets.offer(ticket)

  const tooEarly = wallets.link(ticket, signed(first, nonce, clock.now() / 1000 - 90))

  await expect(tooEarly).rejects.toThrow('wallet.proof.timestamp')
})

test('the page opens for ten minutes', async () => {
  const ticket = await wallets.ticket('tg-1')
  clock.advance(10 * minute)

  await expect(wallets.offer(ticket)).rejects.toThrow('wallet.ticket')
  await expect(wallets.offer('nonsense')).rejects.toThrow('wallet.ticket')
})

test('another address waits for a word in the chat and a day', async () => {
  const { id, ...change } = await changed('tg-1')
  expect(change).toEqual({
    owner: 'tg-1',
    from: first.address,
    to: second.address,
    state: 'proven',
  })
  expect(await wallets.sweep()).toBe(0)

  await wallets.confirmChange('tg-1', id)
  clock.advance(22 * hour - 1)
  await wallets.sweep()
  clock.advance(1)
  await wallets.sweep()
  await wallets.sweep()
  clock.advance(2 * hour - 1)
  expect(await wallets.sweep()).toBe(0)
  expect(await wallets.payoutOf('tg-1')).toMatchObject({ payout: first.address })
  clock.advance(1)
  const sweeps = await Promise.all([wallets.sweep(), wallets.sweep()])

  expect(sweeps.reduce((sum, it) => sum + it, 0)).toBe(1)
  expect(await wallets.payoutOf('tg-1')).toEqual({ payout: second.address, isProven: true })
  expect(await notices()).toEqual([
    'linked',
    'change-asked',
    'change-waits',
    'change-soon',
    'changed',
  ])
})

test('a change can be cancelled until it counts, by its owner alone', async () => {
  const { id } = await changed('tg-1')
  await wallets.confirmChange('tg-1', id)
  clock.advance(24 * hour - 1)

  await expect(wallets.cancelChange('tg-2', id)).rejects.toThrow('wallet.change-unknown')
  await wallets.cancelChange('tg-1', id)
  clock.advance(hour)

  expect(await wallets.sweep()).toBe(0)
  expect(await wallets.payoutOf('tg-1')).toEqual({ payout: first.address, isProven: true })
  await expect(wallets.cancelChange('tg-1', id)).rejects.toThrow('wallet.change-unknown')
  await expect(wallets.confirmChange('tg-1', id)).rejects.toThrow('wallet.change-unknown')
})

test('one change at a time: a waiting one stands, an unconfirmed one gives way or lapses', async () => {
  const { id } = await changed('tg-1')
  const third = testWallet('v3r2', 13)
  expect(await link('tg-1', third)).toMatchObject({ state: 'asked' })
  const { change } = await wallets.payoutOf('tg-1')
  expect(change?.to).toBe(third.address)
  await expect(wallets.confirmChange('tg-1', id)).rejects.toThrow('wallet.change-unknown')

  await wallets.confirmChange('tg-1', change?.id ?? '')
  await expect(link('tg-1', second)).rejects.toThrow('wallet.change-open')
  await wallets.cancelChange('tg-1', change?.id ?? '')
  await link('tg-1', second)
  clock.advance(hour)
  await wallets.sweep()

  expect(await wallets.payoutOf('tg-1')).toEqual({ payout: first.address, isProven: true })
})

test('an address that the installation made gives way to the first one that is proven', async () => {
  expect(await wallets.linkLocal('installation', second.address)).toBe(true)
  expect(await wallets.payoutOf('installation')).toEqual({
    payout: second.address,
    isProven: false,
  })

  expect(await link('installation', first)).toMatchObject({ state: 'linked' })

  expect(await wallets.linkLocal('installation', second.address)).toBe(false)
  expect(await wallets.payoutOf('installation')).toEqual({ payout: first.address, isProven: true })
})
