/** How many jobs the gateway fetches at once, and what happens to them: a queue in the test's hands. */
import { expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { isJobId, isModelId, isPoolId, newJobId, parseId } from '../../../src/core/ids.ts'
import { createBreaker } from '../../../src/gateway/breaker.ts'
import type { Broker } from '../../../src/gateway/broker.ts'
import type { LeaseBook } from '../../../src/gateway/lease-book.ts'
import { createLeasing, type LeasingDeps } from '../../../src/gateway/leasing.ts'
import type { Lease, Worker } from '../../../src/gateway/worker.ts'
import type { Fetched, Shard } from '../../../src/queue/shard.ts'
import { keptLog } from '../../support/stores.ts'
import { until } from '../../support/until.ts'

const pool = parseId('model.simulated', isPoolId)
const model = parseId('model', isModelId)

/** A gateway's leasing with one worker of so many slots; `answers` are what each fetch brings, in order. */
function leasingOver(slots: number, answers: readonly ('job' | 'nothing' | Error)[]) {
  const { log, lines } = keptLog()
  const lent: string[] = []
  const fetches: { how: string; inFlight: number }[] = []
  const idle = Promise.withResolvers<undefined>()
  let inFlight = 0
  const fetched = (token: string): Fetched => ({
    job: newJobId(),
    token,
    isRepeat: false,
    isGivenUp: false,
    complete: async () => undefined,
    fail: async () => undefined,
    requeue: async () => undefined,
    delay: async () => undefined,
  })
  const shard: Shard = {
    pool,
    fetch: async (token, how) => {
      const answer = answers[fetches.length]
      inFlight++
      fetches.push({ how, inFlight })
      await Promise.resolve()
      inFlight--
      if (answer instanceof Error) throw answer
      if (answer === 'job') return fetched(token)
      return answer === 'nothing' ? undefined : idle.promise
    },
    extend: async () => [],
    adopt: async () => undefined,
    close: async () => idle.resolve(undefined),
  }
  const worker = {
    kid: 'a'.repeat(32),
    pools: new Map([[pool, { model, kind: 'llm', weights: '' }]]),
    slots: { llm: slots, stt: 0 },
    reserved: { llm: 0, stt: 0 },
    leases: new Map<string, unknown>(),
    unsentBytes: () => 0,
    isDraining: false,
    isExpired: false,
    isGone: false,
  } as unknown as Worker
  const book = {
    all: new Map(),
    add: (lease: Lease) => worker.leases.set(lease.job, lease),
  } as unknown as LeaseBook
  const broker = {
    lend: async ({ fetched: one, served }: Parameters<Broker['lend']>[0]) => {
      lent.push(one.job)
      return { job: one.job, attempt: 1, kid: worker.kid, served } as unknown as Lease
    },
  } as unknown as Broker
  const leasing = createLeasing({
    gateway: 'g',
    workers: new Set([worker]),
    openShard: async () => shard,
    broker,
    book,
    breaker: createBreaker(systemClock),
    clock: systemClock,
    log,
  } as unknown as LeasingDeps)
  leasing.serve(pool)
  return { leasing, lent, fetches, lines }
}

test('a full queue is emptied by several fetches at once, never more than there are slots', async () => {
  const jobs = 12
  const { leasing, lent, fetches } = leasingOver(
    jobs,
    Array.from({ length: jobs }, () => 'job' as const),
  )

  await until('all lent', () => lent.length === jobs)
  await leasing.close()

  expect(fetches).toHaveLength(jobs)
  expect(Math.max(...fetches.map(({ inFlight }) => inFlight))).toBeGreaterThan(1)
  expect(lent.every(isJobId)).toBe(true)
  expect(new Set(lent).size).toBe(jobs)
})

test('an idle queue is asked one by one, and waited for', async () => {
  const { leasing, fetches } = leasingOver(64, ['nothing', 'nothing', 'nothing'])

  await until('waits', () => fetches.length === 4)
  await leasing.close()

  expect(fetches.map(({ how, inFlight }) => [how, inFlight])).toEqual(
    fetches.map(() => ['block', 1]),
  )
})

test('jobs fetched beside a fetch that failed are lent all the same', async () => {
  const { leasing, lent, lines } = leasingOver(8, ['job', 'job', new Error('away'), 'job'])

  await until('failure logged', () => lines.some((line) => line.includes('fetch.failed')))
  await until('lent, too', () => lent.length === 3)
  await leasing.close()

  expect(new Set(lent).size).toBe(3)
})
