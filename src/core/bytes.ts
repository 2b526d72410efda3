/** @module Bytes without `Buffer`: strict text forms, little- and big-endian numbers, comparison. Runs in Node and in a browser. */

const HEX = '0123456789abcdef'

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15)
  return text
}

/** Strict inverse of `toHex`: lower case, even, nothing else; undefined otherwise, and for another `length` in bytes. */
export function fromHex(text: string, length?: number): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let at = 0; at < bytes.length; at++)
    bytes[at] = (nibble(text.charCodeAt(2 * at)) << 4) | nibble(text.charCodeAt(2 * at + 1))
  return length === undefined || bytes.length === length ? bytes : undefined
}

/** Of a digit that was found to be one: '0' is 0x30, 'a' is 0x61. */
const nibble = (code: number): number => (code < 0x3a ? code - 0x30 : code - 0x57)

/** Base64url without padding. */
export function toBase64url(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Strict inverse of `toBase64url`: what another encoder would have written differently is undefined. */
export function fromBase64url(text: string, length?: number): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined
  const bytes = decode64(text.replaceAll('-', '+').replaceAll('_', '/'))
  if (!bytes || toBase64url(bytes) !== text) return undefined
  return length === undefined || bytes.length === length ? bytes : undefined
}

/** Standard base64 with padding, as PEM has it, line ends and blanks removed by the caller; strict otherwise. */
export function fromBase64(text: string): Uint8Array | undefined {
  // The bits that padding leaves unused are zero, so that no two texts give the same bytes.
  const isCanonical =
    text.length % 4 === 0 && /^[A-Za-z0-9+/]*(?:[AEIMQUYcgkosw048]=|[AQgw]==)?$/.test(text)
  return isCanonical ? decode64(text) : undefined
}

function decode64(text: string): Uint8Array | undefined {
  try {
    const chars = atob(text)
    const bytes = new Uint8Array(chars.length)
    for (let at = 0; at < bytes.length; at++) bytes[at] = chars.charCodeAt(at)
    return bytes
  } catch {
    return undefined
  }
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Undefined for bytes that are no UTF-8; a byte order mark stays a character. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** For public values; secrets are compared in constant time by the node side. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

export const allZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

/** `label ‖ 0 ‖ parts`: what is signed, hashed or derived for one purpose can never serve another. */
export const domain = (label: `chrysalis/${string}`, ...parts: readonly Uint8Array[]): Uint8Array =>
  concat(utf8(label), new Uint8Array(1), ...parts)

const view = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Numbers at a place; a place outside the bytes throws RangeError, so callers check lengths first. */
export const u16le = (bytes: Uint8Array, at: number): number => view(bytes).getUint16(at, true)
export const u32le = (bytes: Uint8Array, at: number): number => view(bytes).getUint32(at, true)
export const u64le = (bytes: Uint8Array, at: number): bigint => view(bytes).getBigUint64(at, true)

export function u32be(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  view(bytes).setUint32(0, value)
  return bytes
}
