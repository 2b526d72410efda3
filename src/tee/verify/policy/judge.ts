/** @module From verdicts to a place at work: the policy's judgement of evidence that has been verified (CONF §12). */

import type { AnchorSet } from '../anchors.ts'
import { inTableOrder, type TeeCode } from '../codes.ts'
import type { Hashes, Measurements, Verdict } from '../examination.ts'
import type { Policy } from './document.ts'
import { type PolicyEntry, SIMULATED } from './entry.ts'
import { type GpuFinding, type Match, matchEntry, type Shown } from './entry-match.ts'
import { composeHashOf } from './event-log.ts'
import { hardwareHash } from './hardware-id.ts'
import { checkPolicyTime } from './succession.ts'
import { judgeIntelTcb } from './tcb.ts'

export interface Judged {
  /** Of the CPU's evidence. */
  readonly verdict: Verdict
  readonly gpus: readonly GpuFinding[]
  /** What the claims serve; absent where the evidence stands alone. */
  readonly models?: readonly { readonly id: string; readonly weights: string }[]
  /** The worker's key id. */
  readonly kid?: string
  readonly eventlog?: string
  readonly role: PolicyEntry['role']
  readonly net: AnchorSet['net']
  readonly nowMs: number
  readonly hashes: Hashes
}

type Tier = 'gpu-tee' | 'cpu-tee' | 'simulated'

export interface Judgement {
  readonly ok: boolean
  /** The first failed code in table order. */
  readonly code?: TeeCode
  /** Those of the verdicts as well. */
  readonly failed: readonly TeeCode[]
  /** Only where `ok`. */
  readonly tier?: Tier
  /** The entry that is met, or is nearest to being met. */
  readonly entry?: PolicyEntry
  /** Name of the machine (`hardwareHash`). */
  readonly hw?: string
  /** Unix ms: when evidence, policy, entry or tolerance ends, whichever is first. Only where `ok`. */
  readonly expiresAt?: number
  /** Unix ms: when the image or its firmware stops being accepted, which its owner can mend. Only where `ok`. */
  readonly mendBy?: number
}

/**
 * Judges by a document whose signatures, succession and anchor were checked before. Fails closed: what is not listed,
 * not measured or not dated is refused. Does not check enrolment of the hardware, nor what the claims are bound to.
 */
export function judge(policy: Policy, judged: Judged): Judgement {
  const { verdict, gpus, net, nowMs } = judged
  const time = checkPolicyTime(policy, nowMs)
  const failed: TeeCode[] = [verdict, ...gpus.map((gpu) => gpu.verdict)].flatMap((it) => it.failed)
  if (time) failed.push(time)
  if (policy.net !== net) failed.push('NET_MISMATCH')

  const { measurements } = verdict
  const match = bestMatch(policy, judged)
  failed.push(...(match?.failed ?? (['POL_MEASUREMENT'] as const)))
  if (net !== 'devnet' && isSimulated(measurements)) failed.push('DEV_MARK')
  const tcb = verdict.tee === 'tdx' ? judgeIntelTcb(verdict.tcb, policy, nowMs) : { failed: [] }
  failed.push(...tcb.failed)
  // Evidence without an end is evidence without dates: nothing could be cached by it, and it would never be asked again.
  const ends = [verdict, ...gpus.map((gpu) => gpu.verdict)].map((it) => it.expiresAt)
  if (verdict.expiresAt === undefined || ends.some((end) => end !== undefined && !(nowMs <= end)))
    failed.push('COL_TIME')
  const devices = gpus.map((gpu) => gpu.verdict.hardware)
  if (new Set(devices).size !== devices.length || devices.includes(undefined))
    failed.push('GPU_CLONE')

  const hw = hardwareOf(judged)
  if (isDenied(policy, judged, { measurements, hw })) failed.push('POL_DENIED')

  const known = { ...(match && { entry: match.entry }), ...(hw !== undefined && { hw }) }
  const ordered = inTableOrder(failed)
  const [code] = ordered
  const isVerified = verdict.ok && gpus.every((gpu) => gpu.verdict.ok)
  if (code !== undefined || !isVerified || !match)
    return { ok: false, ...(code !== undefined && { code }), failed: ordered, ...known }
  const untils = [policy.notAfter * 1000, match.entry.until * 1000, tcb.untilMs, ...ends]
  return {
    ok: true,
    failed: [],
    tier: net === 'devnet' ? 'simulated' : gpus.length > 0 ? 'gpu-tee' : 'cpu-tee',
    ...known,
    expiresAt: Math.min(...untils.filter((end) => end !== undefined)),
    mendBy: Math.min(match.entry.until * 1000, tcb.untilMs ?? Number.POSITIVE_INFINITY),
  }
}

