import { Address, Cell, fromNano } from '@ton/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Localnet } from '../../../src/payments/localnet/localnet.ts'
import {
  COIN,
  plainClient,
  sendCoins,
  signedTransfer,
  testLocalnet,
  testWallet,
} from '../../support/localnet.ts'

describe('the unmodified TonClient on a local network', () => {
  let net: Localnet
  const alice = testWallet(1)
  const bob = testWallet(2)

  beforeAll(async () => {
    net = await testLocalnet()
    await net.chain.faucet(alice.wallet.address, 10n * COIN)
    await net.chain.mineUntilIdle()
  })
  afterAll(() => net.close())

  test('deploys a wallet with its first transfer, and the receiver has the coins', async () => {
    const client = plainClient(net)
    expect(await client.isContractDeployed(alice.wallet.address)).toBe(false)

    await sendCoins(net, alice, { to: bob.wallet.address, value: 2n * COIN, comment: 'hello' })

    expect(await client.isContractDeployed(alice.wallet.address)).toBe(true)
    expect(await client.open(alice.wallet).getSeqno()).toBe(1)
    expect(await client.getBalance(bob.wallet.address)).toBe(2n * COIN)
    expect(Number(fromNano(await client.getBalance(alice.wallet.address)))).toBeGreaterThan(7.99)
  })

  test('runs getters with numbers, slices and cells, and passes exit codes on', async () => {
    const client = plainClient(net)
    const { address } = alice.wallet

    const key = await client.runMethod(address, 'get_public_key')
    const known = await client.runMethodWithError(address, 'is_signature_allowed')
    const unknown = await client.runMethodWithError(address, 'no_such_getter')
    const nobody = await client.runMethodWithError(new Address(0, Buffer.alloc(32, 9)), 'seqno')

    expect(key.stack.readBigNumber().toString(16).padStart(64, '0')).toBe(
      alice.wallet.publicKey.toString('hex'),
    )
    expect(known.exit_code).toBe(0)
    expect(unknown.exit_code).toBe(11)
    expect(nobody.exit_code).toBe(-13)
  })

  test('pages transactions backwards without a hole, each naming the one before', async () => {
    const client = plainClient(net)
    const { address } = alice.wallet
    for (let sent = 0; sent < 4; sent++)
      await sendCoins(net, alice, { to: bob.wallet.address, value: COIN / 100n })

    const all = await client.getTransactions(address, { limit: 100 })
    const paged = await client.getTransactions(address, { limit: 2 })
    for (;;) {
      const last = paged.at(-1)
      if (!last || last.prevTransactionLt === 0n) break
      paged.push(
        ...(await client.getTransactions(address, {
          limit: 2,
          lt: last.lt.toString(),
          hash: last.hash().toString('base64'),
        })),
      )
    }

    expect(all.length).toBe(6)
    expect(paged.map((it) => it.lt)).toEqual(all.map((it) => it.lt))
    for (const [index, tx] of all.slice(0, -1).entries()) {
      const before = all[index + 1]
      expect(tx.prevTransactionLt).toBe(before?.lt)
      expect(tx.prevTransactionHash).toBe(BigInt(`0x${before?.hash().toString('hex') ?? ''}`))
    }
    const one = await client.getTransaction(
      address,
      String(all[0]?.lt),
      all[0]?.hash().toString('base64') ?? '',
    )
    expect(one?.lt).toBe(all[0]?.lt)
  })

  test('finds where a message went and where it came from', async () => {
    const client = plainClient(net)
    const [sent] = await client.getTransactions(alice.wallet.address, { limit: 1 })
    const out = sent?.outMessages.get(0)?.info
    const createdLt = out?.type === 'internal' ? out.createdLt : 0n
    const [from, to] = [alice.wallet.address, bob.wallet.address]

    const arrived = await client.tryLocateResultTx(from, to, createdLt.toString())
    const source = await client.tryLocateSourceTx(from, to, createdLt.toString())

    expect(arrived.inMessage?.info.dest?.toString()).toBe(to.toString())
    expect(source.lt).toBe(sent?.lt)
  })

  test('reads blocks and fees, and refuses a replayed message in the words of a lite server', async () => {
    const client = plainClient(net)
    const info = await client.getMasterchainInfo()
    const shards = await client.getWorkchainShards(info.latestSeqno)
    const [newest] = net.chain.newest(1)
    const inBlock = await client.getShardTransactions(0, newest?.seqno ?? 0, shards[0]?.shard ?? '')
    const body = signedTransfer(net, alice, 1)
    const fee = await client.estimateExternalMessageFee(alice.wallet.address, {
      body: signedTransfer(net, alice, await client.open(alice.wallet).getSeqno()),
      initCode: null,
      initData: null,
      ignoreSignature: true,
    })
    const replay = await client
      .sendExternalMessage(alice.wallet, body)
      .catch((error: { response: { status: number; data: { error: string } } }) => error.response)

    expect(info.latestSeqno).toBe(net.chain.head().seqno)
    expect(inBlock.map((it) => it.lt)).toContain(newest?.lt.toString())
    expect(fee.source_fees.gas_fee).toBeGreaterThan(0)
    expect(replay).toMatchObject({ status: 500 })
    expect(JSON.stringify(replay && 'data' in replay ? replay.data : '')).toContain('exitcode=133')
  })

  test('gives a contract its whole storage back, code and data', async () => {
    const state = await plainClient(net).getContractState(alice.wallet.address)

    expect(state.state).toBe('active')
    expect(Cell.fromBoc(state.code ?? Buffer.alloc(0))[0]?.hash()).toEqual(
      alice.wallet.init.code.hash(),
    )
    expect(state.data).not.toBeNull()
  })
})
