/** @module AES-256-GCM and HKDF-SHA256 of node:crypto, with the tag length pinned and the keys wiped by their users. */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto'

export const KEY_BYTES = 32
export const IV_BYTES = 12
export const TAG_BYTES = 16

export interface AeadInput {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 12 bytes; never the same twice under one key. */
  readonly iv: Uint8Array
  readonly aad: Uint8Array
}

/** Node 24 looks at plain bytes for 25 µs before it takes them as a key, more than the sealing takes (measured). */
export const keyOf = (bytes: Uint8Array): KeyObject => createSecretKey(bytes)

/** Ciphertext with the 16-byte tag appended. */
export function aeadSeal({ key, iv, aad }: AeadInput, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', keyOf(key), iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/**
 * The plaintext of `sealed`, or undefined when the key, the nonce, the associated data or any byte is not the sealer's.
 * `authTagLength` is given because Node would otherwise accept a tag of 4 bytes.
 */
export function aeadOpen({ key, iv, aad }: AeadInput, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined
  const end = sealed.length - TAG_BYTES
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(key), iv, { authTagLength: TAG_BYTES })
    decipher.setAAD(aad)
    decipher.setAuthTag(sealed.subarray(end))
    const head = decipher.update(sealed.subarray(0, end))
    const tail = decipher.final()
    return tail.length === 0 ? head : Buffer.concat([head, tail])
  } catch {
    return undefined
  }
}

export interface HkdfInput {
  readonly key: Uint8Array
  readonly salt: Uint8Array
  readonly info: Uint8Array
  readonly length: number
}

/** HKDF-SHA256 (RFC 5869), extract and expand. */
export const hkdf = ({ key, salt, info, length }: HkdfInput): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', keyOf(key), salt, info, length))

/** Nonce of a counter stream: `base` with the last 8 bytes XOR u64be `counter` (counter < 2^32). */
export function counterNonce(base: Uint8Array, counter: number): Uint8Array {
  const nonce = Buffer.from(base)
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ counter) >>> 0, 8)
  return nonce
}

/** Constant-time equality; false for unequal lengths, where `timingSafeEqual` would throw. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b)

/** Overwrites keys that are not needed any more (best effort: copies made by the runtime are out of reach). */
export function wipe(...keys: readonly Uint8Array[]): void {
  for (const key of keys) key.fill(0)
}
