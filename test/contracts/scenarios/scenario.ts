/** @module A promise of a contract as data: run by the tests under both fee tables, under coverage, and against every mutant. */
import { expect } from 'vitest'
import type { ContractWorld, Outcome } from '../../support/contract-world.ts'

export interface Scenario<World, Options> {
  readonly title: string
  /** Long, and without anything that prices could change: run under one fee table. */
  readonly once?: true
  readonly run: (make: (options?: Options) => Promise<World>) => Promise<void>
}

/** The message is refused with `exit`; storage and balance are as before and the value goes back. */
export async function expectRefused(
  world: ContractWorld,
  exit: number,
  act: () => Promise<Outcome>,
): Promise<void> {
  const before = (await world.data()).hash().toString('hex')
  const outcome = await act()
  expect(outcome.exit).toBe(exit)
  expect((await world.data()).hash().toString('hex')).toBe(before)
  expect(outcome.delta).toBe(0n)
  expect(outcome.payouts).toEqual([])
  expect(outcome.events).toEqual([])
  expect(outcome.bounced).toBe(true)
}

/** The message is carried out to its end and costs the contract `spent` nano and nothing more. */
export function expectDone(outcome: Outcome, spent = 0n): void {
  expect(outcome.exit).toBe(0)
  expect(outcome.action).toBe(0)
  expect(outcome.bounced).toBe(false)
  expect(outcome.delta).toBe(-spent)
  expect(outcome.returned).toBeGreaterThan(0n)
}

export const sumOf = (outcome: Outcome): bigint =>
  outcome.payouts.reduce((sum, payout) => sum + payout.amount, 0n)

/** The network tries to return what is left of the value; a try that finds too little left is one all the same. */
export const expectSentBack = ({ transaction: { description } }: Outcome): void =>
  expect(description.type === 'generic' && description.bouncePhase).toBeTruthy()

/** Nano that the run of the code took. */
export function gasOf({ transaction: { description } }: Outcome): bigint {
  if (description.type !== 'generic' || description.computePhase.type !== 'vm') {
    throw new Error('nothing was run')
  }
  return description.computePhase.gasFees
}
