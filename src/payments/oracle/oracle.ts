/** @module New price versions when the coin's price moves: slowly, seldom, and from sources that agree (PAY §2). Off unless an operator names them. */
import { type Clock, deadline } from '../../core/clock.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import { createRounds } from '../../core/rounds.ts'
import type { Rates } from '../prices/rates.ts'
import { type PriceRow, type PriceTable, tableText } from '../prices/table.ts'
import { askFeed, type Feed } from './feeds.ts'
import { agree, distance, step } from './median.ts'

/** What the oracle asks of the stored tables. */
interface Tables {
  current(): Pick<PriceTable, 'version' | 'basis'> & { readonly sinceMs: number }
  adopt(text: string, sinceMs: number): Promise<unknown>
}

interface OracleDeps {
  readonly prices: Tables
  /** The rows that were chosen by a person, and what the coin cost then. */
  readonly chosen: { readonly rows: readonly PriceRow[]; readonly coinMicroUsd: bigint }
  readonly feeds: readonly Feed[]
  readonly fetch: typeof globalThis.fetch
  readonly clock: Clock
  readonly log: Log
}

const everyMs = 60_000
const answerMs = 10_000
const leastAgeMs = 600_000
const silentMs = 3_600_000

/** Asks once a minute. */
export function startOracle(deps: OracleDeps): { close(): Promise<void> } {
  const { clock, log } = deps
  const tick = createOracle(deps)
  const rounds = createRounds(clock, (error) => log.failure('oracle.failed', describe(error)))
  rounds.every(everyMs, tick)
  return { close: () => rounds.close() }
}

/** One minute's step, for a caller with its own times. */
export function createOracle(deps: OracleDeps): () => Promise<void> {
  const { prices, chosen, feeds, clock, log } = deps
  let price = prices.current().basis?.coinMicroUsd ?? chosen.coinMicroUsd
  let agreedAtMs = clock.now()

  return async () => {
    const { signal, dispose } = deadline(clock, answerMs)
    const asked = await Promise.all(
      feeds.map((feed) => askFeed(feed, { fetch: deps.fetch, signal })),
    ).finally(dispose)
    const now = clock.now()
    const agreed = agree(
      asked.filter((quote) => quote !== undefined),
      now,
    )
    if (!agreed) {
      if (now - agreedAtMs >= silentMs) log.error('oracle.silent', { sinceMs: agreedAtMs })
      return
    }
    agreedAtMs = now
    price = step(price, agreed.coinMicroUsd)
    const current = prices.current()
    const last = current.basis?.coinMicroUsd ?? chosen.coinMicroUsd
    const isFar = distance(price, last) * 100n > last
    if (!isFar || now - current.sinceMs < leastAgeMs) return
    const version = current.version + 1
    const basis = { coinMicroUsd: price, atMs: now, feeds: agreed.feeds }
    const rows = chosen.rows.map((row) => scaled(row, chosen.coinMicroUsd, price))
    await prices.adopt(tableText({ version, rows, basis }), now)
    log.info('price.moved', { version, coinMicroUsd: price })
  }
}

/** What is paid in coin follows the coin, so that it is worth what it was; what is paid in Stars stays. */
export function scaled(row: PriceRow, chosenAt: bigint, price: bigint): PriceRow {
  const up = (rate: bigint): bigint => (rate * chosenAt + price - 1n) / price
  const down = (rate: bigint): bigint => (rate * chosenAt) / price
  return {
    ...row,
    ...(row.nano && { nano: each(row.nano, up) }),
    worker: each(row.worker, down),
  }
}

const each = (rates: Rates, change: (rate: bigint) => bigint): Rates =>
  Object.fromEntries(Object.entries(rates).map(([kind, rate]) => [kind, change(rate)]))
