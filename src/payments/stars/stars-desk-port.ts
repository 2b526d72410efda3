/** @module What a bot may do with the money of its people. Types only: `main.ts` passes the functions. */
import type { Payer } from '../../core/money.ts'
import type { Units } from '../../core/units.ts'
import type { HistoryLine, Wallet } from '../ledger/ledger-port.ts'
import type { PriceKey } from '../prices/price-key.ts'
import type { StarCalls, Stars } from './stars-port.ts'

/** A person, or a purse of nobody's own that lives on its free allowance: a group's automatic functions, a preview. */
export type Who =
  | { readonly kind: 'person'; readonly userId: number }
  | { readonly kind: 'purse'; readonly name: string }

export interface PersonWallet extends Wallet {
  /** A day's free allowance. */
  readonly freeOf: bigint
}

export interface StarsDesk {
  readonly stars: Stars
  payerOf(who: Who): Payer
  walletOf(userId: number): Promise<PersonWallet>
  /** Newest first. */
  history(userId: number, limit: number): Promise<readonly HistoryLine[]>
  /** The most that a job of such units costs, in ustar. Throws `price.unknown`. */
  quote(job: PriceKey & { readonly units: Units }): bigint
  /** Ends the plan, unlinks the payments and gives up the balance; gives back the number of rows. */
  forget(userId: number): Promise<number>
  /** JSON of everything about a person's money. */
  exportOf(userId: number): Promise<unknown>
}

export type OpenStarsDesk = (calls: StarCalls, botId: number) => StarsDesk
