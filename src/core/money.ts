/** @module What rows of jobs and the ledger tell each other about money. Types only: the wings meet in a `main.ts`. */
import type { Asset } from './coin.ts'
import type { JobId, Kid, ModelId } from './ids.ts'
import type { Tier } from './tier.ts'
import type { Units } from './units.ts'

/** Who pays: a ledger account, content-free and no name of anybody. */
export interface Payer {
  readonly account: string
  readonly asset: Asset
  /** Tried first: a daily allowance, in ustar only. Absent: paid from `account` alone. */
  readonly free?: string
}

export interface HoldRequest {
  readonly job: JobId
  readonly payer: Payer
  readonly task: string
  readonly model: ModelId
  readonly tier: Tier
  /** What the job may use at most; nothing above it is ever charged. */
  readonly bound: Units
  /** From then on the hold is nobody's: deadline + 10 min, milliseconds since 1970. */
  readonly closesAtMs: number
}

export interface Held {
  readonly amount: bigint
  readonly isFree: boolean
}

export interface CaptureRequest {
  readonly job: JobId
  readonly kid: Kid
  /** 64 hex characters: the account hash of the worker's payout address. Absent where it has none: then nobody is paid. */
  readonly payee?: string
  /** SHA-256, hex. */
  readonly receiptDigest: string
  readonly evidenceId: string
  /** `sha256:…` of the model that answered. */
  readonly weights: string
  /** As the worker's receipt says, and as the gateway counted from the plaintext; absent where it cannot open the job. */
  readonly reported: Units
  readonly recounted?: Units
  /** False for an answer that costs nothing: no speech, nothing to translate. */
  readonly isCharged: boolean
}

/** What a job cost and what its worker was given for it. */
export interface Captured {
  readonly asset: Asset
  readonly charge: bigint
  readonly isFree: boolean
  readonly isCharged: boolean
  readonly payNano: bigint
  /** All that this payee has ever earned, this job included. */
  readonly earnedTotalNano: bigint
  readonly priceVersion: number
  /** The worker's rates of that version: nano per 1 000 000 units of each kind. */
  readonly workerRates: Readonly<Record<string, bigint>>
  /** What was charged for. */
  readonly units: Units
}

/** What a person is told that an answer cost. */
export interface JobPrice {
  readonly asset: Asset
  readonly amount: bigint
  readonly isFree: boolean
}
