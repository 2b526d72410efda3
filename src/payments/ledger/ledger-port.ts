/** @module What others read of the ledger. Types only, so that a face may name them. */
import type { Asset } from '../../core/coin.ts'

/** One line of an account's history: what the account and its open holds won or lost together. */
export interface HistoryLine {
  readonly tx: bigint
  readonly atMs: number
  readonly reason: string
  readonly ref: string
  readonly asset: Asset
  readonly amount: bigint
}

/** What a person has, and what the day still gives. */
export interface Wallet {
  readonly balance: bigint
  /** In open holds of both accounts. */
  readonly held: bigint
  readonly freeLeft: bigint
  readonly freeJobsLeft: number
  readonly freeRenewsAtMs: number
}
