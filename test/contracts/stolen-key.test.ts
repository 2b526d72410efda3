import { expect, test } from 'vitest'
import { DEFAULT_CAPS } from '../../src/payments/contracts/vault-config.ts'
import {
  lowerCapsBody,
  pauseBody,
  requestKeyBody,
  unpauseBody,
} from '../../src/payments/contracts/vault-messages.ts'
import { coins, DAY, HOUR } from '../support/contract-world.ts'
import { keyOf, type VaultWorld, vaultWorld } from '../support/vault-world.ts'
import { expectDone, sumOf } from './scenarios/scenario.ts'

const thiefs = 'ee'.repeat(32)

/** Takes as much as the vault gives at this moment, by batches and by vouchers of the stolen key. */
async function steal(vault: VaultWorld, loot: { total: bigint; taken: bigint }): Promise<void> {
  const take = async (amount: bigint, by: 'settle' | 'claim') => {
    const entry = { payee: thiefs, total: loot.total + amount }
    const got = sumOf(await (by === 'settle' ? vault.settle([entry]) : vault.claim(entry)))
    loot.total += got
    loot.taken += got
    return got
  }
  for (;;) {
    const { windowStart, windowSpent, caps } = await vault.read()
    const left = vault.now() >= windowStart + DAY ? caps.dayCap : caps.dayCap - windowSpent
    const amount = left < caps.batchCap ? left : caps.batchCap
    if ((await take(amount > 0n ? amount : 1n, 'settle')) === 0n) break
  }
  for (;;) if ((await take(coins(100_000), 'claim')) === 0n) break
}

test('a thief of the settlement key takes no more than the caps before the guardian acts, and the floor a day after', async () => {
  const vault = await vaultWorld({ balance: coins(100_000) })
  const { dayCap, claimDayCap, claimFloor, batchCap } = DEFAULT_CAPS
  const loot = { total: 0n, taken: 0n }

  // A day before anybody notices, at the worst moment of both windows.
  await vault.settle([{ payee: '01'.repeat(32), total: 1n }])
  await vault.claim({ payee: '02'.repeat(32), total: 1n })
  vault.pass(DAY - 1)
  await steal(vault, loot)
  vault.pass(1)
  await steal(vault, loot)
  expect(loot.taken).toBeLessThanOrEqual(2n * dayCap + 2n * claimDayCap)
  expect(loot.taken).toBeGreaterThan(2n * dayCap + 2n * claimDayCap - coins(1))

  const before = loot.taken
  await vault.send(vault.guardian, pauseBody(vault.now() + 72 * HOUR))
  await vault.send(vault.guardian, lowerCapsBody({ batchCap, dayCap, claimDayCap: claimFloor }))
  await vault.send(vault.owner, requestKeyBody({ key: keyOf(2).publicKey, overlap: 7 * DAY }))
  for (let hour = 0; hour < 24; hour += 6) {
    vault.pass(6 * HOUR)
    await steal(vault, loot)
  }
  expectDone(await vault.execute('key'))
  expectDone(await vault.send(vault.owner, unpauseBody()))
  for (let hour = 0; hour < 9 * 24; hour += 6) {
    await steal(vault, loot)
    vault.pass(6 * HOUR)
  }

  const days = 1n + 7n + 1n
  expect(loot.taken - before).toBeLessThanOrEqual(claimFloor * days)
  expect(loot.taken - before).toBeGreaterThan(claimFloor * 7n)
  const last = loot.taken
  vault.pass(10 * DAY)
  await steal(vault, loot)
  expect(loot.taken).toBe(last)
})
