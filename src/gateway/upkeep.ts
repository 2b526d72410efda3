/** @module What the gateway does by the clock: heartbeats, locks, silent workers, leases of dead gateways (ENG B5, B6). */
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import { PING_MS } from '../core/frames.ts'
import type { JobId, PoolId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { createRounds } from '../core/rounds.ts'
import {
  dropLease,
  isAlive,
  type LeaseEntry,
  markAlive,
  readLeases,
  writeLeases,
} from '../queue/lease-registry.ts'
import type { LeaseStore } from '../queue/lease-store.ts'
import type { RedisLink } from '../queue/redis.ts'
import { renewMs } from '../queue/shard.ts'
import { leaseIdOf } from './broker.ts'
import type { LeaseBook } from './lease-book.ts'
import { entryOf, type Leasing } from './leasing.ts'
import type { Lease } from './worker.ts'

export interface Watched {
  heardAt(): number
  /** Two pings missed. */
  lost(): void
  /** Ends a connection that does not take what is sent to it. */
  cutIfStuck(): void
  /** A new challenge before the session ends; the end of it when it is over. */
  renewIfDue(): void
}

export interface UpkeepDeps {
  readonly gateway: string
  readonly redis: RedisLink
  readonly store: LeaseStore
  readonly book: LeaseBook
  readonly leasing: Leasing
  readonly connections: ReadonlySet<Watched>
  readonly wake: (pool: PoolId) => void
  readonly clock: Clock
  readonly log: Log
}

const tickMs = 250
const aliveMs = 1000
/** Two pings missed, and half a period for a busy machine's timer: still within 5 s. */
const silentMs = 2 * PING_MS + 500
/** How long a dead gateway's workers have to come back. */
const graceMs = 12_000

export interface Upkeep {
  close(): Promise<void>
}

export function startUpkeep(deps: UpkeepDeps): Upkeep {
  const { gateway, redis, store, book, leasing, clock, log } = deps
  /** Leases of gateways that are gone, and since when. */
  const orphans = new Map<JobId, number>()
  /** Entries of ours that the book did not know in the last round. */
  let strays: ReadonlySet<JobId> = new Set()
  const rounds = createRounds(clock, (error) => log.failure('upkeep.failed', describe(error)))
  const { every } = rounds

  const watchWorkers = async (): Promise<void> => {
    const now = clock.now()
    for (const connection of deps.connections) {
      connection.cutIfStuck()
      if (now - connection.heardAt() > silentMs) connection.lost()
      else connection.renewIfDue()
    }
  }

  const renewPool = async (pool: PoolId, leases: readonly Lease[]): Promise<void> => {
    const shard = await leasing.shard(pool)
    const locks = leases.map(({ job, fetched }) => ({ job, token: fetched.token }))
    const lost = await shard?.extend(locks)
    // A lost lock is not a lost lease: the row decides. BullMQ hands the job out again and `place` takes the lock back.
    if (lost && lost.length > 0) log.warn('locks.lost', { locks: lost.length })
    await writeLeases(
      redis,
      pool,
      leases.map((lease) => entryOf(lease, gateway)),
    )
  }
  const renewLocks = async (): Promise<void> => {
    const named = [...book.all.values()].filter((lease) => lease.state !== 'over')
    for (const [pool, leases] of Map.groupBy(named, (lease) => lease.open.place.pool))
      await renewPool(pool, leases)
    if (named.length === 0) return
    // Cancelled or expired without the message reaching us, or taken over by another attempt.
    const overtaken = await store.overtaken(named.filter(({ state }) => state === 'running'))
    for (const job of overtaken) {
      const lease = book.all.get(job)
      if (lease) book.cancel(lease, 'fenced')
    }
    for (const lease of named) if (lease.unsettled) await book.retry(lease)
  }

  const takeBack = async (pool: PoolId, entry: LeaseEntry): Promise<void> => {
    if (!(await dropLease(redis, pool, entry))) return
    const { job, attempt, kid, token } = entry
    const isOpen = await store.takeBack(
      { job, attempt, kid, lease: leaseIdOf(token) },
      'worker.lost',
    )
    if (!isOpen) return
    log.warn('job.taken-back', { job, attempt, kid })
    const fetched = await (await leasing.shard(pool))?.adopt(job, token)
    // A lock that is gone already means that BullMQ hands the job out by itself.
    await fetched?.requeue().catch(() => undefined)
    deps.wake(pool)
  }
  /** Leases that ended while Redis was away. A new one is announced before the book has it, so two rounds must agree. */
  const dropStrays = async (pool: PoolId, entries: readonly LeaseEntry[]): Promise<JobId[]> => {
    const unknown = entries.filter((it) => it.gateway === gateway && !book.all.has(it.job))
    for (const entry of unknown) if (strays.has(entry.job)) await dropLease(redis, pool, entry)
    return unknown.map(({ job }) => job)
  }
  const watchOrphans = async (): Promise<void> => {
    const seen = new Set<JobId>()
    const unknown: JobId[] = []
    for (const pool of leasing.pools) {
      const abandoned: LeaseEntry[] = []
      const entries = await readLeases(redis, pool)
      unknown.push(...(await dropStrays(pool, entries)))
      for (const entry of entries)
        if (entry.gateway !== gateway && !(await isAlive(redis, entry.gateway)))
          abandoned.push(entry)
      for (const entry of abandoned) {
        seen.add(entry.job)
        const since = orphans.get(entry.job) ?? clock.now()
        orphans.set(entry.job, since)
        if (clock.now() - since >= graceMs) await takeBack(pool, entry)
      }
      if (abandoned.length > 0) await (await leasing.shard(pool))?.extend(abandoned)
    }
    for (const job of orphans.keys()) if (!seen.has(job)) orphans.delete(job)
    strays = new Set(unknown)
  }

  every(tickMs, watchWorkers)
  every(aliveMs, () => markAlive(redis, gateway))
  every(renewMs, renewLocks)
  every(PING_MS, watchOrphans)
  return {
    close: rounds.close,
  }
}
