/** @module How much of what workers were paid came from Stars that cannot be withdrawn yet; selling stops before it is too much. */
import type { Clock } from '../../core/clock.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import type { FloatState } from './stars-port.ts'

export interface FloatDeps {
  /** Worker pay of jobs paid in Stars since then, in nano. */
  readonly usedNano: (sinceMs: number) => Promise<bigint>
  readonly limitNano: bigint
  readonly clock: Clock
  readonly log: Log
}

/** Telegram lets Stars be withdrawn after up to 21 days. */
const heldMs = 21 * 24 * 3_600_000
const lookEveryMs = 60_000
const warnPercent = 80n

export interface Float {
  readonly state: () => FloatState
  /** Reads the ledger now. */
  readonly look: () => Promise<void>
  readonly close: () => void
}

/** Open until the first look; looks each minute, so that a question before a payment needs no query for it. */
export function watchFloat({ usedNano, limitNano, clock, log }: FloatDeps): Float {
  let state: FloatState = 'open'
  const look = async (): Promise<void> => {
    const used = await usedNano(clock.now() - heldMs)
    const before = state
    state = stateOf(used, limitNano)
    if (state !== before) log.warn('stars.float-changed', { state, used, limit: limitNano })
  }
  const stop = clock.every(lookEveryMs, () => {
    look().catch((error: unknown) => log.failure('stars.float-failed', describe(error)))
  })
  return { state: () => state, look, close: stop }
}

function stateOf(used: bigint, limit: bigint): FloatState {
  if (used >= limit) return 'closed'
  return used * 100n >= limit * warnPercent ? 'low' : 'open'
}
