/** @module Which worker gets the next job: never chosen by user, and not twice the one that just failed it (ENG B5). */
import { randomInt } from 'node:crypto'
import type { PoolId } from '../core/ids.ts'
import type { Breaker } from './breaker.ts'
import { maxUnsentBytes } from './socket-limits.ts'
import { freeSlots, type Served, type Worker } from './worker.ts'

export interface Choice {
  readonly worker: Worker
  readonly served: Served
}

/** Workers that could start a job of the pool now. */
export function findFree(
  workers: Iterable<Worker>,
  pool: PoolId,
  breaker: Breaker,
): readonly Choice[] {
  const free: Choice[] = []
  for (const worker of workers) {
    const served = worker.pools.get(pool)
    if (!served || worker.isDraining || worker.isGone) continue
    if (worker.isExpired || worker.isStale || worker.isPaused) continue
    if (freeSlots(worker, served.kind) <= 0) continue
    if (worker.unsentBytes() > maxUnsentBytes) continue
    const running = worker.leases.size + worker.reserved[served.kind]
    if (breaker.allows(worker.kid, served.model, running)) free.push({ worker, served })
  }
  return free
}

/**
 * The least loaded free worker, random among equals; `avoid` only when there is nobody else.
 * Undefined when nobody is free.
 */
export function choose(free: readonly Choice[], avoid: string | undefined): Choice | undefined {
  const others = free.filter(({ worker }) => worker.kid !== avoid)
  const pool = others.length > 0 ? others : free
  const least = Math.min(...pool.map(({ worker }) => worker.leases.size))
  const equals = pool.filter(({ worker }) => worker.leases.size === least)
  return equals.length === 0 ? undefined : equals[randomInt(equals.length)]
}
