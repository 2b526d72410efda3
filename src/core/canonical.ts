/** @module RFC 8785 canonical JSON (JCS) for values that are signed or hashed, and the strict parser beside it. */

/** What may be signed: no floats, no `undefined`, no exotic objects. */
export type Canonical =
  | string
  | number
  | boolean
  | null
  | readonly Canonical[]
  | { readonly [member: string]: Canonical | undefined }

/**
 * RFC 8785 text of `value`; members that are `undefined` are left out.
 * Throws TypeError for non-integers, integers beyond 2^53 − 1 and lone surrogates (stricter than the RFC, so that
 * no two parsers can disagree about a signed value).
 */
export function canonicalText(value: Canonical): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
      throw new TypeError('not a safe integer')
    return String(value)
  }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('lone surrogate')
    return JSON.stringify(value)
  }
  if (isList(value)) return `[${value.map(canonicalText).join(',')}]`
  const members: string[] = []
  // RFC 8785 §3.2.3: members sorted by UTF-16 code units, which is what `<` on strings compares.
  for (const name of Object.keys(value).toSorted((a, b) => (a < b ? -1 : 1))) {
    const member = value[name]
    if (member !== undefined) members.push(`${canonicalText(name)}:${canonicalText(member)}`)
  }
  return `{${members.join(',')}}`
}

/** UTF-8 bytes of `canonicalText`. */
export const canonicalBytes = (value: Canonical): Uint8Array =>
  new TextEncoder().encode(canonicalText(value))

function isList(value: object): value is readonly Canonical[] {
  return Array.isArray(value)
}

/**
 * Parses JSON that will be hashed or whose signature was checked, refusing what lets hash and parse disagree:
 * duplicate members, non-integers, unsafe integers, lone surrogates.
 * Throws TypeError without repeating the input.
 */
export function parseStrictJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new TypeError('malformed JSON')
  }
  // JSON.parse keeps the last of duplicate members: fewer members parsed than written means one was hidden.
  if (countMembers(text) !== countParsed(value)) throw new TypeError('duplicate member')
  return value
}

/** Colons outside strings = members written. Jumps over strings: an envelope is one long one. */
function countMembers(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === COLON) count++
    else if (char === QUOTE) at = endOfString(text, at)
  }
  return count
}

const COLON = 0x3a
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Where the string that begins at `start` ends: the next quote after an even number of backslashes. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end > 0) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return text.length
}

/** Members parsed, while every value is looked at: TypeError for one that may not be signed. */
function countParsed(value: unknown): number {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new TypeError('number')
  if (typeof value === 'string' && !value.isWellFormed()) throw new TypeError('surrogate')
  if (typeof value !== 'object' || value === null) return 0
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value)
  let count = Array.isArray(value) ? 0 : members.length
  for (const member of members) count += countParsed(member)
  return count
}
