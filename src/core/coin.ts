/** @module Money as whole numbers of the smallest unit: `nano` (1e-9 coin) and `ustar` (1e-6 Telegram Star). The one place that knows how a sum is written. */
import { AppError } from './app-error.ts'

/** How the network's coin is called where a person reads it. */
export const COIN = { symbol: 'GRAM', name: 'Gram', decimals: 9 } as const

/** Smallest units: amounts of one asset are added to amounts of the same asset only. */
const ASSETS = ['nano', 'ustar'] as const
export type Asset = (typeof ASSETS)[number]

const starDecimals = 6
const maxWholeDigits = 12

/** `"0.5"` → 500000000n. Throws `input.amount` for a sign, an exponent, spaces, a comma, more than 9 decimals or 12 whole digits. */
export function parseCoin(text: string): bigint {
  const match = /^(?<whole>\d+)(?:\.(?<part>\d{1,9}))?$/.exec(text)
  const whole = match?.groups?.['whole']
  if (whole === undefined || whole.length > maxWholeDigits) throw new AppError('input.amount')
  return BigInt(whole + (match?.groups?.['part'] ?? '').padEnd(COIN.decimals, '0'))
}

/** Every digit that counts and no other: 500000000n → `"0.5"`, 1n → `"0.000000001"`; negative sums carry a minus. */
export const formatCoin = (nano: bigint): string => decimal(nano, COIN.decimals, COIN.decimals)

/** As `formatCoin`, with the coin's symbol. */
export const showCoin = (nano: bigint): string => `${formatCoin(nano)} ${COIN.symbol}`

/** Stars to three decimals, rounded away from zero: what is not nothing is never shown as 0. */
export const formatStars = (ustar: bigint): string => decimal(ustar, starDecimals, 3)

function decimal(amount: bigint, decimals: number, shown: number): string {
  const dropped = 10n ** BigInt(decimals - shown)
  const size = amount < 0n ? -amount : amount
  const rounded = (size + dropped - 1n) / dropped
  const digits = rounded.toString().padStart(shown + 1, '0')
  const part = digits.slice(-shown).replace(/0+$/, '')
  const whole = digits.slice(0, -shown)
  return `${amount < 0n ? '-' : ''}${whole}${part === '' ? '' : `.${part}`}`
}
