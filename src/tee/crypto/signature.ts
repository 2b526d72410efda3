/** @module Ed25519 over domain-separated canonical JSON, with raw 32-byte keys. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { type Canonical, canonicalBytes } from '../../core/canonical.ts'
import { concat, domain } from './binary.ts'

export const SIGNATURE_BYTES = 64
export const PUBLIC_KEY_BYTES = 32
export const SEED_BYTES = 32

/** RFC 8410 prefixes before the 32 raw bytes. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** A signing key; the private half never leaves it. */
export interface Signer {
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/** The key pair of a 32-byte seed, which stays the caller's to wipe. */
export function signerOf(seed: Uint8Array): Signer {
  const key = createPrivateKey({
    key: Buffer.from(concat(PKCS8, seed)),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    publicKey: Uint8Array.from(spki.subarray(SPKI.length)),
    sign: (message) => sign(null, message, key),
  }
}

/** True when `signature` is the key's over `message`; false for keys and signatures of a wrong length. */
export type Verifier = (message: Uint8Array, signature: Uint8Array) => boolean

/** Imports `publicKey` once, for a key that checks many messages; its bytes must not change afterwards. */
export function createVerifier(publicKey: Uint8Array): Verifier {
  const key = importKey(publicKey)
  return (message, signature) => {
    if (!key || signature.length !== SIGNATURE_BYTES) return false
    try {
      return verify(null, message, key, signature)
    } catch {
      return false
    }
  }
}

/** As `createVerifier`, for one message. */
export const verifySignature = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => createVerifier(publicKey)(message, signature)

/** `label ‖ 0 ‖ JCS(value)`: what is signed for frames. */
export const signedBytes = (label: `chrysalis/${string}`, value: Canonical): Uint8Array =>
  domain(label, canonicalBytes(value))

/** Undefined for what is no key. */
function importKey(raw: Uint8Array): KeyObject | undefined {
  if (raw.length !== PUBLIC_KEY_BYTES) return undefined
  try {
    return createPublicKey({ key: Buffer.from(concat(SPKI, raw)), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}
