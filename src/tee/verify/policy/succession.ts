/** @module Whether a policy may follow what was seen before, and whether it is its time (CONF §12). */
import type { TeeCode } from '../codes.ts'
import type { Policy } from './document.ts'

/** The newest document that was ever accepted here. */
export interface SeenPolicy {
  readonly epoch: number
  readonly sha256: string
}

/**
 * Epochs only rise, one at a time, each document naming the one before: `POL_ROLLBACK` for a lower epoch and for
 * another document of the same one, `POL_EPOCH_GAP` for a missing link. Nothing seen yet: any epoch, whose place the
 * anchor must confirm.
 */
export function checkSuccession(
  next: SeenPolicy & { readonly prev: string },
  seen: SeenPolicy | undefined,
): TeeCode | undefined {
  if (!seen) return undefined
  if (next.epoch < seen.epoch) return 'POL_ROLLBACK'
  if (next.epoch === seen.epoch) return next.sha256 === seen.sha256 ? undefined : 'POL_ROLLBACK'
  return next.epoch === seen.epoch + 1 && next.prev === seen.sha256 ? undefined : 'POL_EPOCH_GAP'
}

/** `POL_EARLY` before `notBefore`, `POL_EXPIRED` after `notAfter`; a clock that is no number is never in time. */
export function checkPolicyTime(policy: Policy, nowMs: number): TeeCode | undefined {
  if (!Number.isSafeInteger(nowMs)) return 'X509_NOW'
  if (nowMs < policy.notBefore * 1000) return 'POL_EARLY'
  return nowMs > policy.notAfter * 1000 ? 'POL_EXPIRED' : undefined
}
