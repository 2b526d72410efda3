/** @module Leases that ended leave Redis together, a moment later: nobody waits for that, and each one alone would cost a round trip. */
import type { Clock } from '../core/clock.ts'
import type { PoolId } from '../core/ids.ts'
import { dropLeases, type LeaseEntry } from '../queue/lease-registry.ts'
import type { RedisLink } from '../queue/redis.ts'

export interface LeaseDrops {
  /** An entry that another lease of the same job has replaced meanwhile stays. */
  add(pool: PoolId, entry: LeaseEntry): void
  /** Never rejects. */
  flush(): Promise<void>
}

const lateMs = 100

/** What Redis did not hear is found by the round that looks for strays. */
export function createLeaseDrops(deps: {
  redis: RedisLink
  clock: Clock
  quietly: (step: Promise<unknown>) => void
}): LeaseDrops {
  const { redis, clock, quietly } = deps
  const waiting = new Map<PoolId, LeaseEntry[]>()
  const flush = async (): Promise<void> => {
    const steps = [...waiting].map(([pool, entries]) => dropLeases(redis, pool, entries))
    waiting.clear()
    for (const step of steps) quietly(step)
    await Promise.allSettled(steps)
  }
  return {
    add: (pool, entry) => {
      if (waiting.size === 0) clock.after(lateMs, () => void flush())
      const entries = waiting.get(pool) ?? []
      entries.push(entry)
      waiting.set(pool, entries)
    },
    flush,
  }
}
