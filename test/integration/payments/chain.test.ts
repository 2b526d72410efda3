import { Address, beginCell, Cell, external, storeMessage } from '@ton/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { forwardFeeNano, gasFeeNano } from '../../../src/payments/chain/fees.ts'
import { normHash } from '../../../src/payments/chain/raw-messages.ts'
import { createTonChain } from '../../../src/payments/chain/ton-client.ts'
import { compareAccount } from '../../../src/payments/chain/witness.ts'
import { FEE_TABLES } from '../../../src/payments/contracts/fee-tables.ts'
import type { Saved } from '../../../src/payments/localnet/chain.ts'
import type { Localnet } from '../../../src/payments/localnet/localnet.ts'
import { HastyClock } from '../../support/hasty-clock.ts'
import {
  COIN,
  sendCoins,
  signedTransfer,
  testLocalnet,
  testWallet,
} from '../../support/localnet.ts'

const alice = testWallet(1)
const bob = testWallet(2)
const from = alice.wallet.address
const to = bob.wallet.address

/** A message to the wallet that sends nothing, as it is put on the wire. */
function emptyTransfer(net: Localnet, seqno: number): Cell {
  const body = signedTransfer(net, alice, seqno)
  return beginCell()
    .store(storeMessage(external({ to: from, body })))
    .endCell()
}

let net: Localnet
/** Sleeps end at once, and how long each would have been is noted. */
let clock: HastyClock
const chainOf = (perSecond?: number) =>
  createTonChain({
    provider: { endpoint: net.url, ...(perSecond !== undefined && { perSecond }) },
    clock,
  })

let start: Saved

beforeAll(async () => {
  net = await testLocalnet()
  await net.chain.faucet(from, 100n * COIN)
  await net.chain.mineUntilIdle()
  await sendCoins(net, alice, { to, value: COIN, comment: 'CHABCDEFGH1' })
  start = await net.chain.save()
})
beforeEach(async () => {
  clock = new HastyClock()
  net.faults.clear()
  await net.chain.restore(start)
})
afterAll(() => net.close())

describe('reading', () => {
  test('the head has the number and the time of the newest block, and moves with the chain', async () => {
    const chain = chainOf()
    const before = await chain.head()
    await net.chain.advance(3_600_000)
    const after = await chain.head()

    expect(before.seqno).toBe(net.chain.head().seqno - 1)
    expect(after.utime - before.utime).toBe(3600)
  })

  test('an account comes with its storage, and one that never was is empty', async () => {
    const chain = chainOf()
    const account = await chain.account(from)
    const nobody = await chain.account(new Address(0, Buffer.alloc(32, 7)))

    expect(account).toMatchObject({ state: 'active' })
    expect(account.code?.hash()).toEqual(alice.wallet.init.code.hash())
    expect(account.data).toBeInstanceOf(Cell)
    expect(account.lastLt).toBe(net.chain.history(from).at(-1)?.lt)
    expect(account.lastHash).toBe(net.chain.history(from).at(-1)?.hash)
    expect(nobody).toMatchObject({ state: 'uninit', balanceNano: 0n, lastLt: 0n, lastHash: '' })
  })

  test('a getter answers, and its refusal is chain.exit with the code', async () => {
    const chain = chainOf()

    const seqno = await chain.get(from, 'seqno')
    const missing = chain.get(from, 'no_such_getter')

    expect(seqno.stack.readNumber()).toBe(1)
    expect(seqno.gasUsed).toBeGreaterThan(0n)
    await expect(missing).rejects.toMatchObject({ code: 'chain.exit', details: { exit: 11 } })
    expect(clock.slept).toEqual([])
  })

  test('a getter is asked again where the provider lags behind the contract, and nobody has getters', async () => {
    const chain = chainOf()
    // Further back than the chain is old: the contract is not there yet.
    net.faults.add({ kind: 'stale', count: 2, blocks: 200 })

    const seqno = await chain.get(from, 'seqno')
    const nobody = chain.get(new Address(0, Buffer.alloc(32, 7)), 'seqno')

    expect(seqno.stack.readNumber()).toBe(1)
    expect(clock.slept).toHaveLength(2)
    await expect(nobody).rejects.toMatchObject({ code: 'chain.unavailable' })
  })

  test('the prices are those of the configuration, and what gas and messages cost follows from them', async () => {
    const chain = chainOf()
    const august = await chain.fees()
    await net.setFees('pre-april-2026')
    const before = await chain.fees()

    expect(august).toEqual(FEE_TABLES['august-2026'])
    expect(before).toEqual(FEE_TABLES['pre-april-2026'])
    expect(gasFeeNano(august, 100n)).toBe(6667n)
    expect(gasFeeNano(august, 10_000n)).toBe(6667n + 660_001n)
    expect(gasFeeNano(before, 10_000n)).toBe(4_000_000n)
    expect(forwardFeeNano(before, { cells: 1n, bits: 100n })).toBe(480_000n)
    expect((await chain.config(19)).beginParse().loadInt(32)).toBe(net.globalId)
  })
})

