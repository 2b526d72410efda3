/** @module Byte layouts shared by all wire formats here: strict decoders, big-endian numbers, domain strings. */
import { createHash } from 'node:crypto'

export { domain, utf8 } from '../../core/bytes.ts'

/** Base64url without padding. */
export const toBase64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/**
 * Strict inverse of `toBase64url`; undefined for anything another encoder would have written differently, and,
 * where `length` is given, for any other length. Node's own decoder skips junk silently.
 */
export function fromBase64url(text: string, length?: number): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) return undefined
  return length === undefined || bytes.length === length ? bytes : undefined
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Strict inverse of `toHex` (lower case only); undefined where Node's decoder would stop silently. */
export function fromHex(text: string, length?: number): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'hex')
  if (bytes.toString('hex') !== text) return undefined
  return length === undefined || bytes.length === length ? bytes : undefined
}

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)

export function u32be(value: number): Uint8Array {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export const readU32be = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at)

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export const sha256Hex = (...parts: readonly Uint8Array[]): string => toHex(sha256(...parts))
