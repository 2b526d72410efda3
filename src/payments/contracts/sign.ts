/** @module Ed25519 over a cell's hash with node:crypto: the signatures that the vault checks. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { Cell } from '@ton/core'

const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

export interface CellSigner {
  /** Raw public key, 32 bytes. */
  readonly publicKey: Buffer
  /** 64 bytes over the cell's hash; the same cell gives the same signature. */
  sign(cell: Cell): Buffer
}

/** Signer of a 32-byte Ed25519 seed. Throws RangeError for another length. */
export function cellSigner(seed: Uint8Array): CellSigner {
  if (seed.length !== 32) throw new RangeError('a seed has 32 bytes')
  const der = Buffer.concat([pkcs8Prefix, seed])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    publicKey: spki.subarray(spkiPrefix.length),
    sign: (cell) => sign(null, cell.hash(), key),
  }
}

/** Whether `signature` over the cell's hash was made by the owner of the raw public key. */
export const isSignedBy = (cell: Cell, signature: Uint8Array, publicKey: Uint8Array): boolean =>
  signature.length === 64 && verify(null, cell.hash(), publicKeyOf(publicKey), signature)

const publicKeyOf = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' })
