/** @module Which policy counts, decided from what was seen, what lies here and what the registry names; without any reading (CONF §12). */
import type { Net } from '../../core/config.ts'
import type { TeeCode } from '../verify/codes.ts'
import type { Policy } from '../verify/policy/document.ts'
import { checkPolicyTime, checkSuccession, type SeenPolicy } from '../verify/policy/succession.ts'
import { type Anchor, additionsFrom } from './anchor.ts'
import { policyChanges } from './changes.ts'
import type { Seen } from './folder.ts'

/** A document whose signatures were checked. */
export interface KnownPolicy {
  readonly policy: Policy
  /** Hex. */
  readonly sha256: string
}

/** What was last found, by which `inForceAt` decides at each moment. Times in unix ms. */
export interface Standing {
  readonly current: KnownPolicy | undefined
  /** Anchored, but its additions wait until then. */
  readonly next?: { readonly known: KnownPolicy; readonly activeFromMs: number }
  /** The registry names a document that is not here: from then on the current one is not enough. */
  readonly unknownFromMs?: number
}

/** What to judge by (`judgeInForce`). */
export interface InForce {
  readonly current: Policy
  readonly sha256: string
  /** The next document, already anchored, whose additions still wait; what it removes and denies counts. */
  readonly pending?: Policy
}

/** Undefined: admit nobody. */
export function inForceAt(standing: Standing, nowMs: number): InForce | undefined {
  const { next, unknownFromMs } = standing
  if (unknownFromMs !== undefined && nowMs >= unknownFromMs) return undefined
  const isNextActive = next !== undefined && nowMs >= next.activeFromMs
  const current = isNextActive ? next.known : standing.current
  if (!current || checkPolicyTime(current.policy, nowMs)) return undefined
  const facts = { current: current.policy, sha256: current.sha256 }
  return next && !isNextActive ? { ...facts, pending: next.known.policy } : facts
}

/** What a restarted process may go on with before it has read the anchor. */
export function standingOf(
  seen: Seen | undefined,
  here: ReadonlyMap<number, KnownPolicy>,
): Standing {
  if (!seen) return { current: undefined }
  const last = find(seen, here)
  if (!seen.before) return { current: last }
  const current = find(seen.before, here)
  return last
    ? { current, next: { known: last, activeFromMs: Number.POSITIVE_INFINITY } }
    : { current }
}

const find = (
  seen: SeenPolicy,
  here: ReadonlyMap<number, KnownPolicy>,
): KnownPolicy | undefined => {
  const known = here.get(seen.epoch)
  return known?.sha256 === seen.sha256 ? known : undefined
}

export interface Found {
  readonly net: Net
  readonly seen: Seen | undefined
  /** Documents of this folder by epoch, their signatures checked. */
  readonly here: ReadonlyMap<number, KnownPolicy>
  /** Undefined: it could not be read. */
  readonly anchor: Anchor | undefined
  readonly nowMs: number
}

/**
 * The new standing, and what is wrong. `POL_ANCHOR`: unreadable, or another document than ours of that epoch.
 * `POL_ROLLBACK`: the registry names less than was seen. `POL_EPOCH_GAP`: a document between is not here.
 * `POL_EARLY`: additions were anchored to count sooner than the time lock lets them; they wait.
 */
export function nextStanding(
  before: Standing,
  found: Found,
): { standing: Standing; code?: TeeCode } {
  const { seen, here, anchor, nowMs } = found
  const { next, ...rest } = before
  const isNextActive = next !== undefined && nowMs >= next.activeFromMs
  const standing: Standing = isNextActive ? { ...rest, current: next.known } : before
  if (!anchor) return { standing, code: 'POL_ANCHOR' }
  if (seen && anchor.epoch < seen.epoch) return { standing, code: 'POL_ROLLBACK' }
  const unknown = { ...standing, unknownFromMs: anchor.activeFrom * 1000 }
  const known = here.get(anchor.epoch)
  if (!known) return { standing: unknown, code: 'POL_EPOCH_GAP' }
  if (known.sha256 !== anchor.sha256) return { standing: unknown, code: 'POL_ANCHOR' }
  const broken = brokenLink(known, seen, here)
  if (broken) return { standing: unknown, code: broken }
  return place(known, standing.current ?? predecessor(known, here), { ...found, anchor })
}

/** Every epoch from the seen one on is here and names the one before. */
function brokenLink(
  known: KnownPolicy,
  seen: Seen | undefined,
  here: ReadonlyMap<number, KnownPolicy>,
): TeeCode | undefined {
  if (!seen) return undefined
  let last: SeenPolicy = seen
  for (
    let epoch = Math.min(seen.epoch + 1, known.policy.epoch);
    epoch <= known.policy.epoch;
    epoch++
  ) {
    const link = here.get(epoch)
    if (!link) return 'POL_EPOCH_GAP'
    const { prev } = link.policy
    const code = checkSuccession({ epoch, prev, sha256: link.sha256 }, last)
    if (code) return code
    last = { epoch, sha256: link.sha256 }
  }
  return undefined
}

/** The anchored document itself says which one was in force before it. */
function predecessor(
  { policy }: KnownPolicy,
  here: ReadonlyMap<number, KnownPolicy>,
): KnownPolicy | undefined {
  return find({ epoch: policy.epoch - 1, sha256: policy.prev }, here)
}

function place(
  known: KnownPolicy,
  current: KnownPolicy | undefined,
  { anchor, net, nowMs }: Found & { anchor: Anchor },
): { standing: Standing; code?: TeeCode } {
  if (current?.sha256 === known.sha256) return { standing: { current: known } }
  // Without the document before it nobody can say what it adds; the registry's own time must do.
  const lock = current ? additionsFrom(anchor, net) : { at: anchor.activeFrom, isEarly: false }
  const adds = !current || policyChanges(current.policy, known.policy).some(({ waits }) => waits)
  const activeFromMs = Math.max(adds ? lock.at : 0, known.policy.notBefore) * 1000
  if (nowMs >= activeFromMs) return { standing: { current: known } }
  const standing: Standing = { current, next: { known, activeFromMs } }
  return adds && lock.isEarly ? { standing, code: 'POL_EARLY' } : { standing }
}
