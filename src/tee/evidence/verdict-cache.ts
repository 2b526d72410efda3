/** @module Verdicts remembered for exactly as long as what they were made from is good (CONF §14). */
import type { Clock } from '../../core/clock.ts'
import { concat, sha256Hex, u32be, utf8 } from '../crypto/binary.ts'
import type { Verdict } from '../verify/examination.ts'

/** Everything a verdict depends on beside the clock. */
interface VerdictSubject {
  /** Quote or report first, then whatever else was examined with it, in order. */
  readonly evidence: readonly Uint8Array[]
  /** Hex; of the collateral that was used, empty where there is none. */
  readonly collateral: string
  /** Of the policy that will judge the verdict. */
  readonly epoch: number
  /** What the evidence is expected to be bound to: report data or nonce. */
  readonly expected: Uint8Array
}

export interface VerdictCache {
  /** The remembered verdict, or the one that `make` gives; only accepting ones with an end are remembered. */
  verdictOn(subject: VerdictSubject, make: () => Promise<Verdict>): Promise<Verdict>
  /** How many are remembered now. */
  readonly size: number
}

/** Oldest first out: a machine shows new evidence about once an hour. */
const MAX_VERDICTS = 1000

export function createVerdictCache(clock: Clock, max = MAX_VERDICTS): VerdictCache {
  const kept = new Map<string, Verdict>()
  return {
    get size() {
      return kept.size
    },
    verdictOn: async (subject, make) => {
      const key = keyOf(subject)
      const known = kept.get(key)
      if (known && isLive(known, clock.now())) return known
      kept.delete(key)
      const verdict = await make()
      if (!isLive(verdict, clock.now())) return verdict
      kept.set(key, verdict)
      const [oldest] = kept.keys()
      if (kept.size > max && oldest !== undefined) kept.delete(oldest)
      return verdict
    },
  }
}

/** A clock that shows no number ends every verdict. */
const isLive = ({ ok, notBefore, expiresAt }: Verdict, now: number): boolean =>
  ok && expiresAt !== undefined && now < expiresAt && now >= (notBefore ?? 0)

/** Lengths stand before the parts, so that no two subjects are spelled alike. */
function keyOf({ evidence, collateral, epoch, expected }: VerdictSubject): string {
  const parts = [...evidence, utf8(collateral), utf8(String(epoch)), expected]
  return sha256Hex(concat(...parts.flatMap((part) => [u32be(part.length), part])))
}
