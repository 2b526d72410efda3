/** Two fronts of one bot and one of another, two gateways, one Redis and one Postgres: who delivers when a front is gone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { isFrontId, parseId } from '../../../src/core/ids.ts'
import { createFrontStore } from '../../../src/queue/front-store.ts'
import { startFrontWatch } from '../../../src/queue/front-watch.ts'
import { connectRedis, type RedisLink } from '../../../src/queue/redis.ts'
import { hasPostgres, startTestPostgres, type TestPostgres } from '../../support/postgres.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { createDatabase, keptLog } from '../../support/stores.ts'
import { TestClock } from '../../support/test-clock.ts'
import { until } from '../../support/until.ts'

const nothing = async (): Promise<void> => undefined
const first = parseId('bot-1', isFrontId)
const twin = parseId('bot-1-twin', isFrontId)

describe.skipIf(!hasPostgres())('fronts of one bot (needs Postgres)', () => {
  let postgres: TestPostgres
  let world: World
  let redis: RedisLink
  beforeAll(async () => {
    postgres = await startTestPostgres()
    world = await openWorld({ databaseUrl: await createDatabase(postgres.url) })
    redis = await connectRedis(world.redis.url, keptLog().log)
  })
  afterAll(async () => {
    await redis?.close()
    await world?.close()
    await postgres?.stop()
  })
  const frontOf = async (job: string): Promise<string> =>
    (await world.db.rows.job.findUniqueOrThrow({ where: { id: job } })).front
  /** What the death of a front leaves in Redis after half a minute. */
  const loseSign = async (): Promise<void> =>
    void (await redis.commands.del(`front:${first}:alive`))

  test('a front that is silent for a minute is taken over, one that lives or is another bot’s is not', async () => {
    const { log } = keptLog()
    const clock = new TestClock(systemClock.now())
    const store = createFrontStore(world.db)
    const watchOf = (front: typeof first, bot: string) =>
      startFrontWatch({ front, bot, redis, store, clock, log, onTaken: () => undefined })
    const waiting = await world.openFront(first, nothing)
    const { job } = await waiting.desk.submit(request('owed'))
    const [living, watch, stranger] = [
      watchOf(first, '7'),
      watchOf(twin, '7'),
      watchOf(parseId('bot-2', isFrontId), '8'),
    ]
    const look = async (ms: number): Promise<string> => {
      clock.advance(ms)
      for (const it of [watch, stranger]) await it.look()
      return frontOf(job)
    }
    await living.look()
    await living.close()

    const whileAlive = [await look(0), await look(60_000)]
    await loseSign()
    const silent = [await look(0), await look(29_000), await look(2000)]

    expect(whileAlive).toEqual([first, first])
    expect(silent).toEqual([first, first, twin])
    await Promise.all([watch.close(), stranger.close(), waiting.desk.close()])
    await world.db.rows.job.deleteMany()
  })

  test('every answer of a killed front arrives at its twin once, those of another bot at their own', async () => {
    const other = await world.openFront('bot-2', nothing, { bot: '8' })
    const killed = await world.openFront(first, nothing, { bot: '7' })
    const gateways = [await world.openGateway(), await world.openGateway()]
    const held = Promise.withResolvers<void>()
    for (const { url } of gateways)
      world.openWorker(url, {
        slots: 8,
        answer: async ({ text }) => {
          await held.promise
          return text
        },
      })
    const submit = (at: TestFront, name: string) =>
      Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          at.desk.submit(request(`${name}${i}`, { owner: `${name}${i}` })),
        ),
      )
    const [mine, theirs] = await Promise.all([submit(killed, 'a'), submit(other, 'b')])
    await killed.desk.close()
    await loseSign()
    // Its clock is turned by the test: a minute passes at once.
    const clock = new TestClock(systemClock.now())
    const rescuer = await world.openFront(twin, nothing, { bot: '7', clock })

    await until('taken over', async () => {
      clock.advance(10_000)
      return (await world.db.rows.job.count({ where: { front: twin } })) === mine.length
    })
    held.resolve()
    await until('all', () => rescuer.delivered.length === 6 && other.delivered.length === 6)
    await until('marked', async () => {
      return (await world.db.rows.job.count({ where: { deliveredAt: null } })) === 0
    })
    const back = await world.openFront(first, nothing, { bot: '7' })

    const jobsOf = (at: TestFront) => at.delivered.map(({ finished }) => finished.job).toSorted()
    expect(jobsOf(rescuer)).toEqual(mine.map(({ job }) => job).toSorted())
    expect(jobsOf(other)).toEqual(theirs.map(({ job }) => job).toSorted())
    expect([killed.delivered, back.delivered]).toEqual([[], []])
  })
})
