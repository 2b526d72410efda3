/** @module What every message promises: to whom, whatever is attached to it, and of what it sends. */
import { Address } from '@ton/core'
import { expect } from 'vitest'
import { EXIT } from '../../../src/payments/contracts/opcodes.ts'
import { coins, type Outcome, party, type WorldOptions } from '../../support/contract-world.ts'
import { REGISTRY_ROLES } from '../../support/registry-world.ts'
import { ROLES } from '../../support/vault-world.ts'
import type { Case } from '../messages.ts'
import { expectRefused, expectSentBack, gasOf } from './scenario.ts'

/**
 * Below the least value nothing changes and what was attached goes back, from there on the sums are exact.
 * Searches the least value to `step` nano; a value that pays gas and nothing more is tried by itself.
 */
export async function lowValues(
  { ready, spends }: Case,
  options: WorldOptions,
  step = 10_000n,
): Promise<void> {
  const { world, body, from } = await ready(options)
  const sender = from[0] ?? party('stranger')
  const before = (await world.data()).hash()
  const code = (await world.code()).hash()
  const restore = world.snapshot()
  const isDone = (outcome: Outcome) => outcome.exit === 0 && outcome.action === 0

  const expectNothing = async (outcome: Outcome): Promise<void> => {
    expect((await world.data()).hash().equals(before)).toBe(true)
    expect((await world.code()).hash().equals(code)).toBe(true)
    // The contract loses nothing; what was attached may be used up by gas.
    expect(outcome.delta).toBeGreaterThanOrEqual(0n)
    expect(outcome.payouts).toEqual([])
    expectSentBack(outcome)
  }

  let [low, high] = [0n, coins(2)]
  let done: Outcome | undefined
  while (high - low > step) {
    restore()
    const value = (low + high) / 2n
    const outcome = await world.send(sender, body, value)
    if (isDone(outcome)) {
      ;[high, done] = [value, outcome]
      continue
    }
    low = value
    await expectNothing(outcome)
  }

  if (!done) throw new Error('never done')
  expect(done.delta).toBe(-spends)
  expect(high).toBeLessThan(coins(2))

  // The code runs to its end, and the first coins that it would take of the contract's own fail its reserve.
  restore()
  const outcome = await world.send(sender, body, gasOf(done))
  expect(outcome.exit).toBe(0)
  expect(outcome.action).not.toBe(0)
  await expectNothing(outcome)
}

/** Payouts and excesses do not bounce; a withdrawal does. */
export async function unbounceable({ ready }: Case, options: WorldOptions): Promise<void> {
  const { world, body, from } = await ready(options)

  const { transaction } = await world.send(from[0] ?? party('stranger'), body)

  for (const out of transaction.outMessages.values()) {
    if (out.info.type !== 'internal') continue
    const isWithdrawal = out.body.bits.length === 0
    expect(out.info.bounce).toBe(isWithdrawal)
    expect(out.info.ihrDisabled).toBe(true)
  }
}

const everybody: Record<string, Address> = {
  ...ROLES,
  'registry owner': REGISTRY_ROLES.owner,
  'registry guardian': REGISTRY_ROLES.guardian,
  pricing: REGISTRY_ROLES.pricing,
  relayer: party('relayer'),
  stranger: party('stranger'),
  'next owner': party('next owner'),
  'owner of the same hash in the masterchain': new Address(-1, ROLES.owner.hash),
  'registry owner of the same hash in the masterchain': new Address(-1, REGISTRY_ROLES.owner.hash),
}

/** Whoever has no right to the message is refused, and leaves no trace. */
export async function strangers({ ready, only }: Case, options: WorldOptions): Promise<void> {
  if (!only) return
  const { world, body, from } = await ready(options)

  for (const [who, sender] of Object.entries(everybody)) {
    if (from.some((right) => right.equals(sender))) continue
    await expectRefused(world, EXIT.Sender, () => world.send(sender, body)).catch((error) => {
      throw new Error(`from ${who}`, { cause: error })
    })
  }
  await expectRefused(world, EXIT.Sender, () => world.send(world.address, body))
}
