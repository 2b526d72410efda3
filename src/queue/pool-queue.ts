/** @module One pool's BullMQ queue: names, priorities, and what the desk and the sweeps do with it. */
import { type Job, Queue } from 'bullmq'
import type { JobId, PoolId } from '../core/ids.ts'
import type { JobClass } from './desk-port.ts'
import type { RedisLink } from './redis.ts'

/** BullMQ's names: the queue is always `jobs`; the hash tag keeps a pool's keys in one slot. */
export const queueName = 'jobs'
export const queuePrefix = (pool: PoolId): string => `{${pool}:0}`

/** 0 is served first, and is the only priority whose requeue wakes an idle fetcher (measured). */
const priorityOf: Readonly<Record<JobClass, number>> = {
  interactive: 0,
  channel: 10,
  batch: 100,
}

/** What stands in Redis about a job: nothing that the row does not know better. */
interface QueueData {
  readonly v: 1
  /** Unix seconds. */
  readonly exp: number
}

/** Kept for an hour so that late repetitions of `add` find them; never used as truth. */
const keep = { age: 3600, count: 1000 }

export interface PoolQueue {
  readonly pool: PoolId
  /** Idempotent: a job that is there already stays as it is. */
  add(entry: {
    job: JobId
    task: string
    class: JobClass
    expiresAtS: number
    delayMs?: number
  }): Promise<void>
  /** `absent`, `ended` (completed or failed in BullMQ's eyes) or `open`. */
  look(job: JobId): Promise<'absent' | 'ended' | 'open'>
  /** Removes a job that no gateway holds; a locked one stays. */
  remove(job: JobId): Promise<void>
  /** Moves a waiting job to another class's priority. */
  promote(job: JobId, to: JobClass): Promise<void>
  /** Jobs waiting: interactive ones, and all. */
  countWaiting(): Promise<{ first: number; all: number }>
  close(): Promise<void>
}

export function openPoolQueue(link: RedisLink, pool: PoolId): PoolQueue {
  const queue = new Queue<QueueData>(queueName, {
    connection: link.commands,
    prefix: queuePrefix(pool),
    streams: { events: { maxLen: 1000 } },
    defaultJobOptions: { removeOnComplete: keep, removeOnFail: keep, stackTraceLimit: 0 },
  })
  // Reported by the connection already; without a listener it would end the process.
  queue.on('error', () => undefined)
  const find = async (job: JobId): Promise<Job<QueueData> | undefined> => await queue.getJob(job)
  return {
    pool,
    add: async ({ job, task, class: rank, expiresAtS, delayMs }) => {
      link.assertUp()
      await queue.add(
        task,
        { v: 1, exp: expiresAtS },
        {
          jobId: job,
          priority: priorityOf[rank],
          ...(delayMs !== undefined && { delay: delayMs }),
        },
      )
    },
    look: async (job) => {
      const state = await queue.getJobState(job)
      if (state === 'unknown') return 'absent'
      return state === 'completed' || state === 'failed' ? 'ended' : 'open'
    },
    remove: async (job) => {
      // 0 for a locked job: the gateway that holds it ends it.
      await queue.remove(job)
    },
    promote: async (job, to) => {
      const found = await find(job)
      if (!found || found.priority === priorityOf[to]) return
      const state = await found.getState()
      if (state === 'waiting' || state === 'prioritized')
        await found.changePriority({ priority: priorityOf[to] })
    },
    countWaiting: async () => {
      const { waiting = 0, prioritized = 0 } = await queue.getJobCounts('waiting', 'prioritized')
      return { first: waiting, all: waiting + prioritized }
    },
    close: () => queue.close(),
  }
}

/** Queues opened on first use. */
export interface PoolQueues {
  of(pool: PoolId): PoolQueue
  close(): Promise<void>
}

export function createPoolQueues(link: RedisLink): PoolQueues {
  const open = new Map<PoolId, PoolQueue>()
  return {
    of: (pool) => {
      const queue = open.get(pool) ?? openPoolQueue(link, pool)
      open.set(pool, queue)
      return queue
    },
    close: async () => {
      await Promise.allSettled([...open.values()].map((queue) => queue.close()))
      open.clear()
    },
  }
}
