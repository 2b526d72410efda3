/** @module Repairs by the clock: deadlines, jobs that no queue knows, waiting classes, fairness, orphaned blobs. Every step may run in every process. */
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import { isBlobId, type JobId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { createRounds } from '../core/rounds.ts'
import type { Turnstile } from './admission.ts'
import type { Blobs } from './blobs.ts'
import { classAfter, classUpMs } from './class-rank.ts'
import type { SweepStore } from './desk-store.ts'
import type { Fairness, Place } from './fairness.ts'
import type { OpenJob } from './job-row.ts'
import { readLeases } from './lease-registry.ts'
import type { PoolQueues } from './pool-queue.ts'
import type { RedisLink } from './redis.ts'

export interface SweepDeps {
  readonly store: SweepStore
  readonly turnstile: Turnstile
  readonly queues: PoolQueues
  readonly fairness: Fairness
  readonly blobs: Blobs
  readonly redis: RedisLink
  readonly clock: Clock
  readonly log: Log
}

export interface Sweeps {
  /** Ends what is past its deadline. */
  expire(): Promise<void>
  /** Adds open jobs that neither a queue, a list nor a lease knows: after a crash before `add`, or with a Redis emptied. */
  restore(): Promise<void>
  /** Lifts jobs that waited a minute by one class. */
  promote(): Promise<void>
  /** Rebuilds who may be on the queue, from rows. */
  repairFairness(): Promise<void>
  /** Removes blobs without an open job and fails jobs without their blob. */
  sweepBlobs(): Promise<void>
  /** Forgets jobs a month after they ended; receipts and the log of releases after 400 days. */
  purge(): Promise<void>
  close(): Promise<void>
}

const expireMs = 2000
/** How often waiting jobs are lifted. */
export const promoteMs = 10_000
const restoreMs = 30_000
const repairMs = 300_000
const blobsMs = 600_000
const purgeMs = 3_600_000
/** A month: nobody asks about a job any more. */
const jobsKeptMs = 30 * 86_400_000
/** A receipt can be shown for a year, with some days to spare. */
const proofsKeptMs = 400 * 86_400_000
/** Younger jobs are on their way between row and queue. */
const restoreAfterMs = 30_000
const orphanMs = 15 * 60_000
const staleResultMs = 86_400_000

/** Starts all sweeps; a failing one is logged and tried again at its next time. Runs `restore` and `expire` at once. */
export function startSweeps(deps: SweepDeps): Sweeps {
  const { clock, log } = deps
  const steps = createSweepSteps(deps)
  const rounds = createRounds(clock, (error) => log.failure('sweep.failed', describe(error)))
  const { every } = rounds
  every(expireMs, steps.expire)
  every(promoteMs, steps.promote)
  every(restoreMs, steps.restore)
  every(repairMs, steps.repairFairness)
  every(blobsMs, steps.sweepBlobs)
  every(purgeMs, steps.purge)
  return {
    ...steps,
    close: rounds.close,
  }
}

/** The steps alone, for a caller with its own times. */
export function createSweepSteps(deps: SweepDeps): Omit<Sweeps, 'close'> {
  const { store, turnstile, queues, fairness, blobs, redis, clock, log } = deps

  const restoreOne = async (job: OpenJob, leased: ReadonlySet<JobId>): Promise<boolean> => {
    if (leased.has(job.job)) return false
    const queue = queues.of(job.place.pool)
    const state = await queue.look(job.job)
    if (state === 'open') return false
    if ((await fairness.position(job.place, job.job)) !== undefined) return false
    // The row is open, so whatever BullMQ calls ended is a left-over.
    if (state === 'ended') await queue.remove(job.job)
    const answer = await turnstile.enter(job)
    return answer === 'go'
  }

  return {
    expire: async () => {
      for (const job of await store.expire(clock.now())) {
        log.info('job.expired', { job: job.job })
        await turnstile.leave(job, 'deadline')
      }
    },
    restore: async () => {
      let restored = 0
      for await (const page of openPages(store, clock.now() - restoreAfterMs)) {
        const pools = new Set(page.map((job) => job.place.pool))
        const leased = new Set<JobId>()
        for (const pool of pools)
          for (const entry of await readLeases(redis, pool)) leased.add(entry.job)
        for (const job of page) if (await restoreOne(job, leased)) restored++
      }
      if (restored > 0) log.warn('jobs.restored', { jobs: restored })
      await store.dropStale(clock.now() - staleResultMs, clock.now())
    },
    promote: async () => {
      const now = clock.now()
      for (const job of await store.waiting(now - classUpMs)) {
        const target = classAfter(job.place.class, now - job.createdAtMs)
        await queues.of(job.place.pool).promote(job.job, target)
      }
    },
    repairFairness: async () => {
      const places = new Map<string, { place: Place; jobs: Set<JobId> }>()
      for await (const page of openPages(store, clock.now() - restoreAfterMs)) {
        for (const { place, job } of page) {
          const key = `${place.pool} ${place.class} ${place.owner}`
          const entry = places.get(key) ?? { place, jobs: new Set() }
          places.set(key, entry)
          entry.jobs.add(job)
        }
      }
      for (const { place } of places.values()) {
        const members = await fairness.members(place)
        const open = await store.stillOpen(members)
        const admitted = await fairness.repair(place, (job) => open.has(job))
        await turnstile.admit(place, admitted)
      }
    },
    purge: async () => {
      const now = clock.now()
      const jobs = await store.purge({ jobsMs: now - jobsKeptMs, proofsMs: now - proofsKeptMs })
      if (jobs > 0) log.info('jobs.purged', { jobs })
    },
    sweepBlobs: async () => {
      const found = await blobs.olderThan(clock.now() - orphanMs)
      const owned = await store.blobOwners(found)
      for (const id of found) if (!owned.has(id)) await blobs.remove(id)
      for await (const page of openPages(store, clock.now() - orphanMs)) {
        for (const { job, blobId } of page) {
          if (blobId === null || !isBlobId(blobId) || (await blobs.size(blobId)) !== undefined)
            continue
          const failed = await store.fail(job, 'stores.lost', clock.now())
          if (failed) await turnstile.leave(failed, 'deadline')
        }
      }
    },
  }
}

async function* openPages(store: SweepStore, beforeMs: number): AsyncGenerator<readonly OpenJob[]> {
  let last: JobId | undefined
  for (;;) {
    const page = await store.open(beforeMs, last)
    if (page.length === 0) return
    yield page
    last = page.at(-1)?.job
  }
}
