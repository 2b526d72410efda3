import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppError } from '../../../src/core/app-error.ts'
import type { Database } from '../../../src/db/database.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { until } from '../../support/until.ts'

let world: World
let front: TestFront
let isAway = false

/** A database that is away while `isAway`: whatever is asked of it fails. */
const wrapDatabase = (db: Database): Database => ({
  ...db,
  rows: new Proxy(db.rows, {
    get: (rows, name) => {
      if (isAway) throw new Error('the database is away')
      return Reflect.get(rows, name) as unknown
    },
  }),
  transaction: (work) => {
    if (isAway) throw new Error('the database is away')
    return db.transaction(work)
  },
})

beforeAll(async () => {
  world = await openWorld({ wrapDatabase })
  front = await world.openFront()
})
afterAll(() => world.close())

test('an answer that comes while the database is away is settled when it is back, without a second run', async () => {
  const { promise: held, resolve: answerNow } = Promise.withResolvers<void>()
  const { url } = await world.openGateway()
  const worker = world.openWorker(url, {
    slots: 2,
    answer: async ({ text }) => {
      await held
      if (text === 'crashes' && worker.started.length < 3) throw new AppError('engine.crash')
      return text
    },
  })
  const answered = await front.desk.submit(request('waits'))
  const crashed = await front.desk.submit(request('crashes'))
  await until('both run', () => worker.started.length === 2)

  isAway = true
  answerNow()
  await until('unsettled', () => world.lines.some((it) => it.includes('job.unsettled')))
  await until('crash unsettled', () => world.lines.some((it) => it.includes('attempt.unsettled')))
  isAway = false
  const first = await until('delivery', () => front.of(answered.job))
  const second = await until('delivery', () => front.of(crashed.job), 60_000)

  expect(first.finished).toMatchObject({ state: 'done', attempts: 1 })
  expect(second.finished).toMatchObject({ state: 'done', attempts: 2 })
}, 120_000)
