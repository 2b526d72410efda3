/** A Redis that lies all the time, over a thousand jobs: it gains delay and nothing else. */
import { randomBytes, randomInt } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { type JobId, newJobId } from '../../src/core/ids.ts'
import { createTurnstile } from '../../src/queue/admission.ts'
import { createSweepStore } from '../../src/queue/desk-store.ts'
import { createFairness } from '../../src/queue/fairness.ts'
import { createPoolQueues } from '../../src/queue/pool-queue.ts'
import { connectRedis, type RedisLink } from '../../src/queue/redis.ts'
import { createReleaseStore } from '../../src/queue/release-store.ts'
import { createSweepSteps } from '../../src/queue/sweeps.ts'
import { createVerifier } from '../../src/tee/crypto/signature.ts'
import { verifyReleaseLog } from '../../src/tee/keys/release-log.ts'
import { openWorld, request, type TestFront, type World } from '../support/queue-world.ts'
import { keptLog } from '../support/stores.ts'
import { until } from '../support/until.ts'

const jobs = 1000
const marker = `marker-${randomBytes(8).toString('hex')}`

let world: World
let front: TestFront
let url: string
let redis: Redis
let link: RedisLink
/** Everything that was ever published, to be said again. */
const heard: [string, Buffer][] = []

beforeAll(async () => {
  world = await openWorld()
  front = await world.openFront()
  ;({ url } = await world.openGateway())
  redis = new Redis(world.redis.url)
  link = await connectRedis(world.redis.url, keptLog().log)
  const ear = new Redis(world.redis.url)
  ear.on('pmessageBuffer', (_pattern: Buffer, channel: Buffer, message: Buffer) => {
    if (heard.length < 20_000) heard.push([channel.toString(), Buffer.from(message)])
  })
  await ear.psubscribe('*')
  closers.push(() => ear.disconnect())
})
const closers: (() => void)[] = []
afterAll(async () => {
  for (const close of closers) close()
  redis.disconnect()
  await link.close()
  await world.close()
})

const pick = <T>(list: readonly T[]): T | undefined => list[randomInt(Math.max(1, list.length))]

/** One lie; any of them may hit nothing. */
const lies: readonly ((keys: readonly string[], known: readonly JobId[]) => Promise<unknown>)[] = [
  // A lock of somebody else, or none.
  async (keys) => {
    const lock = pick(keys.filter((key) => key.endsWith(':lock')))
    return lock && (randomInt(2) === 0 ? redis.del(lock) : redis.set(lock, 'forged'))
  },
  // An old or running job is offered again.
  async (keys, known) => {
    const wait =
      keys.find((key) => key.endsWith(':wait')) ??
      keys.find((key) => key.endsWith(':jobs:id'))?.replace(/id$/, 'wait')
    const job = pick(known)
    return wait && job && redis.lpush(wait, job)
  },
  // A job that never was.
  async (keys) => {
    const hash = pick(keys.filter((key) => /:jobs:[0-9a-f]{32}$/.test(key)))
    if (!hash) return undefined
    const invented = hash.slice(0, -32) + newJobId()
    await redis.hset(invented, await redis.hgetall(hash))
    return redis.lpush(hash.slice(0, -32) + 'wait', invented.slice(-32))
  },
  // The data of two jobs change places.
  async (keys) => {
    const hashes = keys.filter((key) => /:jobs:[0-9a-f]{32}$/.test(key))
    const [a, b] = [pick(hashes), pick(hashes)]
    if (!a || !b) return undefined
    const data = await redis.hget(a, 'data')
    return data === null ? undefined : redis.hset(b, 'data', data, 'name', 'forged')
  },
  // Who holds which lease is told wrongly.
  async (keys) => {
    const leases = keys.find((key) => key.endsWith(':leases'))
    const field = leases && pick(await redis.hkeys(leases))
    if (!leases || !field) return undefined
    const foreign = `${'0'.repeat(16)} ${randomBytes(16).toString('hex')} 1 token`
    return randomInt(2) === 0 ? redis.hdel(leases, field) : redis.hset(leases, field, foreign)
  },
  // An older message again: ended jobs, chunks of answers, cancels.
  async () => {
    const said = pick(heard)
    return said && redis.publish(said[0], said[1])
  },
  // A cancel that nobody asked for, rarely: each costs a while.
  async (_keys, known) => {
    const job = pick(known)
    return job && randomInt(20) === 0 ? redis.publish('gateways', `ended ${job} user`) : undefined
  },
  // A lost or doubled place of somebody who waits.
  async (keys) => {
    const place = pick(keys.filter((key) => key.includes('owner') || key.includes('fair')))
    return place && randomInt(30) === 0 ? redis.del(place) : undefined
  },
]

