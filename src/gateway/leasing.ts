/** @module Pulling jobs: one loop a pool that fetches while a fitting slot is free, and places what it gets (ENG B5). */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { PoolId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { poolOf } from '../core/tier.ts'
import type { Turnstile } from '../queue/admission.ts'
import { type LeaseEntry, writeLeases } from '../queue/lease-registry.ts'
import type { LeaseStore, Refusal } from '../queue/lease-store.ts'
import type { RedisLink } from '../queue/redis.ts'
import type { Fetched, Shard } from '../queue/shard.ts'
import type { Breaker } from './breaker.ts'
import type { Broker, SessionRefusal } from './broker.ts'
import type { LeaseBook } from './lease-book.ts'
import { type Choice, choose, findFree } from './placement.ts'
import { aboutInput } from './retry-policy.ts'
import { freeSlots, type Lease, type Worker } from './worker.ts'

export interface LeasingDeps {
  readonly gateway: string
  readonly workers: ReadonlySet<Worker>
  readonly openShard: (pool: PoolId) => Promise<Shard>
  readonly redis: RedisLink
  readonly store: LeaseStore
  readonly turnstile: Turnstile
  readonly broker: Broker
  readonly book: LeaseBook
  readonly breaker: Breaker
  readonly clock: Clock
  readonly log: Log
}

export interface Leasing {
  /** Starts the pool's loop, once. */
  serve(pool: PoolId): void
  /** Undefined while the pool is not served. */
  shard(pool: PoolId): Promise<Shard> | undefined
  readonly pools: Iterable<PoolId>
  /** A slot of the pool may have become free. */
  slotFreed(pool: PoolId): void
  /** A job of the pool waits again: fetches at once, because BullMQ wakes nobody. */
  wake(pool: PoolId): Promise<void>
  /** Fetches nothing more. */
  stop(): void
  close(): Promise<void>
}

/** A slot may become free by the clock alone (a breaker's rest is over). */
const idleMs = 500
const errorPauseMs = 1000
/** While another worker may become free, a job that one has just failed waits for that one. */
const avoidMs = 5000
const avoidPauseMs = 500
/** Fetches in flight of one pool: beyond that Redis and not the round trip is the limit. */
const maxAtOnce = 16
/** Jobs that ended while they were kept are forgotten with all others. */
const maxAvoided = 1000

const codeOfRefusal = { 'release.expired': 'job.expired', 'release.tier': 'release.tier' } as const
/** Refusals that say nothing of the job: another worker may have it. */
type NotThisWorker = SessionRefusal | 'release.kid'
const isNotThisWorker = (refusal: Refusal | SessionRefusal): refusal is NotThisWorker =>
  refusal === 'release.kid' || refusal === 'release.no-session' || refusal === 'release.model'

const newToken = (): string => randomBytes(16).toString('hex')

export const entryOf = (lease: Lease, gateway: string): LeaseEntry => ({
  job: lease.job,
  token: lease.fetched.token,
  kid: lease.kid,
  attempt: lease.attempt,
  gateway,
})

export function createLeasing(deps: LeasingDeps): Leasing {
  const { workers, redis, store, turnstile, broker, book, breaker, clock, log } = deps
  const shards = new Map<PoolId, Promise<Shard>>()
  const wakers = new Map<PoolId, () => void>()
  const loops: Promise<void>[] = []
  const stopped = new AbortController()
  /** When a job was first kept from its last worker. */
  const avoided = new Map<string, number>()

  const refused = async (fetched: Fetched, refusal: Refusal | SessionRefusal): Promise<void> => {
    log.info('release.refused', { job: fetched.job, code: refusal })
    if (isNotThisWorker(refusal)) {
      await fetched.delay(avoidPauseMs)
      return
    }
    if (refusal === 'release.closed') {
      // Settled before a crash came between row and queue: the queue only has to be told.
      const ended = await store.look(fetched.job)
      if (ended) await turnstile.leave(ended, 'settled')
      await fetched.complete('')
      return
    }
    if (refusal === 'release.attempts') {
      const ended = await store.giveUp(fetched.job, clock.now())
      if (ended) await turnstile.leave(ended, 'settled')
    }
    // `release.tier`: Redis offers a job in a queue that is not its own; the sweep puts it where its row says.
    if (refusal === 'release.tier') log.error('job.misplaced', { job: fetched.job })
    await fetched.fail(refusal === 'release.attempts' ? 'worker.lost' : codeOfRefusal[refusal])
  }

  /** Sent to Redis before the lease is sent to the worker: a gateway that dies now leaves what the next one needs. */
  const announce = (lease: Lease): void => {
    writeLeases(redis, lease.open.place.pool, [entryOf(lease, deps.gateway)]).catch(
      (error: unknown) => log.failure('lease.unannounced', describe(error)),
    )
  }

  /** Its asker chose workers for it: one of them, or it waits. */
  const lendToChosen = async (fetched: Fetched, pool: PoolId): Promise<void> => {
    const kids = await store.chosenKids(fetched.job)
    const free = findFree(workers, pool, breaker).filter(({ worker }) => kids?.has(worker.kid))
    const choice = choose(free, undefined)
    if (choice) await lend(fetched, choice)
    else await fetched.delay(avoidPauseMs)
  }

  const lend = async (fetched: Fetched, { worker, served }: Choice): Promise<void> => {
    worker.reserved[served.kind]++
    let lease: Lease | Refusal | SessionRefusal
    try {
      lease = await broker.lend({ worker, served, fetched, announce })
    } catch (error) {
      log.failure('release.failed', describe(error))
      await fetched.delay(errorPauseMs)
      return
    } finally {
      worker.reserved[served.kind]--
    }
    if (typeof lease === 'string') {
      // Only a worker that its asker did not choose is refused so: the next one is, and cannot be again.
      if (lease === 'release.kid')
        await lendToChosen(fetched, poolOf(served.model, worker.session.tier))
      else await refused(fetched, lease)
      return
    }
    avoided.delete(lease.job)
    book.add(lease)
    log.info('job.leased', { job: lease.job, attempt: lease.attempt, kid: lease.kid })
    // The socket may have closed while the key was released; nobody would lose this lease otherwise.
    if (worker.isGone) await book.lose(lease, 'worker.lost')
  }

  const mayAvoid = (
    fetched: Fetched,
    pool: PoolId,
    { kid, code }: { kid: string | undefined; code: ErrorCode | undefined },
  ): boolean => {
    if (avoided.size > maxAvoided) avoided.clear()
    const since = avoided.get(fetched.job) ?? clock.now()
    avoided.set(fetched.job, since)
    // A claim about the input needs a second opinion, however long that takes.
    const isClaim = code !== undefined && aboutInput(code)
    if (!isClaim && clock.now() - since >= avoidMs) return false
    for (const worker of workers)
      if (worker.kid !== kid && worker.pools.has(pool) && !worker.isDraining && !worker.isPaused)
        return true
    return false
  }

  const place = async (pool: PoolId, fetched: Fetched): Promise<void> => {
    const running = book.all.get(fetched.job)
    if (running) {
      // Its lock was lost (Redis was away) while it runs here: the lock is ours again, the lease stays what it is.
      running.fetched = fetched
      return
    }
    if (fetched.isGivenUp) {
      await refused(fetched, 'release.attempts')
      return
    }
    const last = fetched.isRepeat ? await store.last(fetched.job) : undefined
    const choice = choose(findFree(workers, pool, breaker), last?.kid)
    if (!choice) await fetched.requeue()
    else if (last && choice.worker.kid === last.kid && mayAvoid(fetched, pool, last))
      await fetched.delay(avoidPauseMs)
    else await lend(fetched, choice)
  }
  const placeSafely = async (pool: PoolId, fetched: Fetched): Promise<void> => {
    try {
      await place(pool, fetched)
    } catch (error) {
      // The lock runs out and the job is fetched again.
      log.failure('job.unplaced', describe(error))
    }
  }

  const placing = new Set<Promise<void>>()
  const keepPlacing = (placed: Promise<void>): void => {
    placing.add(placed)
    void placed.finally(() => placing.delete(placed)) // never rejects
  }

  /** Jobs of the pool that could start now, on all workers together. */
  const countFree = (pool: PoolId): number =>
    findFree(workers, pool, breaker).reduce(
      // On probation a worker gets one job at a time.
      (sum, { worker, served }) =>
        sum + (breaker.allows(worker.kid, served.model, 1) ? freeSlots(worker, served.kind) : 1),
      0,
    )
  const hasFree = (pool: PoolId): boolean => findFree(workers, pool, breaker).length > 0
  const waitForSlot = async (pool: PoolId): Promise<void> => {
    const change = Promise.withResolvers<void>()
    wakers.set(pool, change.resolve)
    const stop = clock.after(idleMs, change.resolve)
    await change.promise
    stop()
  }
  /**
   * The next jobs, at most `most`: the first may be waited for, the others only if they are there already. A fetch that
   * fails takes none of the others with it: their locks are ours, and they are placed.
   */
  const fetchSome = async (shard: Shard, most: number): Promise<readonly Fetched[]> => {
    const ends = await Promise.allSettled(
      Array.from({ length: most }, (_, at) =>
        shard.fetch(newToken(), most === 1 && at === 0 ? 'block' : 'at-once'),
      ),
    )
    const found = ends.flatMap((end) => (end.status === 'fulfilled' ? (end.value ?? []) : []))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed && found.length === 0) throw failed.reason
    if (failed) log.failure('fetch.failed', describe(failed.reason))
    return found
  }
  /** A new job has its slot reserved when this returns, so that the next ones are fetched while its key is released. */
  const placeAll = async (pool: PoolId, found: readonly Fetched[]): Promise<void> => {
    const repeats = found.filter(({ isRepeat }) => isRepeat)
    for (const fetched of found) if (!fetched.isRepeat) keepPlacing(placeSafely(pool, fetched))
    for (const fetched of repeats) await placeSafely(pool, fetched)
  }
  const loop = async (pool: PoolId, shard: Shard): Promise<void> => {
    // Doubles while every fetch brings a job, so that an idle queue is not asked for what it has not.
    let width = 1
    while (!stopped.signal.aborted) {
      const free = countFree(pool)
      if (free <= 0) {
        await waitForSlot(pool)
        continue
      }
      const most = Math.min(width, free)
      try {
        const found = await fetchSome(shard, most)
        width = found.length === most ? Math.min(width * 2, maxAtOnce) : 1
        await placeAll(pool, found)
      } catch (error) {
        width = 1
        if (stopped.signal.aborted) return
        log.failure('fetch.failed', describe(error))
        await clock.sleep(errorPauseMs, stopped.signal).catch(() => undefined)
      }
    }
  }

  const serve = (pool: PoolId): void => {
    if (shards.has(pool) || stopped.signal.aborted) return
    const opening = deps.openShard(pool)
    shards.set(pool, opening)
    loops.push(
      opening.then(
        (shard) => loop(pool, shard),
        (error: unknown) => {
          shards.delete(pool)
          log.failure('shard.failed', describe(error))
          clock.after(errorPauseMs, () => serve(pool))
        },
      ),
    )
  }

  return {
    serve,
    shard: (pool) => shards.get(pool),
    pools: { [Symbol.iterator]: () => shards.keys() },
    slotFreed: (pool) => wakers.get(pool)?.(),
    wake: async (pool) => {
      const shard = await shards.get(pool)
      if (!shard) return
      while (!stopped.signal.aborted && hasFree(pool)) {
        const fetched = await shard.fetch(newToken(), 'at-once')
        if (!fetched) return
        await placeSafely(pool, fetched)
      }
    },
    stop: () => {
      stopped.abort()
      for (const wake of wakers.values()) wake()
    },
    close: async () => {
      stopped.abort()
      for (const wake of wakers.values()) wake()
      const closing = [...shards.values()].map(async (opening) => (await opening).close())
      await Promise.allSettled(closing)
      await Promise.allSettled([...loops, ...placing])
    },
  }
}
