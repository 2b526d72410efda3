/** @module A call's parameters, read by name and type; values may be nested JSON or JSON in a string. */
import { isRecord, parseJson } from './body.ts'
import { badRequest } from './refusal.ts'

/** Typed access to untyped parameters. Remembers what was asked for, so that unknown parameters can be reported. */
export class Params {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #asked = new Set<string>()

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values
  }

  /** Names nobody has asked for. */
  unknown(): string[] {
    return Object.keys(this.#values).filter((name) => !this.#asked.has(name))
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined
  }

  /** Any value; `null` counts as absent. */
  raw(name: string): unknown {
    this.#asked.add(name)
    const value = this.#values[name]
    return value === null ? undefined : value
  }

  optionalText(name: string): string | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    throw badRequest(`field "${name}" must be of type String`)
  }

  text(name: string): string {
    const value = this.optionalText(name)
    if (value === undefined) throw badRequest(`parameter "${name}" is required`)
    return value
  }

  optionalInt(name: string): number | undefined {
    const value = this.raw(name)
    if (value === undefined || value === '') return undefined
    const number = typeof value === 'string' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
      throw badRequest(`field "${name}" must be of type Number`)
    }
    return number
  }

  int(name: string): number {
    const value = this.optionalInt(name)
    if (value === undefined) throw badRequest(`parameter "${name}" is required`)
    return value
  }

  flag(name: string): boolean {
    const value = this.raw(name)
    return value === true || value === 'true' || value === 'True' || value === '1' || value === 1
  }

  /** An object or array, given as such or as JSON in a string. */
  json(name: string): unknown {
    const value = this.raw(name)
    if (typeof value !== 'string' || value === '') return value === '' ? undefined : value
    const parsed = parseJson(value)
    if (parsed === undefined) throw badRequest(`can't parse ${name} JSON object`)
    return parsed
  }

  /** The parameters inside an object parameter. */
  optionalObject(name: string): Params | undefined {
    const value = this.json(name)
    if (value === undefined) return undefined
    if (!isRecord(value)) throw badRequest(`object expected as ${name}`)
    return new Params(value)
  }

  list(name: string): unknown[] | undefined {
    const value = this.json(name)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) throw badRequest(`array expected as ${name}`)
    return Array.from<unknown>(value)
  }

  /** What was sent, for the call log. */
  values(): Readonly<Record<string, unknown>> {
    return this.#values
  }
}