test(`over ${jobs} jobs with a lying Redis every answer is the asker’s own, once, paid once, by the attempt that holds the fence`, {
  timeout: 290_000,
}, async () => {
  const workers = [1, 2, 3].map(() => world.openWorker(url, { slots: 8 }))
  const asked = new Map<JobId, string>()
  const known: JobId[] = []
  const lying = new AbortController()
  let told = 0
  const liar = (async () => {
    while (!lying.signal.aborted) {
      const keys = await redis.keys('*')
      for (let n = 0; n < 4; n++) {
        const lie = lies[randomInt(lies.length)]
        // What Redis itself refuses (a list where a hash stands) is no lie told.
        const done = await lie?.(keys, known).catch(() => undefined)
        if (done) told++
      }
      await systemClock.sleep(5)
    }
  })()
  // What the sweeps of production do each half minute, without waiting for it.
  const queues = createPoolQueues(link)
  const fairness = createFairness(link)
  const store = createSweepStore(world.db)
  const { log } = keptLog()
  const turnstile = createTurnstile({
    link,
    queues,
    fairness,
    blobs: world.blobs,
    log,
    find: (found) => store.find(found),
  })
  const late = { ...systemClock, now: () => systemClock.now() + 31_000 }
  const steps = createSweepSteps({
    store,
    turnstile,
    queues,
    fairness,
    blobs: world.blobs,
    redis: link,
    clock: late,
    log,
  })

  for (let n = 0; n < jobs; n++) {
    const words = `${marker} number ${n}`
    const { job } = await front.desk.submit(
      request(words, { owner: `user-${n % 50}`, deadlineMs: 600_000 }),
    )
    asked.set(job, words)
    known.push(job)
    // Some come back for more than there is room for at once.
    await until('room', () => asked.size - front.delivered.length < 300, 120_000)
    if (n % 100 === 99) await steps.restore()
  }
  lying.abort()
  await liar
  await until(
    'all delivered',
    async () => {
      if (new Set(front.delivered.map(({ finished }) => finished.job)).size >= jobs) return true
      await steps.restore()
      return false
    },
    200_000,
  )

  const answered = front.delivered.map(({ finished }) => finished.job)
  const rows = await world.db.rows.job.findMany({ where: { id: { in: [...asked.keys()] } } })
  const receipts = await world.db.rows.receipt.findMany()
  const releases = createReleaseStore(world.db)
  const entries = (await releases.entries()).map((entry) => ({ net: 'devnet', ...entry }))
  const byJob = Map.groupBy(entries, ({ job }) => job)
  // Answered: each once, its own, whatever was offered, swapped or said again.
  expect(told).toBeGreaterThan(jobs / 2)
  expect(answered.length).toBe(new Set(answered).size)
  const mixedUp = front.delivered.filter(
    ({ finished, text }) => finished.state === 'done' && text !== asked.get(finished.job),
  )
  expect(mixedUp).toEqual([])
  const ended = Map.groupBy(front.delivered, ({ finished }) => finished.state)
  // What a lying queue may do at worst is to use up the attempts of a job: an error, nothing charged.
  expect(ended.get('done')?.length ?? 0).toBeGreaterThan(jobs * 0.9)
  expect([...ended.keys()].filter((state) => state !== 'done' && state !== 'failed')).toEqual([])
  // Paid: one receipt for each answered job, of the attempt that the row names, released to that worker.
  expect(receipts.length).toBe(ended.get('done')?.length)
  for (const receipt of receipts) {
    const row = rows.find(({ id }) => id === receipt.job)
    expect(row).toMatchObject({ state: 'done', attempt: receipt.attempt, kid: receipt.kid })
    expect(
      byJob.get(receipt.job)?.find(({ attempt }) => attempt === receipt.attempt),
    ).toMatchObject({ kid: receipt.kid, evidenceId: receipt.evidenceId })
  }
  // Released: by the broker's own counter, without gaps, to jobs that exist, and all of it in an unbroken log.
  for (const [job, released] of byJob) {
    expect(asked.has(job as JobId)).toBe(true)
    const attempts = released.map(({ attempt }) => attempt).toSorted((a, b) => a - b)
    expect(attempts).toEqual(attempts.map((_, at) => at + 1))
  }
  const isSigned = createVerifier(Buffer.from(world.identity.publicKey, 'base64url'))
  const attempts = await releases.attempts()
  const heads = (await releases.heads()).map((head) => ({ net: 'devnet', ...head }))
  const log1000 = verifyReleaseLog({ entries, heads, attempts, isSigned })
  expect(log1000.faults).toEqual([])
  // Read: no word of anybody in what Redis holds, said or wrote down.
  const held = await Promise.all((await redis.keys('*')).map((key) => redis.dumpBuffer(key)))
  const dump = Buffer.concat(held.map((value) => value ?? Buffer.alloc(0))).toString('latin1')
  expect(dump).not.toContain(marker)
  expect(Buffer.concat(heard.map(([, message]) => message)).includes(marker)).toBe(false)
  for (const worker of workers) await worker.stop()
  await queues.close()
})
