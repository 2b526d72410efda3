import { beginCell, external, storeMessage } from '@ton/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Saved } from '../../../src/payments/localnet/chain.ts'
import type { Localnet } from '../../../src/payments/localnet/localnet.ts'
import {
  COIN,
  plainClient,
  sendCoins,
  signedTransfer,
  testLocalnet,
  testWallet,
} from '../../support/localnet.ts'
import { TestClock } from '../../support/test-clock.ts'

const alice = testWallet(1)
const bob = testWallet(2)
const from = alice.wallet.address
const to = bob.wallet.address

let net: Localnet
let start: Saved

beforeAll(async () => {
  net = await testLocalnet()
  await net.chain.faucet(from, 10n * COIN)
  await net.chain.mineUntilIdle()
  await sendCoins(net, alice, { to, value: COIN })
  start = await net.chain.save()
})
beforeEach(async () => {
  net.faults.clear()
  await net.chain.restore(start)
})
afterAll(() => net.close())

/** Says when somebody begins to wait. */
class WaitingClock extends TestClock {
  readonly #began = Promise.withResolvers<void>()
  readonly waited = this.#began.promise
  override sleep(ms: number): Promise<void> {
    const slept = super.sleep(ms)
    this.#began.resolve()
    return slept
  }
}

const seqno = () => plainClient(net).open(alice.wallet).getSeqno()
const send = async (nextSeqno: number): Promise<unknown> => {
  const body = signedTransfer(net, alice, nextSeqno)
  const message = external({ to: from, body })
  const boc = beginCell().store(storeMessage(message)).endCell().toBoc()
  return plainClient(net)
    .sendFile(boc)
    .then(() => 'ok')
    .catch((error: { response?: { status: number } }) => error.response?.status)
}
const admin = async (action: string, body: object): Promise<{ status: number; body: unknown }> => {
  const response = await fetch(new URL(`/sim/${action}`, net.url), {
    method: 'POST',
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

describe('each fault of sending', () => {
  test('drop: answered as sent, and never in a block', async () => {
    net.faults.add({ kind: 'drop' })

    expect(await send(1)).toBe('ok')
    await net.chain.mine(5)
    expect(await seqno()).toBe(1)
  })

  test('answer-error: answered as failed, and done all the same', async () => {
    net.faults.add({ kind: 'answer-error' })

    expect(await send(1)).toBe(500)
    await net.chain.mine()
    expect(await seqno()).toBe(2)
  })

  test('late: done that many blocks later and not before', async () => {
    net.faults.add({ kind: 'late', blocks: 3 })

    expect(await send(1)).toBe('ok')
    await net.chain.mine(3)
    expect(await seqno()).toBe(1)
    await net.chain.mine()
    expect(await seqno()).toBe(2)
  })

  test('twice: delivered twice, and the wallet takes it once', async () => {
    net.faults.add({ kind: 'twice' })

    expect(await send(1)).toBe('ok')
    expect(net.chain.waiting).toBe(2)
    await net.chain.mineUntilIdle()
    expect(await seqno()).toBe(2)
  })
})

describe('each fault of answering', () => {
  const balance = () =>
    plainClient(net)
      .getBalance(from)
      .then(() => 'answered')
      .catch((error: { response?: { status: number }; message: string }) =>
        error.response ? error.response.status : error.message,
      )

  test('rate-limit and server-error: the HTTP status, as often as asked for', async () => {
    net.faults.add({ kind: 'rate-limit', count: 2 })
    net.faults.add({ kind: 'server-error', status: 504 })

    const answers = [await balance(), await balance(), await balance(), await balance()]

    expect(answers).toEqual([429, 429, 504, 'answered'])
  })

  test('malformed: status 200 and half a JSON text', async () => {
    net.faults.add({ kind: 'malformed' })

    expect(await balance()).toContain('Received error')
    expect(await balance()).toBe('answered')
  })

  test('slow: no answer before the clock says so', async () => {
    const clock = new WaitingClock()
    const slow = await testLocalnet({ clock })
    slow.faults.add({ kind: 'slow', ms: 5000 })
    const asked = plainClient(slow).getMasterchainInfo()
    const first = await Promise.race([clock.waited.then(() => 'waits'), asked.then(() => 'done')])
    clock.advance(5000)

    expect(first).toBe('waits')
    expect((await asked).latestSeqno).toBe(1)
    await slow.close()
  })

  test('stale: reads of a node that is that many blocks behind, of state, history, getters and head alike', async () => {
    const client = plainClient(net)
    await send(1)
    await net.chain.mine()
    await net.chain.mine(2)
    // The wallet's own reading of its number takes two calls.
    net.faults.add({ kind: 'stale', blocks: 3, count: 5 })

    const wasSeqno = await seqno()
    const [tx] = await client.getTransactions(from, { limit: 1 })
    const state = await client.getContractState(from)
    const head = await client.getMasterchainInfo()
    const now = await client.getMasterchainInfo()

    expect([wasSeqno, await seqno()]).toEqual([1, 2])
    expect(tx?.lt.toString()).toBe(state.lastTransaction?.lt)
    expect(tx?.lt).toBeLessThan((await client.getTransactions(from, { limit: 1 }))[0]?.lt ?? 0n)
    expect(now.latestSeqno - head.latestSeqno).toBe(3)
  })
})

describe('faults meet whom they are for', () => {
  test('a method, an account, and only after so many that pass', async () => {
    const client = plainClient(net)
    net.faults.add({ kind: 'rate-limit', method: 'runGetMethod', skip: 1 })
    net.faults.add({ kind: 'server-error', account: to.toRawString() })

    await client.getBalance(from)
    expect(await seqno()).toBe(1)
    await expect(seqno()).rejects.toThrow('429')
    await expect(client.getBalance(to)).rejects.toThrow('503')
    expect(net.faults.list()).toEqual([])
  })
})

describe('what only the owner of the network can do', () => {
  test('coins, blocks, time, prices, faults, and going back', async () => {
    const client = plainClient(net)
    const { body } = await admin('snapshot', {})
    const before = net.chain.head()
    await admin('faucet', { address: to.toString(), nano: '7000000000' })
    const rich = await client.getBalance(to)
    await admin('block', { count: 3 })
    await admin('clock', { advanceMs: 86_400_000 })
    const after = net.chain.head()
    await admin('fees', { table: 'pre-april-2026' })
    const dear = net.chain.config
    await admin('faults', { kind: 'drop', count: 2 })
    const waiting = net.faults.list()
    await admin('faults/clear', {})
    await admin('restore', { id: (body as { id: string }).id })

    expect(rich).toBe(8n * COIN)
    expect(after.ms - before.ms).toBe(86_400_000 + 4 * 400)
    expect(waiting).toMatchObject([{ kind: 'drop', count: 2 }])
    expect(net.faults.list()).toEqual([])
    expect(dear).not.toBe(net.chain.config)
    expect(net.chain.head()).toEqual(before)
    expect(await client.getBalance(to)).toBe(COIN)
  })

  test('what does not read is refused, and nothing happens', async () => {
    const before = net.chain.head()

    expect((await admin('faucet', { address: 'nobody', nano: '1' })).status).toBe(422)
    expect((await admin('faucet', { address: to.toString(), nano: '-1' })).status).toBe(422)
    expect((await admin('faults', { kind: 'unheard-of' })).status).toBe(422)
    expect((await admin('restore', { id: 'none' })).status).toBe(422)
    expect((await admin('nothing', {})).status).toBe(404)
    expect((await fetch(new URL('/sim/faucet', net.url))).status).toBe(405)
    expect(net.chain.head()).toEqual(before)
  })

  test('a page of another site reaches nothing', async () => {
    const response = await fetch(new URL('/sim/block', net.url), {
      method: 'POST',
      headers: { origin: 'https://example.org' },
      body: JSON.stringify({ count: 1 }),
    })

    expect(response.status).toBe(403)
  })

  test.each(['mainnet', 'testnet'] as const)('it does not start for %s', async (where) => {
    await expect(testLocalnet({ net: where })).rejects.toMatchObject({ code: 'localnet.forbidden' })
  })
})
