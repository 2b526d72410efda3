import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AppError } from '../../../src/core/app-error.ts'
import { readOwnTable } from '../../../src/payments/prices/own-table.ts'
import { type PriceWorld, readTable, tableText } from '../../../src/payments/prices/table.ts'
import { engineKinds } from '../../../src/tasks/index.ts'
import { MODELS } from '../../../src/tasks/models.ts'

const world: PriceWorld = {
  tasks: new Map([
    ['translate', 'llm'],
    ['transcribe', 'stt'],
  ]),
  models: new Map([
    ['small', 'llm'],
    ['ears', 'stt'],
  ]),
}
const rates = (rate: string) => ({ job: rate, inTok: rate, cachedTok: rate, outTok: rate })
const row = {
  task: 'translate',
  model: 'small',
  tier: 'gpu-tee',
  nano: rates('20'),
  ustar: rates('4'),
  worker: rates('19'),
}
const speech = {
  task: 'transcribe',
  model: 'ears',
  tier: 'gpu-tee',
  nano: { job: '2', audioMs: '2' },
  worker: { job: '1', audioMs: '1' },
}
const table = (...rows: readonly unknown[]) => JSON.stringify({ v: 1, version: 1, rows })

const refusal = (text: string): unknown => {
  try {
    readTable(text, world)
  } catch (error) {
    if (error instanceof AppError && error.code === 'price.invalid') return error.details
    throw error
  }
  return 'accepted'
}

test('a table is read to its rates, and its hash is that of its canonical text', () => {
  const read = readTable(table(row, speech), world)

  expect(read.rows[0]?.worker).toEqual({ job: 19n, inTok: 19n, cachedTok: 19n, outTok: 19n })
  expect(read.rows[1]?.ustar).toBeUndefined()
  expect(read.hash).toMatch(/^[0-9a-f]{64}$/)
  expect(readTable(read.text, world)).toEqual(read)
})

test('spaces and the order of members do not change the hash; one rate does', () => {
  const { hash } = readTable(table(row), world)
  const turned = Object.fromEntries(Object.entries(row).toReversed())

  expect(readTable(JSON.stringify({ rows: [turned], version: 1, v: 1 }, null, 3), world).hash).toBe(
    hash,
  )
  expect(readTable(table({ ...row, ustar: rates('5') }), world).hash).not.toBe(hash)
})

test.each([
  ['a negative rate', { ...row, ustar: rates('-1') }, 'negative', 'ustar.job'],
  [
    'a missing rate',
    { ...row, worker: { job: '1', inTok: '1', cachedTok: '1' } },
    'missing',
    'worker.outTok',
  ],
  ['no side that anybody could pay', { ...row, nano: undefined, ustar: undefined }, 'missing'],
  ['no worker side', { ...row, worker: undefined }, 'shape'],
  ['a worker above the customer', { ...row, worker: rates('21') }, 'worker-above', 'worker.job'],
  ['an unknown task', { ...row, task: 'paint' }, 'task'],
  ['an unknown model', { ...row, model: 'huge' }, 'model'],
  ['a model of the other engine', { ...row, model: 'ears' }, 'model'],
  ['an unknown tier', { ...row, tier: 'best' }, 'tier'],
  ['a rate beyond 10^15', { ...row, nano: rates('1000000000000001') }, 'too-high', 'nano.job'],
  ['a fraction', { ...row, nano: rates('1.5') }, 'rate', 'nano.job'],
  ['a rate that is a number', { ...row, nano: { ...row.nano, job: 1 } }, 'shape'],
  [
    'a rate of an engine that the task has not',
    { ...row, nano: { ...row.nano, audioMs: '1' } },
    'unused',
    'nano.audioMs',
  ],
  ['an unknown kind of unit', { ...row, nano: { ...row.nano, pages: '1' } }, 'shape'],
  ['a row that stands there twice', row, 'twice'],
] as [string, unknown, string, string?][])(
  '%s is refused with its row and the reason',
  (...[, bad, reason, rate]) => {
    expect(refusal(table(row, bad))).toEqual({ row: 2, reason, ...(rate && { rate }) })
  },
)

test('more than 10 000 rows, no rows, another form and broken JSON are refused', () => {
  expect(refusal(table(...Array.from({ length: 10_001 }, () => row)))).toMatchObject({
    reason: 'too-many',
  })
  expect(refusal(table())).toMatchObject({ reason: 'shape' })
  expect(refusal('{"v":2}')).toMatchObject({ reason: 'shape' })
  expect(refusal('{"v":1')).toMatchObject({ reason: 'json' })
  expect(refusal('{"v":1,"v":1,"version":1,"rows":[]}')).toMatchObject({ reason: 'json' })
})

test('any table that is read can be written and read again', () => {
  const rate = fc.bigInt({ min: 0n, max: 10n ** 15n }).map(String)
  fc.assert(
    fc.property(rate, fc.integer({ min: 1, max: 2 ** 31 - 1 }), (it, version) => {
      const text = JSON.stringify({ v: 1, version, rows: [{ ...row, ustar: rates(it) }] })
      const read = readTable(text, world)

      expect(tableText(read)).toBe(read.text)
      expect(read.version).toBe(version)
    }),
    { numRuns: 500 },
  )
})

test('the table that comes with the project prices every task of every model at every tier', () => {
  const own = readOwnTable(engineKinds(MODELS))

  const missing = MODELS.filter(({ kind }) => kind !== 'vad').flatMap(({ id, tasks }) =>
    tasks.flatMap((task) =>
      ['simulated', 'cpu-tee', 'gpu-tee'].flatMap((tier) =>
        own.rows.some((it) => it.task === task && it.model === id && it.tier === tier)
          ? []
          : [`${task} ${id} ${tier}`],
      ),
    ),
  )
  expect(missing).toEqual([])
})
