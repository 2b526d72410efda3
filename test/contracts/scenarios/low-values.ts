/** @module What every message promises whatever is attached to it, and of what it sends. */
import { expect } from 'vitest'
import { coins, type Outcome, party, type WorldOptions } from '../../support/contract-world.ts'
import type { Case } from '../messages.ts'

/** Below the least value nothing changes, from there on the sums are exact. Searches the least value to `step` nano. */
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
    expect((await world.data()).hash().equals(before)).toBe(true)
    expect((await world.code()).hash().equals(code)).toBe(true)
    // The contract loses nothing; what was attached may be used up by gas.
    expect(outcome.delta).toBeGreaterThanOrEqual(0n)
    expect(outcome.payouts).toEqual([])
  }

  expect(done?.delta).toBe(-spends)
  expect(high).toBeLessThan(coins(2))
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
