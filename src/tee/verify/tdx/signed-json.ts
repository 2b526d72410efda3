/** @module Members of the JSON texts that Intel signs, each checked for its type; members that are not asked for are left alone, since Intel adds some without a new version. */
import { fromHex } from '../../../core/bytes.ts'
import { TeeError } from '../codes.ts'
import { parseJson } from '../collateral.ts'

/** Longest list that is read. */
const MAX_LIST = 256

/** Readers of one object's members; each throws `COL_SHAPE` with the member's name when it is missing or of another kind. */
export interface Members {
  readonly text: (name: string) => string
  /** A whole number from 0 to `max`. */
  readonly number: (name: string, max: number) => number
  /** Hex in either case of letters, of exactly so many bytes. */
  readonly hex: (name: string, bytes: number) => Uint8Array
  /** `2025-06-19T10:16:03Z`, as unix milliseconds. */
  readonly date: (name: string) => number
  readonly object: (name: string) => Members
  readonly objects: (name: string) => readonly Members[]
  /** An absent list of texts is an empty one. */
  readonly texts: (name: string) => readonly string[]
  readonly has: (name: string) => boolean
}

export const membersOfText = (text: string): Members => membersOf(parseJson(text), 'text')

const wrong = (name: string): TeeError => new TeeError('COL_SHAPE', name)

function membersOf(value: unknown, where: string): Members {
  if (!isRecord(value)) throw new TeeError('COL_SHAPE', where)
  const get = (name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined)
  const text = (name: string): string => {
    const member = get(name)
    if (typeof member !== 'string') throw wrong(name)
    return member
  }
  const list = (name: string): readonly unknown[] => {
    const member = get(name)
    if (!Array.isArray(member) || member.length > MAX_LIST) throw wrong(name)
    return member
  }
  return {
    text,
    number: (name, max) => {
      const member = get(name)
      if (typeof member !== 'number' || !Number.isSafeInteger(member)) throw wrong(name)
      if (member < 0 || member > max) throw wrong(name)
      return member
    },
    hex: (name, bytes) => {
      const member = fromHex(text(name).toLowerCase(), bytes)
      if (!member) throw wrong(name)
      return member
    },
    date: (name) => {
      const ms = dateMs(text(name))
      if (ms === undefined) throw wrong(name)
      return ms
    },
    object: (name) => membersOf(get(name), name),
    objects: (name) => list(name).map((member) => membersOf(member, name)),
    texts: (name) =>
      Object.hasOwn(value, name)
        ? list(name).map((member) => {
            if (typeof member !== 'string') throw wrong(name)
            return member
          })
        : [],
    has: (name) => Object.hasOwn(value, name),
  }
}

/** Only the exact form: `Date.parse` alone takes '2026' and turns 31 February into March. */
function dateMs(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined
  const ms = Date.parse(text)
  const isDate = Number.isFinite(ms) && new Date(ms).toISOString() === `${text.slice(0, -1)}.000Z`
  return isDate ? ms : undefined
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
