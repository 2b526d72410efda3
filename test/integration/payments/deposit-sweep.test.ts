/** What developers paid in goes on to the vault: once, whatever happens to the message or to the process. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../../src/db/database.ts'
import type { ChainPort } from '../../../src/payments/chain/port.ts'
import { cellSigner } from '../../../src/payments/contracts/sign.ts'
import { createSweep } from '../../../src/payments/deposits/sweep.ts'
import { createSweepStore } from '../../../src/payments/deposits/sweep-store.ts'
import { balanceOf } from '../../../src/payments/ledger/ledger-store.ts'
import type { Localnet } from '../../../src/payments/localnet/localnet.ts'
import { openWallet } from '../../../src/payments/settlement/wallet.ts'
import { COIN, testLocalnet } from '../../support/localnet.ts'
import { quietLog as log } from '../../support/quiet-log.ts'
import { blockClock, openVaultWorld, type VaultWorld } from '../../support/settlement.ts'
import { openTestDatabase } from '../../support/stores.ts'

let db: Database
let localnet: Localnet
let world: VaultWorld
let keys = 100
beforeAll(async () => {
  db = await openTestDatabase()
  localnet = await testLocalnet()
  world = await openVaultWorld(localnet, 10n * COIN)
}, 180_000)
afterAll(async () => {
  await localnet.close()
  await db.close()
})

const never = new AbortController().signal
const held = async (address: VaultWorld['vault']): Promise<bigint> =>
  (await world.chain.account(address)).balanceNano

/** A deposit wallet of its own with coins; `send` stands before the chain's. */
async function openDeposits(nano: bigint, send?: (boc: Buffer) => Promise<void>) {
  keys += 1
  const signer = openWallet(cellSigner(Buffer.alloc(32, keys)), localnet.globalId)
  await localnet.chain.faucet(signer.address, nano)
  await localnet.chain.mineUntilIdle()
  const { vault } = world
  const clock = blockClock(localnet)
  const common = { db, signer: () => signer, wallet: signer.address, vault, clock, log }
  const sent: Buffer[] = []
  const chain: ChainPort = {
    ...world.chain,
    send: async (boc) => {
      sent.push(boc)
      await (send ? send(boc) : world.chain.send(boc))
    },
  }
  return {
    address: signer.address,
    sent,
    sweep: createSweep({ ...common, chain }),
    /** The same books after a restart. */
    again: () => createSweep({ ...common, chain: world.chain }),
    open: () => createSweepStore({ db }).open(signer.id),
  }
}

test('all but what is kept goes to the vault, and what the chain took is booked', async () => {
  const { sweep, address, open } = await openDeposits(7n * COIN)
  const [vaultBefore, feesBefore] = [
    await held(world.vault),
    await balanceOf(db.rows, 'fees', 'nano'),
  ]
  const plan = await sweep.preview(COIN)
  expect(plan).toMatchObject({ balanceNano: 7n * COIN, amountNano: 6n * COIN })
  expect(await held(address)).toBe(7n * COIN)

  const report = await sweep.run(COIN, never)

  expect(report).toMatchObject({ outcome: 'swept', amountNano: 6n * COIN })
  const fees = feesBefore - (await balanceOf(db.rows, 'fees', 'nano'))
  const gained = (await held(world.vault)) - vaultBefore
  expect(gained).toBeGreaterThan(6n * COIN - COIN / 100n)
  expect(7n * COIN - (await held(address)) - gained).toBe(fees)
  expect(await open()).toBeUndefined()
})

test('twice, and two at once, move it once', async () => {
  const { sweep, again, address } = await openDeposits(5n * COIN)
  const before = await held(world.vault)

  await Promise.all([sweep.run(COIN, never), again().run(COIN, never)])
  const third = await sweep.run(COIN, never)

  expect(third).toMatchObject({ outcome: 'nothing', amountNano: 0n })
  const gained = (await held(world.vault)) - before
  expect(gained).toBeLessThanOrEqual(4n * COIN)
  expect(gained).toBeGreaterThan(4n * COIN - COIN / 100n)
  expect(await held(address)).toBeGreaterThan(COIN - COIN / 100n)
})

test('a message that is lost is sent again, and is the same', async () => {
  let lost = 0
  const { sweep, sent, open } = await openDeposits(3n * COIN, async (boc) => {
    lost += 1
    if (lost > 2) await world.chain.send(boc)
  })

  const report = await sweep.run(COIN, never)

  expect(report.outcome).toBe('swept')
  expect(sent.length).toBeGreaterThan(2)
  expect(new Set(sent.map((boc) => boc.toString('hex'))).size).toBe(1)
  expect(await open()).toBeUndefined()
})

test.each([
  ['before', 'its message left', false],
  ['after', 'its message left, whose answer is lost', true],
])(
  'a process that ended %s %s finishes by the next call, which sends nothing else',
  async (_when, _what, leaves) => {
    const stop = new AbortController()
    const { sweep, again, open, address } = await openDeposits(3n * COIN, async (boc) => {
      if (leaves) await world.chain.send(boc)
      stop.abort()
      throw new Error('lost')
    })
    const before = await held(world.vault)
    await expect(sweep.run(COIN, stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
    expect(await open()).toMatchObject({ amountNano: 2n * COIN })

    const report = await again().run(COIN, never)

    expect(report).toMatchObject({ outcome: 'unfinished-swept', amountNano: 2n * COIN })
    const gained = (await held(world.vault)) - before
    expect(gained).toBeLessThanOrEqual(2n * COIN)
    expect(await again().run(COIN, never)).toMatchObject({ outcome: 'nothing' })
    expect(await held(address)).toBeGreaterThan(COIN - COIN / 100n)
  },
)

test('a message that never arrived is given up when it is too old, and the next call makes a new one', async () => {
  const { sweep, again, address, open, sent } = await openDeposits(3n * COIN, async () => undefined)

  await expect(sweep.run(COIN, never)).rejects.toMatchObject({ code: 'chain.unavailable' })
  expect(sent.length).toBeGreaterThan(10)
  expect(await open()).toBeUndefined()
  expect(await held(address)).toBe(3n * COIN)

  expect(await again().run(COIN, never)).toMatchObject({ outcome: 'swept' })
})

test('too little is left where it is, and without the key nothing is signed', async () => {
  const { sweep, address } = await openDeposits(COIN + COIN / 100n)
  const stranger = createSweep({
    db,
    chain: world.chain,
    signer: () => undefined,
    wallet: address,
    vault: world.vault,
    clock: blockClock(localnet),
    log,
  })

  expect(await sweep.run(COIN, never)).toMatchObject({ outcome: 'nothing' })
  expect(await sweep.preview(2n * COIN)).toMatchObject({ amountNano: 0n })
  await expect(stranger.run(0n, never)).rejects.toMatchObject({ code: 'deposit.signer' })
  expect(await held(address)).toBe(COIN + COIN / 100n)
})
