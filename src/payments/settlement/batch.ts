/** @module A batch: totals on their way to a vault, and the states it goes through (PAY §7). */

/** `planned → signed → broadcast → seen → finalized → closed`; `expired` and `failed` are ends whose totals go into a new batch. */
export type BatchState =
  | 'planned'
  | 'signed'
  | 'broadcast'
  | 'seen'
  | 'finalized'
  | 'closed'
  | 'expired'
  | 'failed'

/** What a payee shall have been paid in all when the batch is done. Payee: 64 hex characters, the account hash. */
export interface Line {
  readonly payee: string
  readonly chunk: number
  readonly paidBefore: bigint
  readonly target: bigint
}

/** What the vault made of one message. Codes are those of the compute and the action phase; absent: there was none. */
export interface Outcome {
  readonly vaultLt?: bigint
  readonly exitCode?: number
  readonly actionCode?: number
  readonly outMessages?: number
}

/** One message to the vault: a list of totals, or the day's published liabilities. */
export interface Chunk extends Outcome {
  readonly chunk: number
  readonly kind: 'settle' | 'commit'
  /** What the message carries for gas and forwarding; the rest comes back. */
  readonly valueNano: bigint
}

/** What is stored with `signed`: from then on the same bytes are sent, or none. */
export interface Signed {
  readonly wallet: string
  readonly fence: bigint
  readonly seqno: number
  /** Unix seconds, by the chain's clock. */
  readonly validUntil: bigint
  readonly message: Uint8Array
  readonly normHash: string
  /** The wallet's last transaction at signing; the one that takes the message comes after it. */
  readonly walletLt: bigint
}

export interface Batch {
  readonly id: bigint
  readonly vault: string
  readonly state: BatchState
  readonly plannedAtMs: number
  readonly lines: readonly Line[]
  readonly chunks: readonly Chunk[]
  readonly signed?: Signed
  readonly tries: number
  readonly sentAtMs?: number
  readonly walletTx?: string
  readonly reason?: string
  /** What it cost beside what it paid; known from `finalized` on. */
  readonly feesNano: bigint
}
