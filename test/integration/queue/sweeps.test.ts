import { existsSync, readdirSync } from 'node:fs'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../../src/core/clock.ts'
import { newBlobId, newJobId } from '../../../src/core/ids.ts'
import { poolOf } from '../../../src/core/tier.ts'
import { createTurnstile } from '../../../src/queue/admission.ts'
import type { Submitted } from '../../../src/queue/desk-port.ts'
import { createSweepStore } from '../../../src/queue/desk-store.ts'
import { createFairness } from '../../../src/queue/fairness.ts'
import { createPoolQueues, type PoolQueues } from '../../../src/queue/pool-queue.ts'
import { connectRedis, type RedisLink } from '../../../src/queue/redis.ts'
import { openShard } from '../../../src/queue/shard.ts'
import { createSweepSteps, promoteMs, startSweeps } from '../../../src/queue/sweeps.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { keptLog } from '../../support/stores.ts'
import { TestClock } from '../../support/test-clock.ts'
import { ECHO_MODEL } from '../../support/test-worker.ts'
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

/** What sweeps need, by `clock`. */
function sweepDeps<C extends Clock>(clock: C) {
  const { log } = keptLog()
  const store = createSweepStore(world.db)
  const fairness = createFairness(redis)
  const { blobs } = world
  const find = store.find
  const turnstile = createTurnstile({ link: redis, queues, fairness, blobs, log, find })
  return { store, turnstile, queues, fairness, blobs, redis, clock, log }
}

/** The sweeps as they run at this time. */
const sweepsAt = (nowMs: number) =>
  createSweepSteps(sweepDeps({ ...systemClock, now: () => nowMs }))

/** The sweeps as they run `laterMs` from now. */
const sweepsIn = (laterMs: number) => sweepsAt(systemClock.now() + laterMs)

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

/** The sweeps as the desk starts them, by a clock in the test's hands that begins now. */
function sweepsOnClock() {
  const clock = new TestClock(systemClock.now())
  return { clock, sweeps: startSweeps(sweepDeps(clock)) }
}

test('lost counters are repaired within five minutes of the clock', async () => {
  const [a, b, listed] = await Promise.all(
    ['a', 'b', 'c'].map((text) => front.desk.submit(request(text, { deadlineMs: 3_600_000 }))),
  )
  const { clock, sweeps } = sweepsOnClock()
  await sweeps.repairFairness()
  // As after a crash between rows and Redis: nobody said that these two have ended.
  await world.db.rows.job.updateMany({
    where: { id: { in: [a?.job ?? '', b?.job ?? ''] } },
    data: { state: 'cancelled', settledAt: new Date() },
  })
  const queue = queues.of(poolOf(ECHO_MODEL, 'simulated'))
  const before = await queue.look(listed?.job ?? newJobId())

  clock.advance(300_000)
  await until('the listed one is on the queue', async () => {
    return (await queue.look(listed?.job ?? newJobId())) === 'open'
  })

  expect(before).toBe('absent')
  await sweeps.close()
})

test('a batch job waits three minutes at most while interactive ones keep coming', async () => {
  const shard = await openShard(redis, poolOf(ECHO_MODEL, 'simulated'), systemClock)
  await front.desk.submit(
    request('batch', { class: 'batch', owner: 'archive', deadlineMs: 3_600_000 }),
  )
  const batch = await world.db.rows.job.findFirstOrThrow()
  const beganAt = batch.createdAt.getTime()
  let asked = 0
  const ask = () => front.desk.submit(request('now', { owner: `u${asked++}` }))
  for (let i = 0; i < 5; i++) await ask()

  // One job is served and another asked every five seconds, so that some of the first class always wait. Only the
  // promotion runs, as seldom as it does: nobody settles what is served here, so that `restore` would bring it back.
  const served: string[] = []
  while (!served.includes(batch.id) && served.length < 60) {
    const fetched = await shard.fetch('a token', 'at-once')
    if (!fetched) throw new Error('the queue ran dry')
    served.push(fetched.job)
    await fetched.complete('')
    await ask()
    const waitedMs = served.length * 5000
    if (waitedMs % promoteMs === 0) await sweepsAt(beganAt + waitedMs).promote()
  }
  await shard.close()

  expect(served.at(-1)).toBe(batch.id)
  expect(served.length).toBeGreaterThan(20)
  expect(served.length * 5000).toBeLessThanOrEqual(180_000)
})

test('a job is forgotten a month after it was delivered, its receipt and release after 400 days', async () => {
  const { url } = await world.openGateway()
  world.openWorker(url)
  const { job } = await front.desk.submit(request('old'))
  const { job: open } = await front.desk.submit(
    request('open', { model: 'nobody-serves' as never }),
  )
  await until('delivered', async () => {
    return (await world.db.rows.job.count({ where: { deliveredAt: { not: null } } })) === 1
  })
  const count = async () => ({
    jobs: await world.db.rows.job.findMany({ select: { id: true } }),
    receipts: await world.db.rows.receipt.count(),
    releases: await world.db.rows.release.count(),
  })
  const days = 86_400_000

  await sweepsIn(29 * days).purge()
  const young = await count()
  await sweepsIn(31 * days).purge()
  const old = await count()
  await sweepsIn(401 * days).purge()

  expect(young.jobs.map(({ id }) => id).toSorted()).toEqual([job, open].toSorted())
  expect(old).toEqual({ jobs: [{ id: open }], receipts: 1, releases: 1 })
  expect(await count()).toEqual({ jobs: [{ id: open }], receipts: 0, releases: 0 })
})
