/** @module Payout addresses: kept and compared in one form, the raw one of workchain 0. */
import { Address } from '@ton/core'

const raw = /^0:[0-9a-f]{64}$/

/** The account hash (64 hex characters) behind a kept payout address; undefined where nothing is paid or the text is no such address. */
export const payeeOf = (payout: string): string | undefined =>
  raw.test(payout) ? payout.slice(2) : undefined

/** An address as wallets show it: user-friendly, and not bounceable, since it need not be deployed. */
export const showPayout = (payout: string, isTest: boolean): string =>
  Address.parseRaw(payout).toString({ bounceable: false, testOnly: isTest })

/** Raw or friendly; `isTestOnly` is what a friendly one says of itself. Undefined for anything else. */
export function readAddress(
  text: string,
): { readonly address: Address; readonly isTestOnly: boolean } | undefined {
  try {
    if (Address.isFriendly(text)) return Address.parseFriendly(text)
    return { address: Address.parseRaw(text), isTestOnly: false }
  } catch {
    return undefined
  }
}
