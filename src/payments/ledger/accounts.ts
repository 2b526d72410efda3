/** @module Names of accounts, and in which order their rows are locked (PAY §3). */
import type { Asset } from '../../core/coin.ts'

/**
 * Income, expense and what we own. `suspense` is money that we cannot attribute yet; `treasury` the operator's wallets;
 * `stars` what lies at Telegram.
 */
export const REVENUE = 'revenue'
export const COST = 'cost'
export const GRANTS = 'grants'
export const FEES = 'fees'
export const TREASURY = 'treasury'

/** Money of a person or developer, under a name of 1–64 characters that says nothing of them. */
export const isPayerAccount = (account: string): boolean =>
  /^(customer|free):[a-z0-9-]{1,64}$/.test(account)
/** The same without free allowances: what money can be put on. */
export const isCustomerAccount = (account: string): boolean =>
  account.startsWith('customer:') && isPayerAccount(account)
/** Money in the open holds of an account. */
export const heldOf = (account: string): string => `held:${account}`
/** Unpaid earnings of a payout address, by its account hash. */
export const payeeAccount = (payee: string): string => `payee:${payee}`
/** What a vault has, by its account hash. */
export const vaultAccount = (vault: string): string => `vault:${vault}`

/** Accounts whose balance is kept beside the postings and must not be overdrawn. */
export const isCached = (account: string): boolean => /^(customer|free|held):/.test(account)

const rankOf = (account: string): number =>
  account.startsWith('customer:') || account.startsWith('free:')
    ? 0
    : account.startsWith('held:')
      ? 1
      : account.startsWith('payee:')
        ? 2
        : 3

/** Customer, held, payee, by name ascending: two transactions never wait for each other in a ring. */
export function inLockOrder<T extends { readonly account: string }>(
  lines: readonly T[],
): readonly T[] {
  return lines.toSorted(
    (a, b) =>
      rankOf(a.account) - rankOf(b.account) ||
      (a.account < b.account ? -1 : a.account > b.account ? 1 : 0),
  )
}

/** At least two lines, none of 0, and a sum of 0 in each asset. */
export function balanced(
  lines: readonly { readonly asset: Asset; readonly amount: bigint }[],
): boolean {
  const sums = { nano: 0n, ustar: 0n }
  for (const { asset, amount } of lines) sums[asset] += amount
  const isMoving = lines.every(({ amount }) => amount !== 0n)
  return lines.length > 1 && isMoving && sums.nano === 0n && sums.ustar === 0n
}
