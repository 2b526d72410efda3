/** @module The oracle as a process opens it: from the operator's file, and never without one. */
import { readFileSync } from 'node:fs'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Lifetime } from '../../core/lifetime.ts'
import type { Log } from '../../core/log.ts'
import { readOwnTable } from '../prices/own-table.ts'
import type { Prices } from '../prices/prices.ts'
import type { PriceWorld } from '../prices/table.ts'
import { readFeeds } from './feeds.ts'
import { startOracle } from './oracle.ts'

/** Throws `price.invalid` for a file that cannot be read or names fewer than three sources. */
export function openOracle(deps: {
  readonly file: string
  readonly prices: Prices
  readonly world: PriceWorld
  readonly clock: Clock
  readonly log: Log
  readonly life: Lifetime
}): void {
  const { prices, clock, log, life } = deps
  let text: string
  try {
    text = readFileSync(deps.file, 'utf8')
  } catch (cause) {
    throw new AppError('price.invalid', { reason: 'feeds' }, { cause })
  }
  const { feeds, chosenAtMicroUsd } = readFeeds(text)
  const chosen = { rows: readOwnTable(deps.world).rows, coinMicroUsd: chosenAtMicroUsd }
  const oracle = startOracle({ prices, chosen, feeds, fetch: globalThis.fetch, clock, log })
  life.keep('oracle', oracle, (it) => it.close())
}
