/** @module What a vault's commitment is made of, byte by byte (PAY §15). Runs in Node and in a browser. */
import { concat, domain, fromHex, toHex } from '../../core/bytes.ts'
import type { Sha256 } from './merkle.ts'

/** One paid job. Hashes and payees are 64 hex characters. */
export interface ReceiptLeaf {
  readonly digest: string
  readonly payee: string
  readonly payNano: bigint
  readonly totalAfterNano: bigint
  readonly priceVersion: number
}

/** All that one payee has earned. */
export interface BalanceLeaf {
  readonly payee: string
  readonly totalNano: bigint
}

/** `receiptDigest 32 ‖ payee 32 ‖ pay uint128 ‖ totalAfter uint128 ‖ priceVersion uint32`, in ledger order. */
export const receiptLeaf = (leaf: ReceiptLeaf): Uint8Array =>
  concat(
    bytesOf(leaf.digest),
    bytesOf(leaf.payee),
    uint(leaf.payNano, 16),
    uint(leaf.totalAfterNano, 16),
    uint(BigInt(leaf.priceVersion), 4),
  )

/** `payee 32 ‖ earned total uint128`, by payee, each once. */
export const balanceLeaf = (leaf: BalanceLeaf): Uint8Array =>
  concat(bytesOf(leaf.payee), uint(leaf.totalNano, 16))

/** Before the first epoch. */
export const NO_ROOT = '0'.repeat(64)

/** `SHA-256("chrysalis/ledger/1" ‖ 0x00 ‖ epoch uint32 ‖ previous root ‖ receipts root ‖ balances root)`, hex. */
export const epochRoot = (
  parts: {
    readonly epoch: number
    readonly previousRoot: string
    readonly receiptsRoot: string
    readonly balancesRoot: string
  },
  sha256: Sha256,
): string =>
  toHex(
    sha256(
      domain(
        'chrysalis/ledger/1',
        uint(BigInt(parts.epoch), 4),
        bytesOf(parts.previousRoot),
        bytesOf(parts.receiptsRoot),
        bytesOf(parts.balancesRoot),
      ),
    ),
  )

/** Of hashes whose shape was checked before; RangeError for what is not hex. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  if (!bytes) throw new RangeError('not hex')
  return bytes
}

/** Big-endian, exactly `length` bytes. Throws RangeError for what does not fit. */
function uint(value: bigint, length: number): Uint8Array {
  if (value < 0n || value >= 1n << BigInt(8 * length)) throw new RangeError('out of range')
  return bytesOf(value.toString(16).padStart(2 * length, '0'))
}
