/** @module Which contracts are wallets whose key can be read from their first state, and where it stands there (PAY §14). */
import type { Cell } from '@ton/core'

/** Bits before the 256 of the key, by the hash of the code. All three begin with sequence and wallet number; V5 has a flag before them. */
const keyAt: Readonly<Record<string, number>> = {
  // V3R2
  '84dafa449f98a6987789ba232358072bc0f76dc4524002a5d0918b9a75d2d599': 64,
  // V4R2
  feb5ff6820e2ff0d9483e7e0d62c817d846789fb4ae580c878866d959dabd5c0: 64,
  // V5R1
  '20834b7b72b112147e1b2fb457b84e74d1a30f04f737d4f62a668e9552d2b72f': 65,
}

/** The public key (32 bytes) in a wallet's first data; undefined for code that is not known, or data that does not fit it. */
export function keyOfWallet(code: Cell, data: Cell): Buffer | undefined {
  const at = keyAt[code.hash().toString('hex')]
  if (at === undefined || data.bits.length < at + 256) return undefined
  return data.beginParse().skip(at).loadBuffer(32)
}
