/** @module Random words that stand for what people write, and the search for every form in which they could have leaked. */
import { randomInt } from 'node:crypto'

const letters = 'abcdefghijklmnopqrstuvwxyz'
const word = (length: number): string =>
  Array.from({ length }, () => letters[randomInt(letters.length)]).join('')

const stemLetters = 8
const markerLetters = 20

/** A leaked marker: whose it was and in which form it stood there. */
export interface Leak {
  readonly place: string
  readonly route: string
  readonly form: string
}

interface Form {
  readonly name: string
  readonly bytes: Buffer
}

/**
 * Markers of one run, one a route: twenty letters, the first eight the same for all, so that one search over many
 * megabytes finds any of them.
 */
export class Markers {
  readonly stem = word(stemLetters)
  readonly #forms: readonly Form[] = formsOf(this.stem)
  readonly #routes = new Map<string, string>()

  /** The marker of a route; made when it is first asked for. */
  of(route: string): string {
    const known = this.#routes.get(route)
    if (known !== undefined) return known
    const marker = this.stem + word(markerLetters - stemLetters)
    this.#routes.set(route, marker)
    return marker
  }

  get routes(): readonly string[] {
    return [...this.#routes.keys()]
  }

  get formNames(): readonly string[] {
    return [...new Set(this.#forms.map(({ name }) => name))]
  }

  /** Every form of a marker of this run in `bytes`. Upper-case letters count as their lower-case ones. */
  leaksIn(place: string, bytes: Buffer): Leak[] {
    return this.#forms.flatMap(({ name, bytes: form }) => {
      const at = bytes.indexOf(form)
      return at < 0 ? [] : [{ place, route: this.#routeAt(bytes, at), form: name }]
    })
  }

  /** For a report only: the route whose marker stands there in one of its forms. */
  #routeAt(bytes: Buffer, at: number): string {
    const around = bytes.subarray(Math.max(0, at - 8), at + 400)
    const found = [...this.#routes].find(([, marker]) =>
      formsOf(marker).some(({ bytes: form }) => around.includes(form)),
    )
    return found?.[0] ?? 'part of a marker'
  }

  /** One text in every form, for the control of the search. */
  allForms(route: string): ReadonlyMap<string, Buffer> {
    return new Map(formsOf(this.of(route)).map(({ name, bytes }) => [name, bytes]))
  }
}

/** UTF-8, UTF-16, hex, base64 at its three offsets, percent and JSON escapes, in both cases of hex digits. */
function formsOf(text: string): Form[] {
  const utf8 = Buffer.from(text)
  const wide = Buffer.from(text, 'utf16le')
  const hex = utf8.toString('hex')
  const escaped = (before: string, digits: number): string =>
    [...utf8].map((byte) => before + byte.toString(16).padStart(digits, '0')).join('')
  const texts: readonly (readonly [string, string])[] = [
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
    ['percent', escaped('%', 2)],
    ['PERCENT', percentUpper(utf8)],
    ['json', escaped('\\u', 4)],
    ['bytea', escaped('\\x', 2)],
    ...[0, 1, 2].flatMap((offset) => base64At(utf8, offset)),
  ]
  return [
    { name: 'utf-8', bytes: utf8 },
    { name: 'utf-8 capitals', bytes: Buffer.from(text.toUpperCase()) },
    { name: 'utf-16le', bytes: wide },
    { name: 'utf-16be', bytes: Buffer.from(wide).swap16() },
    ...texts.map(([name, form]) => ({ name, bytes: Buffer.from(form) })),
  ]
}

const percentUpper = (bytes: Buffer): string =>
  [...bytes].map((byte) => `%${byte.toString(16).toUpperCase()}`).join('')

/** The letters of base64 that depend on the text alone when it begins `offset` bytes into a group of three. */
function base64At(bytes: Buffer, offset: number): (readonly [string, string])[] {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
  const skip = offset === 0 ? 0 : offset + 1
  const whole = Math.floor((encoded.length * 8) / 6)
  return [
    [`base64+${offset}`, encoded.toString('base64').slice(skip, whole)],
    [`base64url+${offset}`, encoded.toString('base64url').slice(skip, whole)],
  ]
}
