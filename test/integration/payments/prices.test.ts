/** `chrysalis prices adopt` on a data folder at rest: the next table is shown against this one, and put in force once. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runPrices } from '../../../src/cli/prices.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { openDatabase } from '../../../src/db/database.ts'
import { adoptTable, inForceFrom } from '../../../src/payments/prices/adopt.ts'
import { openPrices } from '../../../src/payments/prices/prices.ts'
import { readTable } from '../../../src/payments/prices/table.ts'
import { testTable, testWorld } from '../../support/ledger.ts'
import { openTestDatabase } from '../../support/stores.ts'
import { TestClock } from '../../support/test-clock.ts'

const own: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../src/payments/prices/tables/1.json'), 'utf8'),
)
let dataDir: string

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'chrysalis-prices-'))
  const db = await openDatabase({ url: `pglite:${join(dataDir, 'db')}`, clock: systemClock })
  await adoptTable(db.rows, { text: JSON.stringify(own), sinceMs: 0 })
  await db.close()
})
afterAll(() => rmSync(dataDir, { recursive: true }))

/** The project's own table with another version and other first rates of a worker. */
function fileOf(version: number, change: Record<string, string>): string {
  const table = structuredClone(own) as { version: number; rows: { worker: object }[] }
  table.version = version
  Object.assign(table.rows[0]?.worker ?? {}, change)
  const file = join(dataDir, `${String(version)}.json`)
  writeFileSync(file, JSON.stringify(table))
  return file
}

async function adopt(file: string, answer?: string) {
  const out: string[] = []
  const code = await runPrices(
    ['adopt', file, '--data', dataDir],
    {},
    {
      out: (text) => void out.push(text),
      err: (text) => void out.push(text),
      isInteractive: false,
      ...(answer !== undefined && { ask: async () => answer }),
    },
  )
  return { code, text: out.join('\n') }
}

test('the next table is put in force by a yes to what it changes; without one, twice, or with a gap nothing changes', async () => {
  const next = fileOf(2, { job: '1' })

  const unasked = await adopt(next)
  const refused = await adopt(next, 'n')
  const adopted = await adopt(next, 'y')
  const again = await adopt(next, 'y')
  const gap = await adopt(fileOf(4, { job: '2' }), 'y')
  const db = await openDatabase({ url: `pglite:${join(dataDir, 'db')}`, clock: systemClock })
  const versions = await db.rows.priceTable.findMany({ orderBy: { version: 'asc' } })
  await db.close()

  expect([unasked, refused, adopted, again, gap].map(({ code }) => code)).toEqual([1, 1, 0, 0, 1])
  expect(adopted.text).toMatch(/^- .*\n\+ .*job=1\b/m)
  expect(adopted.text).toContain('A worker earns less for the same job.')
  expect(adopted.text).not.toContain('Somebody pays more')
  expect(again.text).toContain('is this table already')
  expect(gap.text).toContain('The next version is 3')
  expect(versions.map(({ version }) => version)).toEqual([1, 2])
})

test('a process that runs quotes by it from its time on, and not before', async () => {
  const db = await openTestDatabase()
  const clock = new TestClock()
  const first = readTable(testTable(), testWorld)
  const prices = await openPrices({ db, clock, world: testWorld, first })
  const sinceMs = inForceFrom(clock.now(), { net: 'devnet', customerUp: true, workerDown: true })

  await adoptTable(db.rows, { text: testTable(2, 20), sinceMs })
  await prices.refresh()
  const before = prices.current().version
  clock.advance(sinceMs - clock.now())
  const after = prices.current().version
  await expect(adoptTable(db.rows, { text: testTable(2, 30), sinceMs: 0 })).rejects.toMatchObject({
    code: 'price.invalid',
    details: { reason: 'changed' },
  })
  await db.close()

  expect([before, after]).toEqual([1, 2])
})

test('off the dev network a table that takes from somebody waits as the registry demands', () => {
  const hours = (change: { customerUp: boolean; workerDown: boolean }): number =>
    Math.floor(inForceFrom(0, { net: 'mainnet', ...change }) / 3_600_000)

  expect(hours({ customerUp: false, workerDown: false })).toBe(0)
  expect(hours({ customerUp: true, workerDown: false })).toBe(24)
  expect(hours({ customerUp: true, workerDown: true })).toBe(72)
})
