/** @module Writes DER for the dev network's certificates; what it is given it writes, right or wrong, so that tests can make bad ones. */
import { concat, utf8 } from '../../core/bytes.ts'
import { TAG } from '../verify/der.ts'

export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts)
  return concat(Uint8Array.of(tag), lengthBytes(content.length), content)
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => der(TAG.sequence, ...parts)
export const set = (...parts: readonly Uint8Array[]): Uint8Array => der(TAG.set, ...parts)
export const octets = (...parts: readonly Uint8Array[]): Uint8Array =>
  der(TAG.octetString, ...parts)
/** Constructed context tag `[number]`. */
export const context = (number: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  der(0xa0 | number, ...parts)
/** BIT STRING of whole bytes. */
export const bits = (bytes: Uint8Array): Uint8Array => der(TAG.bitString, new Uint8Array(1), bytes)
export const text = (value: string): Uint8Array => der(TAG.utf8String, utf8(value))
export const truth = (value: boolean): Uint8Array =>
  der(TAG.boolean, Uint8Array.of(value ? 0xff : 0))

/** Non-negative INTEGER from a number or from its magnitude, most significant byte first. */
export function integer(value: number | Uint8Array): Uint8Array {
  const magnitude = typeof value === 'number' ? bytesOf(value) : value
  const from = magnitude.findIndex((byte) => byte !== 0)
  const shortest = from < 0 ? new Uint8Array(1) : magnitude.subarray(from)
  const sign = (shortest[0] ?? 0) >= 0x80 ? [new Uint8Array(1)] : []
  return der(TAG.integer, ...sign, shortest)
}

export function oid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(TAG.oid, ...[40 * first + second, ...rest].map(base128))
}

/** UTCTime before 2050, GeneralizedTime from then on (RFC 5280 §4.1.2.5); unix milliseconds, whole seconds. */
export function time(ms: number): Uint8Array {
  const digits = `${new Date(ms).toISOString().slice(0, 19).replaceAll(/\D/g, '')}Z`
  return digits < '2050'
    ? der(TAG.utcTime, utf8(digits.slice(2)))
    : der(TAG.generalizedTime, utf8(digits))
}

function lengthBytes(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  const bytes = bytesOf(length)
  return concat(Uint8Array.of(0x80 | bytes.length), bytes)
}

function bytesOf(value: number): Uint8Array {
  const bytes: number[] = []
  for (let left = value; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256)
  return Uint8Array.from(bytes.length === 0 ? [0] : bytes)
}

function base128(arc: number): Uint8Array {
  const bytes = [arc % 128]
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
    bytes.unshift(0x80 | (left % 128))
  return Uint8Array.from(bytes)
}
