/** @module Prices and ledger as a process opens them: the same in every process that writes rows of jobs. */
import type { Clock } from '../../core/clock.ts'
import { describe } from '../../core/describe.ts'
import type { Lifetime } from '../../core/lifetime.ts'
import type { Log } from '../../core/log.ts'
import { createRounds } from '../../core/rounds.ts'
import type { Database } from '../../db/database.ts'
import { readOwnTable } from '../prices/own-table.ts'
import { openPrices, type Prices } from '../prices/prices.ts'
import type { PriceWorld } from '../prices/table.ts'
import { standardAllowance } from './allowance-store.ts'
import { createMoney, type Money } from './money.ts'

export interface OpenedMoney {
  readonly prices: Prices
  readonly money: Money
}

/** New versions of others are seen, and holds that nobody asks for any more given back, once a minute. */
const everyMs = 60_000

/** Adopts the starting values where there is no price table. Throws `price.invalid`. */
export async function openMoney(deps: {
  readonly db: Database
  readonly world: PriceWorld
  readonly clock: Clock
  readonly log: Log
  readonly life: Lifetime
  /** As `AllowanceLimits` says. */
  readonly isGranting?: () => boolean
}): Promise<OpenedMoney> {
  const { db, world, clock, log, life, isGranting } = deps
  const prices = await openPrices({ db, clock, world, first: readOwnTable(world) })
  const money = createMoney({
    prices,
    clock,
    log,
    ...(isGranting && { allowance: { ...standardAllowance, isGranting } }),
  })
  const rounds = createRounds(clock, (error) => log.failure('money.round-failed', describe(error)))
  rounds.every(everyMs, () => prices.refresh())
  rounds.every(everyMs, async () => void (await money.sweep(db)))
  life.keep('money', rounds, (it) => it.close())
  return { prices, money }
}
