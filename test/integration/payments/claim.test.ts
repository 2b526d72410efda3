/** With nothing but a voucher's file and an endpoint of the chain: the operator is gone. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Cell, internal } from '@ton/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runClaim, runEarnings } from '../../../src/cli/worker-earnings.ts'
import type { Voucher } from '../../../src/core/voucher.ts'
import { commitCell } from '../../../src/payments/contracts/cells.ts'
import { cellSigner } from '../../../src/payments/contracts/sign.ts'
import { commitBody } from '../../../src/payments/contracts/vault-messages.ts'
import type { Localnet } from '../../../src/payments/localnet/localnet.ts'
import { lookAtWallet } from '../../../src/payments/settlement/wallet.ts'
import { openVaultChain } from '../../../src/payments/statements/vault-chain.ts'
import { claimOrder, paidTo, sendClaim } from '../../../src/payments/vouchers/claim.ts'
import { signVoucher } from '../../../src/payments/vouchers/voucher.ts'
import { earningsPath, openEarningsFile } from '../../../src/workers/earnings-file.ts'
import { COIN, soon, testLocalnet } from '../../support/localnet.ts'
import {
  blockClock,
  openVaultWorld,
  settlementKey,
  type VaultWorld,
} from '../../support/settlement.ts'
import { tempFolder } from '../../support/stores.ts'

const payee = 'cd'.repeat(32)
let localnet: Localnet
let world: VaultWorld
const folder = tempFolder('claim')

beforeAll(async () => {
  localnet = await testLocalnet()
  world = await openVaultWorld(localnet)
}, 120_000)
afterAll(async () => {
  await localnet?.close()
  rmSync(folder, { recursive: true, force: true })
})

const voucherFor = (totalNano: bigint): Voucher =>
  signVoucher(settlementKey, {
    net: localnet.globalId,
    vault: world.vault.toRawString(),
    payee,
    totalNano,
    epoch: 1,
  })
const claim = (voucher: Voucher) =>
  sendClaim({ chain: world.chain, wallet: world.relayer, clock: blockClock(localnet) }, voucher)

/** What a command prints, and its exit code. */
async function said(run: typeof runClaim, args: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    isInteractive: false,
  }
  const code = await run([...args, '--data', folder], {}, terminal)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('a voucher', () => {
  test('made here is paid by the vault, once, and a higher one the difference', async () => {
    const first = voucherFor(3n * COIN)

    expect(await claim(first)).toBe(3n * COIN)
    expect(await claim(first)).toBe(0n)
    expect(await claim(voucherFor(2n * COIN))).toBe(0n)
    expect(await claim(voucherFor(5n * COIN))).toBe(2n * COIN)
    expect(await paidTo(world.chain, first)).toBe(5n * COIN)
  })

  test('of another key is refused by the vault, and nothing is paid', async () => {
    const forged = signVoucher(cellSigner(new Uint8Array(32).fill(99)), {
      net: localnet.globalId,
      vault: world.vault.toRawString(),
      payee,
      totalNano: 7n * COIN,
      epoch: 1,
    })

    expect(await claim(forged)).toBe(0n)
    expect(await paidTo(world.chain, forged)).toBe(5n * COIN)
  })

  test('is found again in what the vault itself says of its payee', async () => {
    const chain = openVaultChain({
      chain: world.chain,
      vault: world.vault.toRawString(),
      payee,
    })
    const root = '5a'.repeat(32)
    const domain = { net: localnet.globalId, vault: world.vault, epoch: 1 }
    const cell = commitCell(domain, { commitEpoch: 1, total: 5n * COIN, root })
    await send(commitBody({ cell, signature: settlementKey.sign(cell) }))

    const txs = await world.chain.transactions(world.vault, { afterLt: 0n })
    const payouts = await Promise.all(txs.map(({ lt }) => chain.payoutAt(lt)))
    const taken = await Promise.all(txs.map(({ lt }) => chain.committedAt(lt)))

    expect(await chain.paidNano()).toBe(5n * COIN)
    expect(payouts.filter((nano) => nano > 0n)).toEqual([3n * COIN, 2n * COIN])
    expect(taken.filter((it) => it !== undefined)).toEqual([
      { epoch: 1, totalNano: 5n * COIN, root },
    ])
  })
})

describe('the commands of a worker', () => {
  test('have nothing to show before anything was earned', async () => {
    expect(await said(runEarnings, [])).toMatchObject({ code: 1 })
    expect(await said(runClaim, [])).toMatchObject({ code: 1 })
  })

  test('show the newest voucher, what is owed, and the ready message', async () => {
    const voucher = voucherFor(8n * COIN)
    const file = openEarningsFile(earningsPath(join(folder, 'earnings'), payee))
    file.write({ ...file.read(), voucher, jobs: 4, earnedNano: COIN })

    const told = await said(runEarnings, ['--chain', localnet.url])
    const json = await said(runEarnings, ['--json', '--chain', localnet.url])
    const ready = await said(runClaim, [])

    expect(told.out).toContain('owed      3 ')
    expect(told.out).toContain('read from the chain')
    expect(JSON.parse(json.out)).toMatchObject({
      payee,
      paidNano: (5n * COIN).toString(),
      paidIsChecked: true,
      voucher: { total: (8n * COIN).toString() },
    })
    const { link, body } = claimOrder(voucher, true)
    expect(link).toMatch(/^ton:\/\/transfer\/[\w-]{48}\?amount=50000000&bin=[\w-]+$/)
    expect(ready.out).toContain(link)
    expect(body).toBe(voucher.claim)
  })

  test('ask for one of several payout addresses by name', async () => {
    const other = 'ee'.repeat(32)
    const file = openEarningsFile(earningsPath(join(folder, 'earnings'), other))
    file.write(file.read())

    await expect(said(runEarnings, [])).rejects.toMatchObject({
      sentence: expect.stringContaining('--payee') as string,
    })
    expect(await said(runEarnings, ['--payee', payee])).toMatchObject({ code: 0 })
  })

  test('show why a worker stopped until its owner has looked', async () => {
    const path = earningsPath(join(folder, 'earnings'), payee)
    const file = openEarningsFile(path)
    file.write({ ...file.read(), stopped: { code: 'pay', detail: 'units', at: 1 } })

    const before = await said(runEarnings, ['--payee', payee])
    await said(runEarnings, ['--payee', payee, '--resume'])
    const after = await said(runEarnings, ['--payee', payee])

    expect(before.out).toContain('STOPPED')
    expect(before.out).toContain('[pay.units]')
    expect(after.out).not.toContain('STOPPED')
  })
})

async function send(body: Cell): Promise<void> {
  const { seqno, isNew } = await lookAtWallet(world.chain, world.relayer.address)
  const message = internal({ to: world.vault, value: COIN / 10n, body, bounce: true })
  const signed = await world.relayer.sign({
    seqno,
    validUntil: soon(localnet),
    messages: [message],
    isNew,
  })
  await world.chain.send(Buffer.from(signed.message))
  await localnet.chain.mineUntilIdle()
}
