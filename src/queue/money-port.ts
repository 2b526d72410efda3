/** @module What the rows of a job ask of the ledger, inside the very transaction that writes them. Types only: `main.ts` passes the functions. */
import type { Asset } from '../core/coin.ts'
import type { JobId, Kid, ModelId } from '../core/ids.ts'
import type { Tier } from '../core/tier.ts'
import type { Units } from '../core/units.ts'
import type { Tx } from '../db/database.ts'

/** Who pays: a ledger account of the wing `payments`, content-free and no name of anybody. */
export interface Payer {
  readonly account: string
  readonly asset: Asset
  /** Tried first: a daily allowance. Absent: paid from `account` alone. */
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

export interface CaptureRequest {
  readonly job: JobId
  readonly kid: Kid
  /** 64 hex characters: the account hash of the worker's payout address. */
  readonly payee: string
  readonly receiptDigest: string
  readonly evidenceId: string
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
  readonly payNano: bigint
  /** All that this payee has ever earned, this job included. */
  readonly earnedTotalNano: bigint
  readonly priceVersion: number
  /** What was charged for. */
  readonly units: Units
}

export interface MoneyPort {
  /** Throws `price.unknown`, `funds.insufficient`, `quota.spent` with nothing written. The same job again: the same hold. */
  hold(tx: Tx, request: HoldRequest): Promise<{ readonly held: bigint; readonly isFree: boolean }>
  /** Once a job; the same digest again gives the same answer. Throws `hold.closed`, `receipt.conflict`. */
  capture(tx: Tx, request: CaptureRequest): Promise<Captured>
  /** Gives the whole hold back; harmless when it is closed already or never was. */
  release(tx: Tx, job: JobId, how: 'released' | 'expired'): Promise<void>
}
