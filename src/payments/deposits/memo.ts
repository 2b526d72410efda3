/** @module The comment that says whose account a deposit credits: `CH`, eight characters, one check character (PAY §13). */
import { randomInt } from 'node:crypto'
import type { Cell } from '@ton/core'

/** Crockford's base32: no I, L, O, U, which are read as 1, 1, 0 and V. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const shape = /^CH[0-9A-HJKMNP-TV-Z]{9}$/
const base = alphabet.length

/** 11 characters from 40 random bits: 1 in 32 for a typing error to look like a code, and then it is hardly anybody's. */
export function newMemo(): string {
  const symbols = Array.from({ length: 8 }, () => alphabet.charAt(randomInt(base))).join('')
  return `CH${symbols}${checkOf(symbols)}`
}

/** Whether `text` has the shape and the check character of a code; not whether anybody has it. */
export const isMemo = (text: string): boolean =>
  shape.test(text) && text.at(-1) === checkOf(text.slice(2, 10))

/** Luhn's rule for 32 symbols: finds every wrong character and nearly every exchange of two neighbours. */
function checkOf(symbols: string): string {
  let sum = 0
  for (const [index, symbol] of Array.from(symbols).toReversed().entries()) {
    const value = alphabet.indexOf(symbol) * (index % 2 === 0 ? 2 : 1)
    sum += Math.floor(value / base) + (value % base)
  }
  return alphabet.charAt((base - (sum % base)) % base)
}

/** What a message's body says: `none` for an empty one, `encrypted` for a comment only its receiver reads, `other` for calls of contracts and broken text. */
export type Comment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'none' | 'encrypted' | 'other' }

const encryptedOp = 0x2167da4b
const maxUnits = 128

/** Op 0 and UTF-8 in snake cells; trimmed and upper-cased. Never throws. */
export function readComment(body: Cell): Comment {
  try {
    const slice = body.beginParse()
    if (slice.remainingBits === 0 && slice.remainingRefs === 0) return { kind: 'none' }
    if (slice.remainingBits < 32) return { kind: 'other' }
    const op = slice.loadUint(32)
    if (op === encryptedOp) return { kind: 'encrypted' }
    if (op !== 0) return { kind: 'other' }
    const text = slice.loadStringTail().trim().toUpperCase()
    if (text === '') return { kind: 'none' }
    return text.length > maxUnits ? { kind: 'other' } : { kind: 'text', text }
  } catch {
    // Bits that are no bytes, or more than one reference: no text anybody typed.
    return { kind: 'other' }
  }
}
