/** @module A strict reader of DER (X.690 §8, §10): what another encoder would have written differently is refused. */

/** What `readDer` and its helpers throw for anything that is not DER; parsers of a format turn it into their own code. */
export class DerError extends Error {
  constructor() {
    super('not DER')
    this.name = 'DerError'
  }
}

/** One element: tag byte, its content, and all its bytes with tag and length. Both are views of the input. */
export interface Der {
  readonly tag: number
  readonly content: Uint8Array
  readonly whole: Uint8Array
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** Context tag `[number]`, constructed: 0xa0 for `[0]`. */
export const contextTag = (number: number): number => 0xa0 | number

/** Deeper nesting than any certificate has; keeps hostile input from exhausting the stack. */
const MAX_DEPTH = 24

/** The one element that `bytes` are; with anything after it, or a part that is not DER at any depth, throws DerError. */
export function readDer(bytes: Uint8Array): Der {
  if (endOf(bytes, { at: 0, limit: bytes.length }) !== bytes.length) throw new DerError()
  refuseLoose(bytes, { at: 0, limit: bytes.length, depth: 0 })
  return new Element(bytes, 0, bytes.length)
}

/** The elements inside `of`, which must be constructed. */
export function inside(of: Der): readonly Der[] {
  if ((of.tag & CONSTRUCTED) === 0) throw new DerError()
  const { content } = of
  const elements: Der[] = []
  for (let at = 0; at < content.length; ) {
    const end = endOf(content, { at, limit: content.length })
    elements.push(new Element(content, at, end))
    at = end
  }
  return elements
}

/** A place in bytes whose header was read; the views are made where they are asked for, which most never are. */
class Element implements Der {
  readonly tag: number
  readonly #bytes: Uint8Array
  readonly #at: number
  readonly #end: number

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.tag = bytes[at] ?? 0
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(contentOf(this.#bytes, this.#at), this.#end)
  }

  get whole(): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#end)
  }
}

/** The elements inside a SEQUENCE. */
export const sequence = (of: Der | undefined): readonly Der[] => inside(expect(of, TAG.sequence))

/** `of` when it has this tag, else DerError. */
export function expect(of: Der | undefined, tag: number): Der {
  if (of?.tag !== tag) throw new DerError()
  return of
}

/** Content of an INTEGER in two's complement, at least one byte, without a superfluous first one. */
export function integerBytes(of: Der | undefined): Uint8Array {
  const { content } = expect(of, TAG.integer)
  const [first, second] = content
  if (first === undefined) throw new DerError()
  const isPadded =
    second !== undefined &&
    ((first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80))
  if (isPadded) throw new DerError()
  return content
}

/** A whole number from 0 to 2^32 − 1. */
export function smallInteger(of: Der | undefined): number {
  const bytes = integerBytes(of)
  if ((bytes[0] ?? 0) >= 0x80 || bytes.length > 5) throw new DerError()
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  if (value > 0xffffffff) throw new DerError()
  return value
}

/** Magnitude of a non-negative INTEGER, most significant byte first, in exactly `size` bytes. */
export function unsignedInteger(of: Der | undefined, size: number): Uint8Array {
  const bytes = integerBytes(of)
  if ((bytes[0] ?? 0) >= 0x80) throw new DerError()
  const magnitude = bytes[0] === 0 ? bytes.subarray(1) : bytes
  if (magnitude.length > size) throw new DerError()
  const padded = new Uint8Array(size)
  padded.set(magnitude, size - magnitude.length)
  return padded
}

/** BOOLEAN: exactly 0x00 or 0xff. */
export function boolean(of: Der | undefined): boolean {
  const { content } = expect(of, TAG.boolean)
  if (content.length !== 1 || (content[0] !== 0x00 && content[0] !== 0xff)) throw new DerError()
  return content[0] === 0xff
}

/** BIT STRING of whole bytes: keys and signatures. */
export function wholeBits(of: Der | undefined): Uint8Array {
  const { content } = expect(of, TAG.bitString)
  if (content[0] !== 0) throw new DerError()
  return content.subarray(1)
}

/** BIT STRING of flags (RFC 5280 KeyUsage): bit 0 is the first. */
export function flagBits(of: Der | undefined): (bit: number) => boolean {
  const { content } = expect(of, TAG.bitString)
  const unused = content[0] ?? 8
  const last = content.at(-1) ?? 0
  if (unused > 7 || (content.length === 1 && unused !== 0)) throw new DerError()
  if (content.length > 1 && (last & ((1 << unused) - 1)) !== 0) throw new DerError()
  return (bit) => (((content[1 + (bit >> 3)] ?? 0) >> (7 - (bit & 7))) & 1) === 1
}

/** OBJECT IDENTIFIER in dotted form. */
export function oid(of: Der | undefined): string {
  const { content } = expect(of, TAG.oid)
  let dotted = ''
  let arc = 0
  let isFirstByte = true
  for (const byte of content) {
    if (isFirstByte && byte === 0x80) throw new DerError()
    arc = arc * 128 + (byte & 0x7f)
    if (!Number.isSafeInteger(arc)) throw new DerError()
    isFirstByte = byte < 0x80
    if (!isFirstByte) continue
    dotted += dotted === '' ? firstArcs(arc) : `.${String(arc)}`
    arc = 0
  }
  if (dotted === '' || !isFirstByte) throw new DerError()
  return dotted
}

/** The first two arcs share a number. */
function firstArcs(both: number): string {
  const top = Math.min(2, Math.floor(both / 40))
  return `${String(top)}.${String(both - 40 * top)}`
}

/** UTCTime or GeneralizedTime in the one form that RFC 5280 §4.1.2.5 allows (seconds, `Z`), unix milliseconds. */
export function time(of: Der | undefined): number {
  if (of?.tag !== TAG.utcTime && of?.tag !== TAG.generalizedTime) throw new DerError()
  const { content } = of
  const yearDigits = of.tag === TAG.utcTime ? 2 : 4
  if (content.length !== yearDigits + 11 || content.at(-1) !== LETTER_Z) throw new DerError()
  const short = digits(content, 0, yearDigits)
  const year = yearDigits === 4 ? short : short + (short < 50 ? 2000 : 1900)
  const pair = (place: number): number => digits(content, yearDigits + 2 * place, 2)
  const [month, day, hour, minute, second] = [pair(0), pair(1), pair(2), pair(3), pair(4)]
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  // `Date.UTC` turns 31 February into March, and year 49 into 1949: only what it keeps is a date.
  const kept = new Date(ms)
  const isKept =
    kept.getUTCFullYear() === year &&
    kept.getUTCMonth() === month - 1 &&
    kept.getUTCDate() === day &&
    kept.getUTCHours() === hour &&
    kept.getUTCMinutes() === minute &&
    kept.getUTCSeconds() === second
  if (!isKept) throw new DerError()
  return ms
}

const LETTER_Z = 0x5a

/** Decimal digits at a place; anything else is no number, so that no comparison holds. */
function digits(bytes: Uint8Array, from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    value = digit < 0 || digit > 9 ? Number.NaN : value * 10 + digit
  }
  return value
}

