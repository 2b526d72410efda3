/** What the queue relies on in BullMQ; an upgrade that changes any of it turns one of these red. */
import { Queue, Worker } from 'bullmq'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { isPoolId, newJobId, type PoolId, parseId } from '../../../src/core/ids.ts'
import { openPoolQueue, type PoolQueue } from '../../../src/queue/pool-queue.ts'
import { connectRedis, type RedisLink } from '../../../src/queue/redis.ts'
import { type Fetched, openShard, type Shard } from '../../../src/queue/shard.ts'
import { keptLog, startTestRedis, type TestRedis } from '../../support/stores.ts'

let redis: TestRedis
let link: RedisLink
let queue: PoolQueue
let shard: Shard
let pool: PoolId
let pools = 0

beforeAll(async () => {
  redis = await startTestRedis()
  link = await connectRedis(redis.url, keptLog().log)
})
afterAll(async () => {
  await shard.close()
  await link.close()
  await redis.stop()
})
beforeEach(async () => {
  await shard?.close()
  pool = parseId(`facts.p${pools++}`, isPoolId)
  queue = openPoolQueue(link, pool)
  shard = await openShard(link, pool, systemClock)
})

const expiresAtS = 2_000_000_000
const add = async (rank: 'interactive' | 'channel' | 'batch' = 'interactive') => {
  const job = newJobId()
  await queue.add({ job, task: 'translate', class: rank, expiresAtS })
  return job
}
const fetchNow = (token: string) => shard.fetch(token, 'at-once')

/** A blocked fetch comes back empty after a second, and after a stale wake-up. */
async function fetchSoon(token: string): Promise<Fetched> {
  for (;;) {
    const fetched = await shard.fetch(token, 'block')
    if (fetched) return fetched
  }
}

test('the same job added again is the first one still', async () => {
  const job = await add()

  await queue.add({ job, task: 'other', class: 'batch', expiresAtS: 1 })

  expect(await queue.countWaiting()).toEqual({ first: 1, all: 1 })
  expect((await fetchNow('t'))?.job).toBe(job)
  expect(await fetchNow('t2')).toBeUndefined()
})

test('a queue name or job id with a colon is refused, a job id of 32 digits is not', async () => {
  await expect(async () => new Queue('a:b', { connection: link.commands })).rejects.toThrow(/:/)
  const plain = new Queue('plain', { connection: link.commands, prefix: '{plain}' })

  await expect(plain.add('x', {}, { jobId: 'a:b' })).rejects.toThrow(/:/)
  expect((await plain.add('x', {}, { jobId: '1'.repeat(32) })).id).toBe('1'.repeat(32))
  await plain.close()
})

test('interactive jobs come first, then channel posts, then batches', async () => {
  const batch = await add('batch')
  const channel = await add('channel')
  const interactive = await add()

  const order = [await fetchNow('a'), await fetchNow('b'), await fetchNow('c')]

  expect(order.map((it) => it?.job)).toEqual([interactive, channel, batch])
})

test('promotion moves a waiting job before the others, and repeats harmlessly', async () => {
  await add('channel')
  const old = await add('batch')

  await queue.promote(old, 'interactive')
  await queue.promote(old, 'interactive')

  expect((await fetchNow('a'))?.job).toBe(old)
})

test('a job put back is handed out again, at once for interactive ones', async () => {
  const job = await add()
  const first = await fetchNow('a')
  const waiting = fetchSoon('b')

  await first?.requeue()

  const again = await waiting
  expect([again.job, again.isRepeat]).toEqual([job, true])
})

test('an idle fetcher comes back with nothing and unasked, so that a gateway can stop', async () => {
  expect(await shard.fetch('a', 'block')).toBeUndefined()
})

test('only the holder of the token ends, extends or puts back a job', async () => {
  const job = await add()
  const mine = await fetchNow('mine')
  const thief = await shard.adopt(job, 'stolen')

  await expect(thief?.complete('')).rejects.toThrow(/lock/i)
  await expect(thief?.requeue()).rejects.toThrow(/lock/i)
  expect(await shard.extend([{ job, token: 'stolen' }])).toEqual([job])
  expect(await shard.extend([{ job, token: 'mine' }])).toEqual([])
  await mine?.complete('ab')
  expect(await queue.look(job)).toBe('ended')
})

test('another process with the token may go on with the lease', async () => {
  const job = await add()
  await fetchNow('token')

  const adopted = await shard.adopt(job, 'token')
  await adopted?.complete('ab')

  expect(await queue.look(job)).toBe('ended')
})

