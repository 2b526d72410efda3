import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { InboxStore } from '../../../src/bot/intake/inbox.ts'
import { createInboxStore, leaseMs } from '../../../src/bot/intake/inbox-store.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { isFrontId, parseId } from '../../../src/core/ids.ts'
import { type Database, openDatabase } from '../../../src/db/database.ts'
import { hasPostgres, startTestPostgres, type TestPostgres } from '../../support/postgres.ts'
import { TestClock } from '../../support/test-clock.ts'

let postgres: TestPostgres | undefined
let db: Database
let one: InboxStore
let two: InboxStore
beforeAll(async () => {
  postgres = hasPostgres() ? await startTestPostgres() : undefined
  db = await openDatabase({ url: postgres?.url ?? 'memory:', clock: systemClock })
  one = storeOf('bot-1')
  two = storeOf('bot-2')
}, 180_000)
afterAll(async () => {
  await db.close()
  await postgres?.stop()
}, 60_000)
beforeEach(async () => {
  await db.rows.inbox.deleteMany({ where: { botId } })
  await db.rows.inboxLane.deleteMany({ where: { botId } })
})

const botId = 4711n
const clock = new TestClock()
const storeOf = (name: string): InboxStore =>
  createInboxStore({ db, botId: Number(botId), holder: parseId(name, isFrontId), clock })
const row = (updateId: number, lane: number) => ({
  updateId,
  lane,
  kind: 'message',
  chatId: lane,
  sealed: Uint8Array.of(1),
})
const ids = async (claimed: ReturnType<InboxStore['claim']>): Promise<number[]> =>
  (await claimed).map(({ updateId }) => updateId)

test('a chat is given to one process only, with all its rows in their order', async () => {
  await one.keep([row(1, 7), row(2, 8), row(3, 7)])

  expect(await ids(one.claim([], 1))).toEqual([1, 3])
  expect(await ids(two.claim([], 10))).toEqual([2])
  expect(await ids(one.claim([1, 3], 10))).toEqual([])
})

test('what comes later for a chat goes to whoever has it, until it is let go', async () => {
  await one.keep([row(1, 7)])
  await one.claim([], 10)
  await two.keep([row(2, 7)])

  expect(await ids(two.claim([], 10))).toEqual([])
  expect(await ids(one.claim([1], 10))).toEqual([2])
  await one.close([1])
  await one.release([7])
  expect(await ids(two.claim([], 10))).toEqual([2])
})

test('the chats of a process that says nothing any more go to another; one that says so keeps them', async () => {
  await one.keep([row(1, 7)])
  await one.claim([], 10)

  clock.advance(leaseMs - 1000)
  await one.renew()
  clock.advance(leaseMs - 1000)
  expect(await ids(two.claim([], 10))).toEqual([])
  clock.advance(2000)
  expect(await ids(two.claim([], 10))).toEqual([1])
  expect(await ids(one.claim([], 10))).toEqual([])
})

test('a process that starts again has its chats at once', async () => {
  await one.keep([row(1, 7)])
  await one.claim([], 10)

  expect(await ids(storeOf('bot-1').claim([], 10))).toEqual([1])
})

test('two processes that grasp at the same moment never get the same chat', async () => {
  const lanes = Array.from({ length: 60 }, (_, at) => at + 1)
  await one.keep(lanes.map((lane) => row(lane, lane)))

  const both = await Promise.all([
    ids(one.claim([], 40)),
    ids(two.claim([], 40)),
    ids(one.claim([], 40)),
    ids(two.claim([], 40)),
  ])

  const ofOne = new Set([...(both[0] ?? []), ...(both[2] ?? [])])
  const ofTwo = new Set([...(both[1] ?? []), ...(both[3] ?? [])])
  expect([...ofOne].filter((id) => ofTwo.has(id))).toEqual([])
})
