/** @module What a check of a proof may look at, and what it may answer. */
import type { Anchors } from '../anchors.ts'
import type { TeeCode } from '../codes.ts'
import type { CheckSignatures, Hashes } from '../examination.ts'
import type { NoteDocument } from '../note-document.ts'
import type { Receipt } from '../receipt-document.ts'
import type { ProofBundle } from './bundle.ts'
import type { EvidenceFindings } from './examine-evidence.ts'
import type { CheckState, ProofCheck, Says, Voucher } from './report.ts'

export interface ProofOptions {
  readonly hashes: Hashes
  readonly checkSignatures: CheckSignatures
  /** Other roots than those pinned for the proof's network: for tests. */
  readonly anchors?: Anchors
  /** SHA-256 of the policy document that the registry shows for the epoch, hex. */
  readonly policyHash?: string
  /** What somebody read as the answer; compared, never kept. */
  readonly text?: string
  /** Exact contents of the two records, where the asker can rebuild them (an API client can, a person in a chat cannot). */
  readonly contents?: { readonly input?: Uint8Array; readonly output?: Uint8Array }
  /** The newest policy of this network that this device saw; `undefined` where it keeps none. */
  readonly seen?: SeenPolicy
}

interface SeenPolicy {
  readonly epoch: number
  readonly sha256: string
  /** When the evidence was checked that cited it, unix milliseconds: older evidence may cite older policies. */
  readonly checkedAt: number
}

export type Values = ProofCheck['values']
export interface Outcome {
  readonly state: CheckState
  readonly by?: Voucher
  readonly says: Says
  readonly codes?: readonly TeeCode[]
  readonly values?: Values
}

/** Everything that a check may look at. */
export interface Scene {
  readonly bundle: ProofBundle
  readonly options: ProofOptions
  readonly receipt: Receipt | undefined
  readonly evidence: EvidenceFindings | 'absent' | 'malformed'
  readonly note: NoteDocument | 'absent' | 'malformed'
  readonly isDev: boolean
}

/** By the evidence and the policy, never by anybody's word. */
export function tierOf(evidence: Scene['evidence']): string | undefined {
  if (typeof evidence !== 'object' || evidence.policy?.kind !== 'read') return undefined
  return evidence.policy.judgement.tier
}

export const refuted = (says: Says, codes: readonly TeeCode[], values: Values = []): Outcome => ({
  state: 'refuted',
  says,
  codes,
  values,
})
