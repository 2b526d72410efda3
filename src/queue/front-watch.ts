/** @module Says that a front lives, and takes over what a silent front of the same bot still owes (ENG B9). */
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import type { FrontId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { createRounds } from '../core/rounds.ts'
import type { FrontStore } from './front-store.ts'
import type { RedisLink } from './redis.ts'

export interface FrontWatch {
  /** Looks once, as the clock does every ten seconds. */
  look(): Promise<void>
  close(): Promise<void>
}

const roundMs = 10_000
/** Two of three renewals may fail. */
const aliveMs = 30_000
/** A key that is gone was silent for `aliveMs` already: together a minute. */
const graceMs = 30_000

const aliveKey = (front: FrontId): string => `front:${front}:alive`

/** `bot` groups fronts; `onTaken` is called when rows have moved here. A front that was only slow delivers nothing more: the row says whose it is. */
export function startFrontWatch(deps: {
  front: FrontId
  bot: string
  redis: RedisLink
  store: FrontStore
  clock: Clock
  log: Log
  onTaken: () => void
}): FrontWatch {
  const { front, bot, redis, store, clock, log } = deps
  /** Since when a twin's key has been gone at every look. */
  const silent = new Map<FrontId, number>()
  let joined = false

  const lookAt = async (twin: FrontId): Promise<void> => {
    if ((await redis.commands.exists(aliveKey(twin))) === 1) {
      silent.delete(twin)
      return
    }
    const since = silent.get(twin) ?? clock.now()
    silent.set(twin, since)
    if (clock.now() - since < graceMs) return
    const jobs = await store.takeOver(twin, front)
    if (jobs === 0) return
    log.warn('front.taken-over', { front: twin, jobs })
    deps.onTaken()
  }
  const look = async (): Promise<void> => {
    try {
      if (!joined) await store.join(front, bot)
      joined = true
      await redis.commands.set(aliveKey(front), '1', 'PX', aliveMs)
      for (const twin of await store.twins(front, bot)) await lookAt(twin)
    } catch (error) {
      // With a store away nobody's silence means anything.
      silent.clear()
      throw error
    }
  }
  const rounds = createRounds(clock, (error) => log.failure('front-watch.failed', describe(error)))
  rounds.every(roundMs, look)
  return { look, close: rounds.close }
}
