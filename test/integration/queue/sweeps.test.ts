import { existsSync, readdirSync } from 'node:fs'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { newBlobId, newJobId } from '../../../src/core/ids.ts'
import { createTurnstile } from '../../../src/queue/admission.ts'
import type { Submitted } from '../../../src/queue/desk-port.ts'
import { createSweepStore } from '../../../src/queue/desk-store.ts'
import { createFairness } from '../../../src/queue/fairness.ts'
import { createPoolQueues, type PoolQueues } from '../../../src/queue/pool-queue.ts'
import { connectRedis, type RedisLink } from '../../../src/queue/redis.ts'
import { createSweepSteps } from '../../../src/queue/sweeps.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { keptLog } from '../../support/stores.ts'
import { until } from '../../support/until.ts'

let world: World
let front: TestFront
let redis: RedisLink
let queues: PoolQueues

beforeEach(async () => {
  world = await openWorld()
  front = await world.openFront()
  redis = await connectRedis(world.redis.url, keptLog().log)
  queues = createPoolQueues(redis)
})
afterEach(async () => {
  await queues.close()
  await redis.close()
  await world.close()
})

/** The sweeps as they run `laterMs` from now. */
function sweepsIn(laterMs: number) {
  const { log } = keptLog()
  const store = createSweepStore(world.db)
  const fairness = createFairness(redis)
  const { blobs } = world
  const find = store.find
  const turnstile = createTurnstile({ link: redis, queues, fairness, blobs, log, find })
  const clock = { ...systemClock, now: () => systemClock.now() + laterMs }
  return createSweepSteps({ store, turnstile, queues, fairness, blobs, redis, clock, log })
}

const sound = (bytes: number) =>
  (async function* () {
    yield Buffer.alloc(bytes, 1)
  })()

test('a waiting batch goes before later channel posts after a minute, and before all after two', async () => {
  const { job } = await front.desk.submit(request('batch', { class: 'batch' }))
  const place = async (): Promise<number> => (await front.desk.status(job)).place
  for (const owner of ['a', 'b']) {
    await front.desk.submit(request('post', { owner, class: 'channel' }))
    await front.desk.submit(request('now', { owner, class: 'interactive' }))
  }

  expect(await place()).toBe(4)
  await sweepsIn(121_000).promote()

  const { url } = await world.openGateway()
  const worker = world.openWorker(url)
  await until('all', () => front.delivered.length === 5)
  expect(worker.started.findIndex((it) => it.job === job)).toBeLessThanOrEqual(2)
})

test('owners whose counts point to ended jobs are let in again', async () => {
  const [a, b, listed] = await Promise.all(
    ['a', 'b', 'c'].map((text) => front.desk.submit(request(text))),
  )
  // As after a crash between the row and Redis: two rows have ended, their places are still taken.
  await world.db.rows.job.updateMany({
    where: { id: { in: [a?.job ?? '', b?.job ?? ''] } },
    data: { state: 'cancelled', settledAt: new Date() },
  })
  const status = (it: Submitted | undefined) => front.desk.status(it?.job ?? newJobId())
  const states = [await status(a), await status(b), await status(listed)]

  await sweepsIn(60_000).repairFairness()

  const { url } = await world.openGateway()
  world.openWorker(url)
  expect(states.map(({ state }) => state)).toContain('held')
  await until('the held one ran', async () => {
    return (await world.db.rows.job.count({ where: { state: 'done' } })) >= 1
  })
})

test('a blob without a job goes, one with an open job stays, an abandoned upload goes', async () => {
  await front.desk.submit(request('sound', { task: 'transcribe', audio: sound(1000) }))
  const orphan = newBlobId()
  const folder = join(world.data, 'blobs', orphan.slice(0, 2))
  await mkdir(folder, { recursive: true })
  for (const name of [orphan, `${newBlobId()}.part`]) await writeFile(join(folder, name), 'x')
  const old = new Date(systemClock.now() - 3_600_000)
  for (const shelf of readdirSync(join(world.data, 'blobs')))
    for (const name of readdirSync(join(world.data, 'blobs', shelf)))
      await utimes(join(world.data, 'blobs', shelf, name), old, old)

  await sweepsIn(0).sweepBlobs()

  const left = readdirSync(join(world.data, 'blobs')).flatMap((shelf) =>
    readdirSync(join(world.data, 'blobs', shelf)),
  )
  const { blobId } = await world.db.rows.job.findFirstOrThrow()
  expect(left).toEqual([blobId])
})

test('a job whose blob is lost fails and says so, and its blob is gone after an ordinary end', async () => {
  const lost = await front.desk.submit(
    request('lost', { task: 'transcribe', audio: sound(1000), deadlineMs: 3_600_000 }),
  )
  const { blobId } = await world.db.rows.job.findFirstOrThrow()
  const file = join(world.data, 'blobs', (blobId ?? '').slice(0, 2), blobId ?? '')
  expect(existsSync(file)).toBe(true)
  await world.blobs.remove(blobId as never)

  await sweepsIn(20 * 60_000).sweepBlobs()

  const { finished } = await until('delivery', () => front.of(lost.job))
  expect(finished).toMatchObject({ state: 'failed', code: 'stores.lost' })
  const next = await front.desk.submit(request('next', { task: 'transcribe', audio: sound(1000) }))
  await front.desk.cancel(next.job)
  await until('blob gone', async () => {
    const found = await world.blobs.olderThan(systemClock.now() + 1000)
    return found.length === 0
  })
})

test('an answer that nobody fetched for a day is destroyed', async () => {
  await front.desk.close()
  const { url } = await world.openGateway()
  const quiet = await world.openFront('bot-9')
  await quiet.desk.submit(request('never fetched'))
  await quiet.desk.close()
  world.openWorker(url)
  await until(
    'done',
    async () => (await world.db.rows.job.count({ where: { state: 'done' } })) === 1,
  )

  await sweepsIn(86_400_001).restore()

  const row = await world.db.rows.job.findFirstOrThrow()
  expect([row.sealedResult, row.wrappedResult]).toEqual([null, null])
})
