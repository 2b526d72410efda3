import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppError } from '../../../src/core/app-error.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { newJobId } from '../../../src/core/ids.ts'
import { Plaintext } from '../../../src/core/plaintext.ts'
import type { JobRequest } from '../../../src/queue/desk-port.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { untilAborted } from '../../support/test-worker.ts'
import { until } from '../../support/until.ts'

let world: World
let front: TestFront

beforeEach(async () => {
  world = await openWorld()
  front = await world.openFront()
})
afterEach(() => world.close())

const delivery = (job: string) => until('delivery', () => front.of(job))

test('the same request key gives the same job, also when both come at once', async () => {
  const [a, b] = await Promise.all([
    front.desk.submit(request('one', { requestKey: 'same' })),
    front.desk.submit(request('one', { requestKey: 'same' })),
  ])
  const c = await front.desk.submit(request('one', { requestKey: 'same' }))

  expect(new Set([a.job, b.job, c.job]).size).toBe(1)
  expect(a.isNew).not.toBe(b.isNew)
  expect(c.isNew).toBe(false)
  expect(await world.db.rows.job.count()).toBe(1)
})

test('the same request at another front of the bot is the same job', async () => {
  const other = await world.openFront('bot-2')

  const a = await front.desk.submit(request('one', { requestKey: 'same' }))
  const b = await other.desk.submit(request('one', { requestKey: 'same' }))

  expect([b.job, b.isNew]).toEqual([a.job, false])
})

test('places of jobs that ended while Redis was away are given to the next one at once', async () => {
  await Promise.all(['a', 'b'].map((text) => front.desk.submit(request(text))))
  await world.db.rows.job.updateMany({ data: { state: 'cancelled', settledAt: new Date() } })

  const { job } = await front.desk.submit(request('c'))

  expect(await front.desk.status(job)).toMatchObject({ state: 'queued' })
})

test('one owner has two jobs on the queue, twenty in the list, and no more', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 25 }, (_, i) => front.desk.submit(request(`j${i}`))),
  )
  const accepted = results.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []))
  const refused = results.flatMap((it) => (it.status === 'rejected' ? [it.reason] : []))
  const states = await Promise.all(accepted.map(({ job }) => front.desk.status(job)))

  expect(accepted).toHaveLength(22)
  expect(refused.map((it) => it.code)).toEqual([
    'input.too-many',
    'input.too-many',
    'input.too-many',
  ])
  expect(states.filter(({ state }) => state === 'queued')).toHaveLength(2)
  expect(states.filter(({ state }) => state === 'held')).toHaveLength(20)
  expect(await world.db.rows.job.count()).toBe(22)
})

test('of 500 jobs of one owner at most two start before the one of a second owner', async () => {
  let accepted = 0
  for (let sent = 0; sent < 500; sent += 50) {
    const some = await Promise.allSettled(
      Array.from({ length: 50 }, (_, i) => front.desk.submit(request(`many${sent + i}`))),
    )
    accepted += some.filter(({ status }) => status === 'fulfilled').length
  }
  const { job } = await front.desk.submit(request('newcomer', { owner: 'user-2' }))
  const { url } = await world.openGateway()
  const worker = world.openWorker(url)

  await delivery(job)

  expect(worker.started.findIndex((it) => it.job === job)).toBeLessThanOrEqual(2)
  // Two on the queue and twenty in the list; the others were refused at once.
  expect(accepted).toBe(22)
  await until('all', () => front.delivered.length === accepted + 1)
})

test('a job is cancelled while it waits in the list, on the queue, and while it runs', async () => {
  const { url } = await world.openGateway()
  const jobs = await Promise.all(
    Array.from({ length: 4 }, (_, i) => front.desk.submit(request(`c${i}`))),
  )
  const listed = jobs.at(-1)?.job ?? newJobId()
  const queued = jobs.at(0)?.job ?? newJobId()

  expect(await front.desk.cancel(listed)).toBe(true)
  expect(await front.desk.cancel(queued)).toBe(true)
  let stopped = 0
  const worker = world.openWorker(url, {
    answer: ({ signal }) => {
      signal.addEventListener('abort', () => stopped++)
      return untilAborted(signal)
    },
  })
  const running = await until('runs', () => worker.started.at(0))
  expect(await front.desk.cancel(running.job as typeof listed)).toBe(true)
  const next = await until('slot is free again', () => worker.started.at(1))

  expect(stopped).toBe(1)
  expect([listed, queued]).not.toContain(next.job)
  for (const job of [listed, queued, running.job]) {
    const { finished } = await delivery(job)
    expect(finished).toMatchObject({ state: 'cancelled', code: 'job.cancelled' })
  }
  const rows = await world.db.rows.job.findMany({ where: { state: 'cancelled' } })
  expect(rows.every((row) => row.sealedEnvelope === null && row.wrappedCek === null)).toBe(true)
})

