/** @module One process signs for a wallet: a row taken for half a minute at a time, with a number that only grows (PAY §7). */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'

/** A lease in the hands of one process. */
export interface SenderLease {
  readonly fence: bigint
  /** Whether it may still be used, by this process's clock. */
  isHeld(): boolean
}

/** The row, as `lease-store.ts` keeps it. */
export interface LeaseStore {
  /** Takes a free or ended lease with the next number, or renews one's own with the same number; undefined: another has it. */
  take(
    wallet: string,
    by: { holder: string; nowMs: number; untilMs: number },
  ): Promise<bigint | undefined>
  release(wallet: string, holder: string): Promise<void>
}

const leaseMs = 30_000
const renewMs = 10_000

/** `keep` is called before every signing and every `renewMs`; a process that stops calling it loses the lease by itself. */
export function createSender(deps: { store: LeaseStore; wallet: string; clock: Clock }): {
  keep: () => Promise<SenderLease | undefined>
  release: () => Promise<void>
} {
  const { store, wallet, clock } = deps
  const holder = randomBytes(16).toString('hex')
  let held: { lease: SenderLease; takenMs: number } | undefined
  return {
    keep: async () => {
      const nowMs = clock.now()
      if (held && nowMs - held.takenMs < renewMs) return held.lease
      const fence = await store.take(wallet, { holder, nowMs, untilMs: nowMs + leaseMs })
      if (fence === undefined) {
        held = undefined
        return undefined
      }
      // From before the statement: an answer that was long under way makes the lease shorter, never longer.
      const lease = { fence, isHeld: () => clock.now() - nowMs < leaseMs }
      held = { lease, takenMs: nowMs }
      return lease
    },
    release: async () => {
      held = undefined
      await store.release(wallet, holder)
    },
  }
}