describe('transactions', () => {
  test('come ascending and complete, each naming the one before, whatever the page', async () => {
    const chain = chainOf()
    for (let sent = 1; sent < 5; sent++) await sendCoins(net, alice, { to, value: COIN / 10n })

    const all = await chain.transactions(from, { afterLt: 0n })
    const [first, second, ...rest] = all
    const two = await chain.transactions(from, { afterLt: first?.lt ?? 0n, limit: 2 })
    const none = await chain.transactions(from, { afterLt: all.at(-1)?.lt ?? 0n })

    expect(all.map(({ lt }) => lt)).toEqual(net.chain.history(from).map(({ lt }) => lt))
    expect(first).toMatchObject({ prevLt: 0n, prevHash: '00'.repeat(32) })
    expect(second).toMatchObject({ prevLt: first?.lt, prevHash: first?.hash, ok: true })
    expect(two.map(({ hash }) => hash)).toEqual([second?.hash, rest[0]?.hash])
    expect(none).toEqual([])
  })

  test('catching up goes by pages of a hundred and asks for the newest ones once', async () => {
    const chain = chainOf()
    for (let sent = 0; sent < 130; sent++) await net.chain.faucet(to, 1000n)
    await net.chain.mineUntilIdle()
    const seen: bigint[] = []
    let cursor = 0n
    for (;;) {
      const part = await chain.transactions(to, { afterLt: cursor, limit: 40 })
      const last = part.at(-1)
      if (!last) break
      seen.push(...part.map(({ lt }) => lt))
      cursor = last.lt
    }

    expect(seen.length).toBe(131)
    expect(seen).toEqual(net.chain.history(to).map(({ lt }) => lt))
  })

  test('tell what came in, what went out, and the exit and action codes', async () => {
    const chain = chainOf()
    const sent = (await chain.transactions(from, { afterLt: 0n })).at(-1)
    const [arrived] = await chain.transactions(to, { afterLt: 0n })

    expect(sent?.in).toMatchObject({ kind: 'external', source: null, createdLt: 0n })
    expect(sent).toMatchObject({ exitCode: 0, actionCode: 0, ok: true })
    expect(sent?.out.length).toBe(1)
    expect(sent?.out[0]).toMatchObject({ kind: 'internal', valueNano: COIN, bounce: false })
    expect(sent?.out[0]?.to?.equals(to)).toBe(true)
    // The receiver has no code: nothing ran, and the coins are there.
    expect(arrived).toMatchObject({ skipped: 'no-state', ok: false })
    expect(arrived?.in).toMatchObject({ kind: 'internal', valueNano: COIN, isBounced: false })
    expect(arrived?.in?.hash).toBe(sent?.out[0]?.hash)
    expect(arrived?.in?.source?.equals(from)).toBe(true)
  })

  test('a message that left is followed to where it arrived', async () => {
    const chain = chainOf()
    const sent = (await chain.transactions(from, { afterLt: 0n })).at(-1)
    const createdLt = sent?.out[0]?.createdLt ?? 0n

    const arrived = await chain.resultOf(from, to, createdLt)
    const never = await chain.resultOf(from, to, createdLt + 1n)

    expect(arrived?.account.equals(to)).toBe(true)
    expect(arrived?.in?.createdLt).toBe(createdLt)
    expect(never).toBeNull()
  })

  test('a transaction is found by the normalized hash of what was sent, and not before its block', async () => {
    const chain = chainOf()
    const message = emptyTransfer(net, 1)
    const hash = normHash(external({ to: from, body: signedTransfer(net, alice, 1) })) ?? ''

    await chain.send(message.toBoc())
    const before = await chain.findByNormHash(from, hash, 0n)
    await net.chain.mine()
    const found = await chain.findByNormHash(from, hash, 0n)
    const after = await chain.findByNormHash(from, hash, found?.lt ?? 0n)

    expect(before).toBeNull()
    expect(found?.in?.normHash).toBe(hash)
    expect(after).toBeNull()
  })

  test('a provider that leaves one out is caught: chain.gap, nothing given', async () => {
    for (let sent = 0; sent < 3; sent++) await sendCoins(net, alice, { to, value: COIN / 10n })
    const honest = chainOf()
    const rows = await honest.transactions(from, { afterLt: 0n })
    const lying = await lyingProxy(net.url, rows[1]?.hash ?? '')
    const chain = createTonChain({ provider: { endpoint: lying.url }, clock })

    const given = chain.transactions(from, { afterLt: 0n })

    await expect(given).rejects.toMatchObject({ code: 'chain.gap' })
    await lying.close()
  })

  test('the normalized hash ignores the init and where the body is', async () => {
    const body = beginCell().storeUint(0xdeadbeef, 32).endCell()
    const info = { type: 'external-in', dest: to, importFee: 0n } as const
    const plain = normHash({ info, body })
    const withInit = normHash({ info: { ...info, importFee: 5n }, body, init: alice.wallet.init })

    expect(plain).toBe(withInit)
    // TEP-467, computed by hand: ext_in, addr_none, the receiver, no fee, no init, the body as a reference.
    const byHand = beginCell()
      .storeUint(0b1000, 4)
      .storeAddress(to)
      .storeUint(0, 4)
      .storeUint(0b01, 2)
      .storeRef(body)
      .endCell()
    expect(plain).toBe(byHand.hash().toString('hex'))
  })
})

