import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { createTurnstile } from '../../../src/queue/admission.ts'
import { createSweepStore } from '../../../src/queue/desk-store.ts'
import { createFairness } from '../../../src/queue/fairness.ts'
import { createPoolQueues } from '../../../src/queue/pool-queue.ts'
import { connectRedis } from '../../../src/queue/redis.ts'
import { createSweepSteps } from '../../../src/queue/sweeps.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { keptLog } from '../../support/stores.ts'
import { until } from '../../support/until.ts'

let world: World
let front: TestFront

beforeEach(async () => {
  world = await openWorld()
  front = await world.openFront()
})
afterEach(() => world.close())

const delivery = (job: string) => until('delivery', () => front.of(job))

/** A gate that answers wait for. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

/** The sweep that adds lost jobs, as it runs a minute from now. */
async function restoreLater(): Promise<void> {
  const { log } = keptLog()
  const redis = await connectRedis(world.redis.url, log)
  const store = createSweepStore(world.db)
  const queues = createPoolQueues(redis)
  const fairness = createFairness(redis)
  const { blobs } = world
  const find = store.find
  const turnstile = createTurnstile({ link: redis, queues, fairness, blobs, log, find })
  const clock = { ...systemClock, now: () => systemClock.now() + 60_000 }
  const deps = { store, turnstile, queues, fairness, blobs, redis, clock, log }
  await createSweepSteps(deps).restore()
  await queues.close()
  await redis.close()
}

test('workers that come back to a restarted gateway keep their jobs, and none runs twice', async () => {
  const first = await world.openGateway()
  const held = gate()
  const worker = world.openWorker(first.url, {
    slots: 6,
    answer: async (job) => {
      job.draft('begun')
      await held.opened
      return job.text
    },
  })
  const jobs = await Promise.all(
    Array.from({ length: 6 }, (_, i) => front.desk.submit(request(`r${i}`, { owner: `u${i}` }))),
  )
  await until('all run', () => worker.started.length === 6)

  await first.stop()
  await world.openGateway(first.port)
  await until('adopted', () => world.lines.filter((it) => it.includes('job.adopted')).length === 6)
  held.open()
  const ends = await Promise.all(jobs.map(({ job }) => delivery(job)))

  expect(ends.map(({ finished }) => finished.state)).toEqual(ends.map(() => 'done'))
  expect(ends.every(({ finished }) => finished.attempts === 1)).toBe(true)
  expect(worker.started).toHaveLength(6)
})

test('a job whose gateway and worker are gone for good runs at another gateway', async () => {
  const first = await world.openGateway()
  const lost = world.openWorker(first.url, {
    answer: async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return ''
    },
  })
  const { job } = await front.desk.submit(request('orphan'))
  await until('runs', () => lost.started.length === 1)

  await first.stop()
  await lost.stop()
  const second = await world.openGateway()
  world.openWorker(second.url)

  expect((await delivery(job)).finished).toMatchObject({ state: 'done', attempts: 2 })
})

test('a job runs on while Redis is killed and started again, and is settled once', async () => {
  const { url } = await world.openGateway()
  const held = gate()
  const worker = world.openWorker(url, {
    answer: async ({ text }) => {
      await held.opened
      return text
    },
  })
  const { job } = await front.desk.submit(request('survives'))
  await until('runs', () => worker.started.length === 1)

  await world.redis.kill('SIGKILL')
  await expect(front.desk.submit(request('refused'))).rejects.toMatchObject({ code: 'stores.down' })
  await world.redis.start()
  held.open()
  const { finished } = await delivery(job)
  const next = await until('desk is back', async () => {
    try {
      return await front.desk.submit(request('after'))
    } catch {
      return undefined
    }
  })
  const { finished: after } = await delivery(next.job)

  expect(finished).toMatchObject({ state: 'done', attempts: 1 })
  expect(after.state).toBe('done')
  expect(await world.db.rows.job.count()).toBe(2)
})

test('jobs of an emptied Redis are added again from their rows', async () => {
  const jobs = await Promise.all(
    Array.from({ length: 4 }, (_, i) => front.desk.submit(request(`e${i}`))),
  )
  const { log } = keptLog()
  const redis = await connectRedis(world.redis.url, log)
  await redis.commands.flushall()
  await redis.close()

  await restoreLater()
  const { url } = await world.openGateway()
  world.openWorker(url)
  const ends = await Promise.all(jobs.map(({ job }) => delivery(job)))

  expect(ends.map(({ text }) => text)).toEqual(['e0', 'e1', 'e2', 'e3'])
})

test('a job settled before a crash told the queue is not run again', async () => {
  const { job } = await front.desk.submit(request('settled'))
  await world.db.rows.job.update({
    where: { id: job },
    data: { state: 'failed', code: 'engine.crash', settledAt: new Date() },
  })

  const { url } = await world.openGateway()
  const worker = world.openWorker(url)
  await until('closed', () => world.lines.some((it) => it.includes('release.closed')))

  expect(worker.started).toEqual([])
  expect((await delivery(job)).finished).toMatchObject({ state: 'failed', code: 'engine.crash' })
})

test('a front that was away gets what ended meanwhile, and only once', async () => {
  const { url } = await world.openGateway()
  const { job } = await front.desk.submit(request('while away'))
  await front.desk.close()
  world.openWorker(url)
  await until(
    'settled',
    async () => (await world.db.rows.job.count({ where: { state: 'done' } })) === 1,
  )

  const back = await world.openFront()
  const { text } = await until('delivery', () => back.of(job))
  await until(
    'marked',
    async () => (await world.db.rows.job.count({ where: { deliveredAt: null } })) === 0,
  )
  const again = await world.openFront()

  expect(text).toBe('while away')
  expect(again.delivered).toEqual([])
  const row = await world.db.rows.job.findUniqueOrThrow({ where: { id: job } })
  expect([row.sealedResult, row.wrappedResult]).toEqual([null, null])
})

test('two gateways and two fronts share a queue: every answer reaches its own front once', async () => {
  const other = await world.openFront('bot-2')
  const gateways = [await world.openGateway(), await world.openGateway()]
  for (const { url } of gateways) world.openWorker(url, { slots: 2 })
  const submit = (at: TestFront, name: string) =>
    Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        at.desk.submit(request(`${name}${i}`, { owner: `${name}${i}` })),
      ),
    )

  const [mine, theirs] = await Promise.all([submit(front, 'a'), submit(other, 'b')])
  await until('all', () => front.delivered.length === 10 && other.delivered.length === 10)

  const jobsOf = (at: TestFront) => at.delivered.map(({ finished }) => finished.job).toSorted()
  expect(jobsOf(front)).toEqual(mine.map(({ job }) => job).toSorted())
  expect(jobsOf(other)).toEqual(theirs.map(({ job }) => job).toSorted())
})