/** Bytes as characters of the same number, for digits and names. */
export const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, 256))

/** Bit of a tag: the content is elements. */
const CONSTRUCTED = 0x20

/** Where the content of the element at `at` begins; its header was read before. */
function contentOf(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1] ?? 0
  return at + 2 + (first < 0x80 ? 0 : first - 0x80)
}

/** Where the element at `at` ends, not beyond `limit`. */
function endOf(bytes: Uint8Array, { at, limit }: { at: number; limit: number }): number {
  const tag = bytes[at] ?? 0x1f
  const first = bytes[at + 1] ?? 0x80
  // Tag numbers above 30 take more bytes; no format here has one.
  if (at + 2 > limit || (tag & 0x1f) === 0x1f) throw new DerError()
  const length = first < 0x80 ? first : longLength(bytes, at)
  const end = contentOf(bytes, at) + length
  if (end > limit) throw new DerError()
  return end
}

/** Two or three length bytes reach 16 MiB, far above every cap; the indefinite form (0x80) falls out here too. */
function longLength(bytes: Uint8Array, at: number): number {
  const count = (bytes[at + 1] ?? 0) - 0x80
  if (count < 1 || count > 3) throw new DerError()
  let length = 0
  for (let place = at + 2; place < at + 2 + count; place++) {
    const byte = bytes[place]
    if (byte === undefined) throw new DerError()
    length = length * 256 + byte
  }
  const shortest = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
  if (shortest !== count) throw new DerError()
  return length
}

/** Walks through everything at and inside a place, without making views of it. */
function refuseLoose(
  bytes: Uint8Array,
  { at, limit, depth }: { at: number; limit: number; depth: number },
): void {
  for (let from = at; from < limit; ) {
    const end = endOf(bytes, { at: from, limit })
    if (((bytes[from] ?? 0) & CONSTRUCTED) !== 0) {
      if (depth === MAX_DEPTH) throw new DerError()
      refuseLoose(bytes, { at: contentOf(bytes, from), limit: end, depth: depth + 1 })
    }
    from = end
  }
}