test('a job that has ended cannot be cancelled, and an unknown one is not known', async () => {
  const { url } = await world.openGateway()
  world.openWorker(url)
  const { job } = await front.desk.submit(request('done'))
  await delivery(job)

  expect(await front.desk.cancel(job)).toBe(false)
  expect(await front.desk.status(job)).toMatchObject({ state: 'done', attempts: 1 })
  await expect(front.desk.status(newJobId())).rejects.toMatchObject({ code: 'job.unknown' })
})

test('a job past its deadline expires, waiting or running, and its worker is told', async () => {
  const waiting = await front.desk.submit(request('nobody', { deadlineMs: 1500 }))
  expect((await delivery(waiting.job)).finished).toMatchObject({
    state: 'expired',
    code: 'job.expired',
  })
  const { url } = await world.openGateway()
  let aborted = false
  const worker = world.openWorker(url, {
    answer: ({ signal }) => {
      signal.addEventListener('abort', () => {
        aborted = true
      })
      return untilAborted(signal)
    },
  })
  await until('ready', () => world.lines.some((it) => it.includes('worker.ready')))

  const running = await front.desk.submit(request('too slow', { deadlineMs: 3000 }))

  expect((await delivery(running.job)).finished).toMatchObject({ state: 'expired' })
  expect(worker.started.map((it) => it.job)).toEqual([running.job])
  await until('aborted', () => aborted)
})

test('with Redis away nothing is taken in and nothing is held', async () => {
  await world.redis.kill('SIGKILL')

  await expect(front.desk.submit(request('lost'))).rejects.toMatchObject({ code: 'stores.down' })

  expect(await world.db.rows.job.count()).toBe(0)
})

test.each([
  ['a text above 1 MiB', { content: Plaintext.of('x'.repeat(2 ** 20)) }, 'input.too-large'],
  ['an empty text', { content: Plaintext.of('') }, 'input.empty'],
  ['a deadline in the past', { deadlineMs: 0 }, 'input.invalid'],
  ['a deadline above a day', { deadlineMs: 86_400_001 }, 'input.invalid'],
])('%s is refused before anything is written', async (_what, change, code) => {
  await expect(front.desk.submit(request('x', change))).rejects.toMatchObject({ code })

  expect(await world.db.rows.job.count()).toBe(0)
})

test('sound that breaks off leaves neither job nor file', async () => {
  const audio = (async function* () {
    yield Buffer.alloc(100_000)
    throw new AppError('internal.error')
  })()

  await expect(front.desk.submit(request('x', { audio }))).rejects.toMatchObject({
    code: 'internal.error',
  })

  expect(await world.db.rows.job.count()).toBe(0)
  expect(await world.blobs.olderThan(systemClock.now() + 1000)).toEqual([])
})

test('a delivery that fails is tried again, and the answer is still there', async () => {
  const { url } = await world.openGateway()
  world.openWorker(url)
  await front.desk.close()
  const second = await openWorldFrontThatFailsOnce()

  const { job } = await second.submit(request('twice'))
  const texts = await until('second try', () =>
    second.texts.length === 2 ? second.texts : undefined,
  )

  expect(texts).toEqual(['twice', 'twice'])
  expect((await world.db.rows.job.findUniqueOrThrow({ where: { id: job } })).state).toBe('done')
})

async function openWorldFrontThatFailsOnce() {
  const texts: string[] = []
  const { desk } = await world.openFront('bot-3', async (_finished, text) => {
    texts.push(text)
    if (texts.length === 1) throw new Error('Telegram is away')
  })
  return { texts, submit: (it: JobRequest) => desk.submit(it) }
}
