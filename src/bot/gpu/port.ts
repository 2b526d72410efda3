/** @module What `/gpu` needs of the rest of the system; `main.ts` passes it. */
import type { LinkedPayout, Payouts } from '../../payments/wallets/wallets.ts'

export interface GpuPort {
  /** Under which name a person's machines and earnings stand; nobody's name. */
  readonly ownerOf: (userId: number) => string
  /** Whose chat that is; undefined for an owner without one. */
  readonly userOf: (owner: string) => number | undefined
  readonly payouts: Pick<Payouts, 'payoutOf' | 'ticket' | 'confirmChange' | 'cancelChange'>
  /** A fresh join token and what is kept of it (64 hex characters). */
  readonly newToken: () => { readonly token: string; readonly hash: string }
  /** The one command that starts a machine's worker; at most 256 characters, which is what a Copy button holds. */
  readonly command: (token: string, payout: string) => string
  /** The account hash behind a payout address; undefined for none. */
  readonly payeeOf: (payout: string) => string | undefined
  /** As wallets show it. */
  readonly show: (payout: string) => string
  /** The wallet page, opened by a ticket; absent where there is none. */
  readonly walletPage?: (ticket: string) => string
  /** Puts a payee into the next batch; absent where nothing is settled. */
  readonly payNow?: (payee: string) => Promise<void>
  /** A page that shows a transaction or an account. */
  readonly explorer?: (payee: string) => string
}

export type { LinkedPayout }