test('a locked job is not removed, a waiting one is', async () => {
  const [locked, waiting] = [await add(), await add()]
  await fetchNow('t')

  await queue.remove(locked)
  await queue.remove(waiting)

  expect([await queue.look(locked), await queue.look(waiting)]).toEqual(['open', 'absent'])
})

test('a failed job leaves its code and no stack', async () => {
  const job = await add()

  await (await fetchNow('t'))?.fail('engine.crash')

  const hash = await link.commands.hgetall(`{${pool}:0}:jobs:${job}`)
  expect(hash['failedReason']).toBe('engine.crash')
  expect(JSON.stringify(hash)).not.toContain(' at ')
})

test('a delayed job comes back after its time', async () => {
  const job = await add()
  const started = systemClock.now()

  await (await fetchNow('t'))?.delay(300)
  expect(await fetchNow('t2')).toBeUndefined()
  const again = await fetchSoon('t3')

  expect(again.job).toBe(job)
  expect(systemClock.now() - started).toBeGreaterThanOrEqual(290)
})

test('a lock that nobody renews runs out, and the job is handed out again', async () => {
  const job = await add()
  await fetchNow('frozen')
  const started = systemClock.now()

  const again = await fetchSoon('next')

  expect(again.job).toBe(job)
  expect(systemClock.now() - started).toBeGreaterThan(10_000)
})

/** A bare fetcher with its own settings, for what our own never lets happen. */
async function withFetcher(
  options: { drainDelay?: number; lockMs?: number; stalledMs?: number; maxStalledCount?: number },
  use: (worker: Worker) => Promise<void>,
): Promise<void> {
  const connection = link.openBlocking()
  const worker = new Worker('jobs', null, {
    connection,
    prefix: `{${pool}:0}`,
    autorun: false,
    skipLockRenewal: true,
    drainDelay: options.drainDelay ?? 1,
    lockDuration: options.lockMs ?? 15_000,
    stalledInterval: options.stalledMs ?? 5000,
    maxStalledCount: options.maxStalledCount ?? 1,
  })
  worker.on('error', () => undefined)
  try {
    await use(worker)
  } finally {
    await worker.close(true)
    connection.disconnect()
  }
}

test('a job of a lower class that is put back wakes no idle fetcher, but is there for who asks', async () => {
  await withFetcher({ drainDelay: 5 }, async (idle) => {
    const job = await add('channel')
    const held = await fetchNow('a')
    // The first call finds the queue empty, the second one the mark that the job left when it was added; the third waits.
    await idle.getNextJob('b', { block: false })
    await idle.getNextJob('b', { block: true })
    let woken = false
    const waiting = idle.getNextJob('c', { block: true }).finally(() => {
      woken = true
    })
    await systemClock.sleep(200)

    await held?.requeue()
    await systemClock.sleep(300)
    const wokenByIt = woken
    const found = await fetchNow('d')

    expect([wokenByIt, found?.job]).toEqual([false, job])
    await found?.complete('')
    await waiting
  })
})

test('while one fetch waits, others of the same fetcher do not', async () => {
  // Waits five seconds, so that a slow machine's order is right as well.
  await withFetcher({ drainDelay: 5 }, async (fetcher) => {
    await fetcher.getNextJob('drained', { block: false })
    const ended: string[] = []
    const waiting = fetcher.getNextJob('waits', { block: true }).then(() => ended.push('waits'))

    await fetcher.getNextJob('asks', { block: false })
    ended.push('asks')

    await waiting
    expect(ended).toEqual(['asks', 'waits'])
  })
})

test('BullMQ counts starts and not our attempts: a job put back was started twice and made none', async () => {
  const job = await add()
  await (await fetchNow('a'))?.requeue()
  await fetchNow('b')

  const hash = await link.commands.hgetall(`{${pool}:0}:jobs:${job}`)

  expect([hash['ats'], hash['atm']]).toEqual(['2', undefined])
})

test('a job that stalled too often is handed out for ever, marked and never failed', async () => {
  // Our own shard looks for stalled jobs as well, by its own times and counts.
  await shard.close()
  await withFetcher({ lockMs: 300, stalledMs: 300, maxStalledCount: 1 }, async (worker) => {
    const job = await add()
    await worker.startStalledCheckTimer()
    const starts: boolean[] = []
    while (starts.length < 4) {
      const found = await worker.getNextJob(`t${starts.length}`, { block: true })
      if (found) starts.push(Boolean(found.deferredFailure))
    }

    expect(starts[0]).toBe(false)
    expect(starts.at(-1)).toBe(true)
    expect(await queue.look(job)).toBe('open')
  })
}, 60_000)
