/** @module Strict shapes of signed or hashed JSON: a value is exactly what is listed, or it is refused. No package, since it runs in the proof page too. */

/** Gives the value as `T`, or undefined when it is anything else. */
export type Shape<T> = (value: unknown) => T | undefined

type Value<S> = S extends Shape<infer T> ? T : never

const optionalMark = Symbol('optional')
interface Optional<T> {
  readonly [optionalMark]: Shape<T>
}

/** A member that may be absent; where it is present it must fit. */
export const optional = <T>(shape: Shape<T>): Optional<T> => ({ [optionalMark]: shape })

type Members = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>
type ObjectOf<M extends Members> = {
  readonly [K in keyof M as M[K] extends Optional<unknown> ? never : K]: Value<M[K]>
} & {
  readonly [K in keyof M as M[K] extends Optional<unknown> ? K : never]?: M[K] extends Optional<
    infer T
  >
    ? T
    : never
}

/** Exactly these members; an unknown or a missing one refuses the whole. */
export function object<M extends Members>(members: M): Shape<ObjectOf<M>> {
  const fits = (value: unknown): value is ObjectOf<M> =>
    isRecord(value) &&
    Object.keys(value).every((name) => Object.hasOwn(members, name)) &&
    Object.entries(members).every(([name, member]) => {
      if (!Object.hasOwn(value, name)) return optionalMark in member
      const shape = optionalMark in member ? member[optionalMark] : member
      return shape(value[name]) !== undefined
    })
  return (value) => (fits(value) ? value : undefined)
}

export function list<T>(item: Shape<T>, max: number): Shape<readonly T[]> {
  return (value) =>
    Array.isArray(value) && value.length <= max && value.every((one) => item(one) !== undefined)
      ? value
      : undefined
}

/** Any member names of at most 64 characters, at most `max` of them. */
export function record<T>(item: Shape<T>, max: number): Shape<Readonly<Record<string, T>>> {
  const fits = (value: unknown): value is Readonly<Record<string, T>> =>
    isRecord(value) &&
    Object.keys(value).length <= max &&
    Object.entries(value).every(([name, one]) => name.length <= 64 && item(one) !== undefined)
  return (value) => (fits(value) ? value : undefined)
}

/** Whole numbers in a range, both ends included. */
export const integer =
  (min: number, max: number): Shape<number> =>
  (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : undefined

/** Lower-case hex of exactly this many bytes. */
export const hex = (bytes: number): Shape<string> => pattern(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))

export const pattern =
  (form: RegExp): Shape<string> =>
  (value) =>
    typeof value === 'string' && form.test(value) ? value : undefined

/** Text without lone surrogates, at most `max` UTF-16 units. */
export const text =
  (max: number): Shape<string> =>
  (value) =>
    typeof value === 'string' && value.length <= max && value.isWellFormed() ? value : undefined

export const literal =
  <const T extends readonly (string | number | boolean | null)[]>(...values: T): Shape<T[number]> =>
  (value) =>
    values.find((one) => one === value)

export const flag: Shape<boolean> = (value) => (typeof value === 'boolean' ? value : undefined)

/** The first shape that fits. */
export const either =
  <A, B>(a: Shape<A>, b: Shape<B>): Shape<A | B> =>
  (value) => {
    const first = a(value)
    return first === undefined ? b(value) : first
  }

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
