/** @module What checking a proof says: eleven checks, who vouches for each, and what is not proven (API B4, B7). */
import type { AnchorSet } from '../anchors.ts'
import type { TeeCode } from '../codes.ts'

/** `asserted`: somebody says so and nothing shown here proves it. */
export type CheckState = 'proven' | 'asserted' | 'not-checked' | 'refuted'

/** Who is believed where a check is not refuted. */
export type Voucher =
  | 'worker-key'
  | 'intel'
  | 'amd'
  | 'nvidia'
  | 'test-root'
  | 'policy-signers'
  | 'registry'
  | 'operator'
  | 'this-device'
  | 'nobody'

/** One sentence each, in every language; the part before the dot is the check's name. */
const SAYS = [
  'receipt.ok',
  'receipt.no-keys',
  'receipt.malformed',
  'receipt.changed',
  'receipt.other-key',
  'receipt.mixed',
  'receipt.time',
  'binding.ok',
  'binding.absent',
  'binding.malformed',
  'binding.other-record',
  'binding.other-keys',
  'binding.not-in-quote',
  'binding.changed',
  'hardware.ok',
  'hardware.simulated',
  'hardware.absent',
  'hardware.refused',
  'policy.anchored',
  'policy.unanchored',
  'policy.absent',
  'policy.changed',
  'policy.other-hash',
  'policy.refused',
  'weights.ok',
  'weights.unlisted',
  'weights.absent',
  'weights.differ',
  'gpu.ok',
  'gpu.none',
  'gpu.absent',
  'gpu.refused',
  'text.ok',
  'text.not-given',
  'text.no-salt',
  'text.differs',
  'text.records',
  'text.other-records',
  'units.later',
  'gateway.operator',
  'gateway.absent',
  'gateway.malformed',
  'gateway.changed',
  'gateway.other-receipt',
  'gateway.other-units',
  'gateway.other-tier',
  'inclusion.later',
  'rollback.ok',
  'rollback.first',
  'rollback.absent',
  'rollback.older',
  'rollback.forked',
] as const
export type Says = (typeof SAYS)[number]

export const CHECKS = [
  'receipt',
  'binding',
  'hardware',
  'policy',
  'weights',
  'gpu',
  'text',
  'units',
  'gateway',
  'inclusion',
  'rollback',
] as const
export type CheckName = (typeof CHECKS)[number]

export interface ProofCheck {
  /** 1 … 11, the numbers of API B4. */
  readonly number: number
  readonly name: CheckName
  readonly state: CheckState
  readonly by: Voucher
  readonly says: Says
  /** Of what was refuted, in table order. */
  readonly codes: readonly TeeCode[]
  /** Raw values to look at: name and text. */
  readonly values: readonly (readonly [name: string, value: string])[]
}

/** A: self-hosted gateway whose owner can read; D: dev network. */
export type Profile = 'A' | 'D'

const NOT_PROVEN = [
  'telegram',
  'operator',
  'test-network',
  'physical',
  'gpu-place',
  'program',
  'times',
  'right',
  'traffic',
  'page',
] as const
export type NotProven = (typeof NOT_PROVEN)[number]

/** What the receipt says, for the head of the page; no more believed than check 1. */
export interface ProofFacts {
  readonly net: AnchorSet['net']
  readonly job: string
  readonly task: string
  readonly model: string
  readonly weights: string
  readonly engine: string
  readonly tier: string
  readonly units: {
    readonly inTokens: number
    readonly outTokens: number
    readonly audioMs: number
  }
  /** Unix seconds, by the worker's clock. */
  readonly servedAt: number
  readonly worker: string
  readonly broker: string
}

export interface ProofReport {
  readonly profile: Profile
  /** Said first: on a dev network nothing is proven, whatever the checks say. */
  readonly isSimulated: boolean
  readonly checks: readonly ProofCheck[]
  readonly counts: Readonly<Record<CheckState, number>>
  /** Nothing refuted, and the receipt's signature was checked. */
  readonly isAccepted: boolean
  readonly notProven: readonly NotProven[]
  readonly facts?: ProofFacts
  /** Epoch and hash of the policy, and when it was cited: what a device remembers. */
  readonly policy?: {
    readonly net: AnchorSet['net']
    readonly epoch: number
    readonly sha256: string
    readonly checkedAt: number
  }
}

/** The list of API B7 for one profile, in its order. */
export const notProvenFor = (profile: Profile, hasGpu: boolean): NotProven[] =>
  NOT_PROVEN.filter((it) => {
    if (it === 'operator') return profile === 'A'
    if (it === 'test-network') return profile === 'D'
    return it !== 'gpu-place' || hasGpu
  })
