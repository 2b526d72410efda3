/** @module Leasing from one pool's queue by manual fetch: BullMQ holds the lock, the gateway holds the token (ENG B1, B5). */
import { Job, Worker } from 'bullmq'
import type { Clock } from '../core/clock.ts'
import type { ErrorCode } from '../core/errors.ts'
import { isJobId, type JobId, type PoolId } from '../core/ids.ts'
import { JobError } from './job-error.ts'
import { queueName, queuePrefix } from './pool-queue.ts'
import type { RedisLink } from './redis.ts'

/** Three renewals of 5 s fit one lock: two may fail. Must be the same in every gateway (a mixed stalled interval suppresses the check). */
const lockMs = 15_000
export const renewMs = 5000

/** A job whose lock this process holds. */
export interface Fetched {
  readonly job: JobId
  readonly token: string
  /** Started before, by BullMQ's count; a hint only. */
  readonly isRepeat: boolean
  /** BullMQ gave it up (`deferredFailure`); with manual fetching nobody else enforces that. */
  readonly isGivenUp: boolean
  /** Ends it in BullMQ with the digest of its receipt. */
  complete(receiptDigest: string): Promise<void>
  fail(code: ErrorCode): Promise<void>
  /** Back to the head of its priority, at once. */
  requeue(): Promise<void>
  /** Back after `ms`. */
  delay(ms: number): Promise<void>
}

/** One pool's fetcher. One blocking call at a time; others do not block. */
export interface Shard {
  readonly pool: PoolId
  /** Undefined when nothing came within a second, or at once without `block`. */
  fetch(token: string, how: 'block' | 'at-once'): Promise<Fetched | undefined>
  /** Extends locks; returns the jobs whose lock is lost. */
  extend(locks: readonly { job: JobId; token: string }[]): Promise<readonly JobId[]>
  /** A handle on a lock taken by another process; undefined when BullMQ does not know the job. */
  adopt(job: JobId, token: string): Promise<Fetched | undefined>
  close(): Promise<void>
}

/** Longest batch of locks in one call. */
const extendAtOnce = 500

export async function openShard(link: RedisLink, pool: PoolId, clock: Clock): Promise<Shard> {
  const connection = link.openBlocking()
  const worker = new Worker(queueName, null, {
    connection,
    prefix: queuePrefix(pool),
    autorun: false,
    drainDelay: 1,
    lockDuration: lockMs,
    stalledInterval: renewMs,
    maxStalledCount: 10,
    skipLockRenewal: true,
    removeOnComplete: { age: 3600, count: 1000 },
    removeOnFail: { age: 3600, count: 1000 },
  })
  // The connection reports its own errors; without a listener they would end the process.
  worker.on('error', () => undefined)
  await worker.startStalledCheckTimer()

  const wrap = (job: Job, token: string): Fetched | undefined => {
    const id = job.id ?? ''
    if (!isJobId(id)) return undefined
    return {
      job: id,
      token,
      isRepeat: job.attemptsStarted > 1,
      isGivenUp: Boolean(job.deferredFailure),
      complete: async (receiptDigest) => {
        await job.moveToCompleted({ receipt_digest: receiptDigest }, token, false)
      },
      fail: async (code) => {
        await job.moveToFailed(new JobError(code), token, false)
      },
      requeue: async () => {
        await job.moveToWait(token)
      },
      delay: async (ms) => {
        await job.moveToDelayed(clock.now() + ms, token)
      },
    }
  }

  return {
    pool,
    fetch: async (token, how) => {
      // Typed as always a job; it is undefined on timeout and after a stale wake-up.
      const job: Job | undefined = await worker.getNextJob(token, { block: how === 'block' })
      return job && wrap(job, token)
    },
    extend: async (locks) => {
      const lost: JobId[] = []
      for (let at = 0; at < locks.length; at += extendAtOnce) {
        const batch = locks.slice(at, at + extendAtOnce)
        const ids = await worker.extendJobLocks(
          batch.map(({ job }) => job),
          batch.map(({ token }) => token),
          lockMs,
        )
        lost.push(...ids.filter(isJobId))
      }
      return lost
    },
    adopt: async (job, token) => {
      const found = await Job.fromId(worker, job)
      return found && wrap(found, token)
    },
    close: async () => {
      await worker.close(true)
      connection.disconnect()
    },
  }
}
