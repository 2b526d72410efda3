/** @module A reconnected worker's running jobs: taken over from its earlier connection or from a gateway that died, or cancelled (ENG B6). */
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import type { JobId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { isAlive, type LeaseEntry, readLeases, takeLease } from '../queue/lease-registry.ts'
import type { LeaseStore } from '../queue/lease-store.ts'
import type { RedisLink } from '../queue/redis.ts'
import { type Broker, leaseIdOf } from './broker.ts'
import type { LeaseBook } from './lease-book.ts'
import type { Leasing } from './leasing.ts'
import type { Lease, Pending, Worker } from './worker.ts'

export interface Adoption {
  /** Decides about every job a worker names and this gateway does not hold. */
  consider(worker: Worker, running: readonly { job: JobId; attempt: number }[]): void
}

/** What a worker may say about one undecided job before it is cancelled instead. */
export const maxPendingBytes = 4 * 2 ** 20

export function createAdoption(deps: {
  gateway: string
  redis: RedisLink
  store: LeaseStore
  broker: Broker
  book: LeaseBook
  leasing: Leasing
  clock: Clock
  log: Log
}): Adoption {
  const { gateway, redis, store, broker, book, leasing, log } = deps

  /** `later`: its gateway still counts as alive; the next ping asks again. */
  const revive = async (worker: Worker, pending: Pending): Promise<Lease | 'later' | undefined> => {
    const { job, attempt } = pending
    const found = await store.running(job, attempt, worker.kid)
    const served = found && worker.pools.get(found.open.place.pool)
    if (!found || !served) return undefined
    const { pool } = found.open.place
    const entries = await readLeases(redis, pool)
    const entry = entries.find((it) => it.job === job && it.attempt === attempt)
    // The fence decides: the token must be the one whose hash the row was released to.
    if (!entry || entry.kid !== worker.kid || leaseIdOf(entry.token) !== found.lease)
      return undefined
    if (entry.gateway !== gateway && (await isAlive(redis, entry.gateway))) return 'later'
    const shard = await leasing.shard(pool)
    const fetched = await shard?.adopt(job, entry.token)
    if (!shard || !fetched) return undefined
    const mine: LeaseEntry = { ...entry, gateway }
    if (!(await takeLease(redis, pool, { from: entry, to: mine }))) return 'later'
    const lost = await shard.extend([{ job, token: entry.token }])
    if (lost.length > 0) return undefined
    return broker.revive(found, { worker, served, fetched })
  }

  const decide = async (worker: Worker, pending: Pending): Promise<void> => {
    pending.isDeciding = true
    try {
      const lease = await revive(worker, pending)
      if (lease === 'later') return
      const { job, attempt } = pending
      // Settled, and the gateway died before it said so: the result is told again, and then answered.
      const isOurs = lease || (await store.isSettledBy({ job, attempt, kid: worker.kid }))
      worker.pending.delete(job)
      if (worker.isGone) return
      if (!isOurs) {
        worker.send({ type: 'cancel', job, attempt, reason: 'fenced' })
        return
      }
      if (lease) {
        book.add(lease)
        log.info('job.adopted', { job, attempt, kid: lease.kid })
      }
      for (const replay of pending.frames) replay()
    } catch (error) {
      // Stores are away: the next ping asks again.
      log.failure('adoption.failed', describe(error))
    } finally {
      pending.isDeciding = false
    }
  }

  return {
    consider: (worker, running) => {
      for (const { job, attempt } of running) {
        if (worker.leases.get(job)?.attempt === attempt) continue
        const known = worker.pending.get(job)
        const pending =
          known?.attempt === attempt
            ? known
            : { job, attempt, frames: [], bytes: 0, isDeciding: false }
        worker.pending.set(job, pending)
        // Errors are logged inside.
        if (!pending.isDeciding) void decide(worker, pending)
      }
    },
  }
}