describe('a provider in trouble', () => {
  test('too many requests, errors of the server and broken answers are asked again, later each time', async () => {
    const chain = chainOf()
    net.faults.add({ kind: 'rate-limit' })
    net.faults.add({ kind: 'server-error', status: 502 })
    net.faults.add({ kind: 'malformed' })

    const account = await chain.account(from)

    expect(account.state).toBe('active')
    expect(clock.slept.length).toBe(3)
    for (const [index, ms] of clock.slept.entries()) {
      expect(ms).toBeGreaterThanOrEqual(150 * 2 ** index)
      expect(ms).toBeLessThanOrEqual(300 * 2 ** index + 1)
    }
  })

  test('that does not recover is chain.unavailable, with the status and nothing of the answer', async () => {
    const chain = chainOf()
    net.faults.add({ kind: 'rate-limit', count: 100 })
    const limited = await chain.account(from).catch((error: unknown) => error)
    net.faults.clear()
    net.faults.add({ kind: 'malformed', count: 100 })
    const broken = await chain.get(from, 'seqno').catch((error: unknown) => error)

    expect(limited).toMatchObject({ code: 'chain.unavailable', details: { status: 429 } })
    expect(broken).toMatchObject({ code: 'chain.unavailable', details: { status: 200 } })
    expect(clock.slept.length).toBe(10)
  })

  test('that does not answer in time, or is not there, is chain.unavailable', async () => {
    const slow = createTonChain({
      provider: { endpoint: net.url, timeoutMs: 50 },
      clock: systemClock,
      tries: 1,
    })
    net.faults.add({ kind: 'slow', ms: 1 })
    const late = await slow.account(from).catch((error: unknown) => error)
    const nobody = createTonChain({
      provider: { endpoint: 'http://127.0.0.1:1/jsonRPC' },
      clock,
      tries: 2,
    })
    const absent = await nobody.head().catch((error: unknown) => error)

    expect(late).toMatchObject({ code: 'chain.unavailable', details: { status: 0 } })
    expect(absent).toMatchObject({ code: 'chain.unavailable', details: { status: 0 } })
  })

  test('is never asked twice to send: once per call, whatever it says', async () => {
    const chain = chainOf()
    net.faults.add({ kind: 'server-error' })
    const message = emptyTransfer(net, 1).toBoc()

    await expect(chain.send(message)).rejects.toMatchObject({ code: 'chain.unavailable' })
    expect(net.chain.waiting).toBe(0)
    await chain.send(message)
    expect(net.chain.waiting).toBe(1)
    await net.chain.mineUntilIdle()
    await expect(chain.send(message)).rejects.toMatchObject({
      code: 'chain.refused',
      details: { exit: 133 },
    })
  })

  test('is asked no faster than its rate', async () => {
    const chain = chainOf(10)
    await Promise.all([chain.account(from), chain.account(to), chain.account(from)])

    expect(clock.slept).toEqual([100, 200])
  })
})

describe('two providers', () => {
  test('agree on one chain, are given time when one lags, and disagree on two', async () => {
    const other = await testLocalnet()
    await other.chain.faucet(from, 5n * COIN)
    await other.chain.mineUntilIdle()
    const [first, second] = [chainOf(), chainOf()]
    const foreign = createTonChain({ provider: { endpoint: other.url }, clock })
    net.faults.add({ kind: 'stale', count: 2, blocks: 4 })

    await compareAccount(from, { first, second, clock })
    const different = compareAccount(from, { first, second: foreign, clock })

    await expect(different).rejects.toMatchObject({ code: 'chain.disagree' })
    await other.close()
  })
})

/** A provider that leaves out one transaction of every list. */
async function lyingProxy(url: string, hash: string) {
  const { createServer } = await import('node:http')
  const missing = Buffer.from(hash, 'hex').toString('base64')
  const server = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: Buffer.concat(parts),
      })
      const body = (await answer.json()) as {
        result: { transaction_id: { hash: string } }[]
      }
      const result = body.result.filter((it) => it.transaction_id.hash !== missing)
      response.end(JSON.stringify({ ...body, result }))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${String(port)}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
