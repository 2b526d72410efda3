import { afterAll, beforeAll, expect, test } from 'vitest'
import { isModelId, parseId } from '../../../src/core/ids.ts'
import { poolOf } from '../../../src/core/tier.ts'
import { openPoolQueue } from '../../../src/queue/pool-queue.ts'
import { connectRedis, type RedisLink } from '../../../src/queue/redis.ts'
import { ECHO_SPEECH } from '../../support/echo-lending.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { keptLog } from '../../support/stores.ts'
import { until } from '../../support/until.ts'

let world: World
let front: TestFront
let redis: RedisLink

beforeAll(async () => {
  world = await openWorld()
  front = await world.openFront()
  redis = await connectRedis(world.redis.url, keptLog().log)
})
afterAll(async () => {
  await redis.close()
  await world.close()
})

test('a job that Redis offers in the queue of another model is not released there', async () => {
  const strong = parseId('model-of-a-better-tier', isModelId)
  const { job } = await front.desk.submit(request('only for the strong', { model: strong }))
  const wrong = openPoolQueue(redis, poolOf(ECHO_SPEECH, 'simulated'))
  await wrong.add({ job, task: 'translate', class: 'interactive', expiresAtS: 2_000_000_000 })

  const { url } = await world.openGateway()
  const worker = world.openWorker(url)
  await until('refused', () => world.lines.some((it) => it.includes('job.misplaced')))

  expect(worker.started).toEqual([])
  expect(await front.desk.status(job)).toMatchObject({ state: 'queued', attempts: 0 })
  expect(await world.db.rows.release.count()).toBe(0)
  await wrong.close()
})

test('a settled job that Redis offers again is not run again, and no row is changed by it', async () => {
  const { job } = await front.desk.submit(request('once'))
  await until('delivery', () => front.of(job))
  const before = await world.db.rows.job.findUniqueOrThrow({ where: { id: job } })
  const queue = openPoolQueue(redis, poolOf(parseId('echo-text', isModelId), 'simulated'))
  await queue.remove(job)

  await queue.add({ job, task: 'translate', class: 'interactive', expiresAtS: 2_000_000_000 })
  await until('refused', () => world.lines.some((it) => it.includes('release.closed')))

  expect(await world.db.rows.job.findUniqueOrThrow({ where: { id: job } })).toEqual(before)
  expect(front.delivered.filter(({ finished }) => finished.job === job)).toHaveLength(1)
  await queue.close()
})

test('an invented job is not known to the broker', async () => {
  const queue = openPoolQueue(redis, poolOf(parseId('echo-text', isModelId), 'simulated'))
  const job = 'f'.repeat(32) as never
  const releases = await world.db.rows.release.count()

  await queue.add({ job, task: 'translate', class: 'interactive', expiresAtS: 2_000_000_000 })
  await until('ended', async () => (await queue.look(job)) === 'ended')

  expect(await world.db.rows.release.count()).toBe(releases)
  await queue.close()
})

test('a job that BullMQ has given up is failed, not run and not looped', async () => {
  const strong = parseId('model-that-nobody-serves', isModelId)
  const { job } = await front.desk.submit(request('given up', { model: strong }))
  const right = poolOf(parseId('echo-text', isModelId), 'simulated')
  await world.db.rows.job.update({ where: { id: job }, data: { model: 'echo-text' } })
  await redis.commands.hset(`{${right}:0}:jobs:${job}`, 'defa', 'stalled')
  const queue = openPoolQueue(redis, right)
  // A job hash with the mark and a place on the queue, as the stalled check leaves them.
  await redis.commands.hset(`{${right}:0}:jobs:${job}`, {
    name: 'translate',
    data: '{"v":1,"exp":2000000000}',
    opts: '{}',
    timestamp: '1',
    delay: '0',
    priority: '0',
  })
  await redis.commands.lpush(`{${right}:0}:jobs:wait`, job)
  await redis.commands.zadd(`{${right}:0}:jobs:marker`, 0, '0')

  const { finished } = await until('delivery', () => front.of(job))

  expect(finished).toMatchObject({ state: 'failed', code: 'worker.lost', attempts: 0 })
  expect(await queue.look(job)).toBe('ended')
  await queue.close()
})
