/** @module Payout addresses: kept and compared in one form, the raw one of workchain 0. */
import { Address } from '@ton/core'
import { AppError } from '../../core/app-error.ts'

const raw = /^0:[0-9a-f]{64}$/

/** The account hash (64 hex characters) behind a kept payout address; undefined where nothing is paid or the text is no such address. */
export const payeeOf = (payout: string): string | undefined =>
  raw.test(payout) ? payout.slice(2) : undefined

/** The kept form of an address as people write it. Throws `wallet.proof.shape` for no address, `wallet.proof.workchain` outside workchain 0. */
export function payoutOf(text: string): string {
  const address = readAddress(text)
  if (!address) throw new AppError('wallet.proof.shape')
  if (address.address.workChain !== 0) throw new AppError('wallet.proof.workchain')
  return address.address.toRawString()
}

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
