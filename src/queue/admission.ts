/** @module From a row to the queue and from an ended row to the next one: the only two moves of fair admission. */
import { describe } from '../core/describe.ts'
import type { JobId } from '../core/ids.ts'
import { isBlobId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import type { Blobs } from './blobs.ts'
import {
  encodeFrontMessage,
  encodeGatewayMessage,
  frontChannel,
  gatewaysChannel,
} from './channels.ts'
import type { Fairness, Place } from './fairness.ts'
import { type OpenJob } from './job-row.ts'
import type { PoolQueues } from './pool-queue.ts'
import type { RedisLink } from './redis.ts'

export interface Turnstile {
  /** Puts the job on its queue if its owner may have one more there. Idempotent. */
  enter(job: OpenJob): Promise<'go' | 'wait' | 'full'>
  /**
   * After a row has ended: frees the owner's place, lets the next in, tells the front, and, unless the caller holds the
   * lease, takes the job off the queue and tells the gateway that may run it. Never throws: the sweeps repeat what failed.
   */
  leave(job: OpenJob, how: 'settled' | 'user' | 'deadline'): Promise<void>
  /** Puts jobs whose owner's turn came on their queue. */
  admit(place: Place, jobs: readonly JobId[]): Promise<void>
}

export function createTurnstile(deps: {
  link: RedisLink
  queues: PoolQueues
  fairness: Fairness
  blobs: Blobs
  log: Log
  find: (jobs: readonly JobId[]) => Promise<readonly OpenJob[]>
}): Turnstile {
  const { link, queues, fairness, blobs, log, find } = deps
  const add = async (job: OpenJob): Promise<void> => {
    await queues.of(job.place.pool).add({
      job: job.job,
      task: job.task,
      class: job.place.class,
      expiresAtS: Math.floor(job.expiresAtMs / 1000),
    })
  }
  const admit = async (jobs: readonly JobId[]): Promise<void> => {
    if (jobs.length > 0) for (const job of await find(jobs)) await add(job)
  }
  const attempt = async (step: () => Promise<unknown>): Promise<void> => {
    try {
      await step()
    } catch (error) {
      log.failure('turnstile.failed', describe(error))
    }
  }
  /** Takes back places of jobs that ended while Redis was away: nobody told it. */
  const repairNow = async (place: Place): Promise<void> => {
    const members = await fairness.members(place)
    const open = new Set((await find(members)).map(({ job }) => job))
    await admit(await fairness.repair(place, (job) => open.has(job)))
  }
  const repairing = new Map<string, Promise<void>>()
  /** Together with the same repair that runs already: an owner with hundreds of requests at once costs one. */
  const repair = (place: Place): Promise<void> => {
    const key = `${place.pool} ${place.class} ${place.owner}`
    const running = repairing.get(key) ?? repairNow(place).finally(() => void repairing.delete(key))
    repairing.set(key, running)
    return running
  }
  return {
    enter: async (job) => {
      let answer = await fairness.admit(job.place, job.job)
      if (answer !== 'go') {
        await repair(job.place)
        answer = await fairness.admit(job.place, job.job)
      }
      if (answer === 'go') await add(job)
      return answer
    },
    leave: async (job, how) => {
      // First in order, since the front waits for it, but nothing below waits for it.
      const told = attempt(() =>
        link.commands.publish(
          frontChannel(job.front),
          encodeFrontMessage({ kind: 'ended', job: job.job }),
        ),
      )
      if (how !== 'settled') {
        await attempt(() => queues.of(job.place.pool).remove(job.job))
        if (job.isRunning)
          await attempt(() =>
            link.commands.publish(
              gatewaysChannel,
              encodeGatewayMessage({ kind: 'ended', job: job.job, reason: how }),
            ),
          )
      }
      await attempt(async () => admit(await fairness.leave(job.place, job.job)))
      const { blobId } = job
      if (blobId !== null && isBlobId(blobId)) await attempt(() => blobs.remove(blobId))
      await told
    },
    admit: (_place, jobs) => admit(jobs),
  }
}
