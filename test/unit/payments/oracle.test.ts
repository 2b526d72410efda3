import { expect, test } from 'vitest'
import { AppError } from '../../../src/core/app-error.ts'
import { createLog } from '../../../src/core/log.ts'
import { askFeed, microOf, readFeeds } from '../../../src/payments/oracle/feeds.ts'
import { agree, step } from '../../../src/payments/oracle/median.ts'
import { createOracle, scaled } from '../../../src/payments/oracle/oracle.ts'
import { type PriceTable, type PriceWorld, readTable } from '../../../src/payments/prices/table.ts'
import { TestClock } from '../../support/test-clock.ts'

const now = 1_800_000_000_000
const quote = (coinMicroUsd: bigint, ageMs = 0, name = 'a') => ({
  name,
  coinMicroUsd,
  atMs: now - ageMs,
})

test('the median of fresh quotes counts, and one far off is left out', () => {
  const agreed = agree([quote(100n), quote(102n), quote(104n), quote(200n)], now)

  expect(agreed?.coinMicroUsd).toBe(102n)
  expect(agreed?.feeds).toHaveLength(3)
})

test.each([
  ['one source', [quote(100n)]],
  ['two, one of them old', [quote(100n), quote(100n, 60_001)]],
  ['two that are from the future', [quote(100n, -60_001), quote(100n, -60_001)]],
  ['two that do not agree', [quote(100n), quote(120n)]],
  ['none', []],
])('%s say nothing', (_what, quotes) => {
  expect(agree(quotes, now)).toBeUndefined()
})

test('a price moves by at most 2 % at a time, both ways', () => {
  expect(step(1000n, 2000n)).toBe(1020n)
  expect(step(1000n, 500n)).toBe(980n)
  expect(step(1000n, 1015n)).toBe(1015n)
})

test.each([
  ['1.35', 1_350_000n],
  ['0.0000019', 1n],
  ['3', 3_000_000n],
  ['0', undefined],
  ['-1', undefined],
  ['1e3', undefined],
  ['1,5', undefined],
])('"%s" dollars are %s millionths', (text, micro) => {
  expect(microOf(text)).toBe(micro)
})

test('a source is read by its pattern; what is no answer is no quote', async () => {
  const { feeds } = readFeeds(
    JSON.stringify({
      v: 1,
      chosenAtUsd: '1.5',
      feeds: ['a', 'b', 'c'].map((name) => ({
        name,
        url: `https://${name}.example/price`,
        price: '"usd":"?(\\d+\\.\\d+)',
        at: '"at":(\\d+)',
      })),
    }),
  )
  const [feed] = feeds
  const signal = new AbortController().signal
  const ask = (body: string, status = 200) =>
    feed && askFeed(feed, { fetch: async () => new Response(body, { status }), signal })

  expect(await ask('{"usd":"1.4999999","at":1800000000}')).toEqual({
    name: 'a',
    coinMicroUsd: 1_499_999n,
    atMs: now,
  })
  expect(await ask('{"usd":1.5,"at":1800000000000}')).toMatchObject({ atMs: now })
  expect(await ask('{"usd":"high","at":1}')).toBeUndefined()
  expect(await ask('{"usd":"1.5","at":1800000000}', 503)).toBeUndefined()
  expect(
    feed && (await askFeed(feed, { fetch: () => Promise.reject(new TypeError('down')), signal })),
  ).toBeUndefined()
})

test('two sources are no median', () => {
  expect(() => readFeeds('{"v":1,"chosenAtUsd":"1","feeds":[]}')).toThrow(AppError)
})

const world: PriceWorld = {
  tasks: new Map([['translate', 'llm']]),
  models: new Map([['small', 'llm']]),
}
const rates = (rate: string) => ({ job: rate, inTok: rate, cachedTok: rate, outTok: rate })
const row = { task: 'translate', model: 'small', tier: 'gpu-tee' }
const first = readTable(
  JSON.stringify({
    v: 1,
    version: 1,
    rows: [{ ...row, nano: rates('2000'), ustar: rates('400'), worker: rates('1900') }],
  }),
  world,
)

test('what is paid in coin follows the coin against its price, and no worker is paid above the customer', () => {
  const [chosen] = first.rows
  const moved = chosen && scaled(chosen, 1_000_000n, 1_300_001n)

  expect(moved?.nano?.outTok).toBe(1539n)
  expect(moved?.worker.outTok).toBe(1461n)
  expect(moved?.ustar).toEqual(chosen?.ustar)
})

/** Prices in memory, and an oracle whose sources all say `usd`. */
function oracleAt(usd: { now: string | undefined }) {
  const clock = new TestClock(now)
  const lines: string[] = []
  const log = createLog(
    'test',
    (line) => void lines.push(line),
    () => clock.now(),
  )
  let table: PriceTable = first
  let sinceMs = 0
  const adopted: PriceTable[] = []
  const prices = {
    current: () => ({ ...table, sinceMs }),
    adopt: async (text: string, since: number) => {
      table = readTable(text, world)
      sinceMs = since
      adopted.push(table)
      return table
    },
  }
  const { feeds } = readFeeds(
    JSON.stringify({
      v: 1,
      chosenAtUsd: '1',
      feeds: ['a', 'b', 'c'].map((name) => ({ name, url: 'https://x.example', price: '^(.*)$' })),
    }),
  )
  const tick = createOracle({
    prices,
    chosen: { rows: first.rows, coinMicroUsd: 1_000_000n },
    feeds,
    fetch: async () =>
      usd.now === undefined
        ? new Response('', { status: 500 })
        : new Response(usd.now, { headers: { date: new Date(clock.now()).toUTCString() } }),
    clock,
    log,
  })
  const minutes = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++) {
      await tick()
      clock.advance(60_000)
    }
  }
  return { minutes, adopted, lines }
}

test('a jump is followed 2 % a minute, by a version at most every ten minutes, with its sources', async () => {
  const { minutes, adopted } = oracleAt({ now: '2' })

  await minutes(12)

  expect(adopted.map(({ basis }) => basis?.coinMicroUsd)).toEqual([1_020_000n, 1_243_370n])
  expect(adopted[0]?.basis?.feeds.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
})

test('a price that moves by no more than 1 % makes no version', async () => {
  const { minutes, adopted } = oracleAt({ now: '1.01' })

  await minutes(30)

  expect(adopted).toEqual([])
})

test('sources that are silent change nothing, and after an hour somebody is told', async () => {
  const { minutes, adopted, lines } = oracleAt({ now: undefined })

  await minutes(59)
  expect(lines.some((line) => line.includes('oracle.silent'))).toBe(false)
  await minutes(3)

  expect(lines.some((line) => line.includes('oracle.silent'))).toBe(true)
  expect(adopted).toEqual([])
})