/** The entry with the fewest failures among those of this role and time whose measurements these are. */
function bestMatch(policy: Policy, judged: Judged): Match | undefined {
  const { verdict, gpus, models, role, net, nowMs } = judged
  const measured = verdict.measurements
  if (!measured) return undefined
  const composeHash = replayedOnce(judged, measured)
  const shown: Shown = { measured, gpus, net, composeHash, ...(models && { models }) }
  return policy.entries
    .filter((it) => it.role === role && it.from * 1000 <= nowMs && nowMs <= it.until * 1000)
    .map((entry) => matchEntry(entry, shown))
    .filter(({ isNamed }) => isNamed)
    .toSorted((a, b) => a.failed.length - b.failed.length)[0]
}

/** Many entries may ask, and a stranger chose how long the log is: it is replayed at most once. */
function replayedOnce(
  { eventlog, hashes }: Judged,
  measured: Measurements,
): () => string | undefined {
  let replayed: { readonly compose: string | undefined } | undefined
  return () => {
    if (eventlog === undefined || measured.tee !== 'tdx') return undefined
    replayed ??= { compose: composeHashOf(eventlog, measured.rtmr3, hashes) }
    return replayed.compose
  }
}

/** The mark of the dev network's PKI; its verifier demands it, the vendors' refuses it, and so does this. */
function isSimulated(measured: Measurements | undefined): boolean {
  if (measured?.tee === 'tdx') return measured.mrTd.startsWith(SIMULATED)
  return measured?.tee === 'snp' && measured.measurement.startsWith(SIMULATED)
}

function hardwareOf({ verdict: { tee, hardware }, hashes }: Judged): string | undefined {
  return tee === 'nvidia' || hardware === undefined
    ? undefined
    : hardwareHash(tee, hardware, hashes)
}

/** Names of machines, workers and any measured register that the policy has withdrawn. */
function isDenied(
  { deny }: Policy,
  { kid, gpus }: Judged,
  found: { measurements: Measurements | undefined; hw: string | undefined },
): boolean {
  const registers = [found.measurements, ...gpus.map((gpu) => gpu.verdict.measurements)].flatMap(
    (it) => (it ? Object.values(it).filter((value) => typeof value === 'string') : []),
  )
  return (
    (kid !== undefined && deny.kids.includes(kid)) ||
    (found.hw !== undefined && deny.hw.includes(found.hw)) ||
    registers.some((register) => deny.measurements.includes(register))
  )
}

/**
 * Judges by the document in force and by the next one whose additions still wait: what the next one removes or denies
 * is refused at once, what it adds is not accepted before its time. The judgement cites the document in force.
 */
export function judgeInForce(
  { current, pending }: { readonly current: Policy; readonly pending?: Policy },
  judged: Judged,
): Judgement {
  const now = judge(current, judged)
  if (!pending) return now
  // It is not yet the next one's time, which `notBefore` may say as well: only that is excused.
  const next = judge(pending, judged)
  const others = next.failed.filter((code) => code !== 'POL_EARLY')
  if (others.length === 0) return now
  const failed = inTableOrder([...now.failed, ...others])
  const [code] = failed
  const { tier: _tier, expiresAt: _expiresAt, mendBy: _mendBy, ...facts } = now
  return { ...facts, ok: false, failed, ...(code !== undefined && { code }) }
}
