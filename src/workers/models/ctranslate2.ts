/** @module Reader of CTranslate2's binary model format, version 6: named variables with their numbers as they stand. */
import { AppError } from '../../core/app-error.ts'

type Ct2Type = 'f32' | 'i8' | 'i16' | 'i32' | 'f16'

/** One variable; `data` is little-endian and a view into the input, not a copy. */
export interface Ct2Variable {
  readonly dims: readonly number[]
  readonly type: Ct2Type
  readonly data: Uint8Array
}

const TYPES: readonly Ct2Type[] = ['f32', 'i8', 'i16', 'i32', 'f16']
const BYTES = { f32: 4, i8: 1, i16: 2, i32: 4, f16: 2 } as const

/**
 * Layout (little-endian): u32 version, string spec, u32 revision, u32 count, per variable string name, u8 rank,
 * u32 × rank sizes, u8 type, u32 byte length, bytes; then u32 count of aliases, pairs of strings.
 * A string is a u16 length that includes a closing zero. Aliases share the variable they name.
 * Throws `models.corrupt` for another version, a wrong length, or bytes left over.
 */
export function readCtranslate2(bytes: Uint8Array): Map<string, Ct2Variable> {
  const reader = new Reader(bytes)
  if (reader.u32() !== 6) throw new AppError('models.corrupt', { field: 'version' })
  reader.string()
  reader.u32()
  const variables = new Map<string, Ct2Variable>()
  for (let left = reader.u32(); left > 0; left--) {
    const name = reader.string()
    const dims = Array.from({ length: reader.u8() }, () => reader.u32())
    const type = TYPES[reader.u8()]
    const data = reader.take(reader.u32())
    const elements = dims.reduce((product, size) => product * size, 1)
    if (type === undefined || elements * BYTES[type] !== data.length)
      throw new AppError('models.corrupt', { field: 'variable' })
    variables.set(name, { dims, type, data })
  }
  for (let left = reader.u32(); left > 0; left--) {
    const alias = reader.string()
    const target = variables.get(reader.string())
    if (!target) throw new AppError('models.corrupt', { field: 'alias' })
    variables.set(alias, target)
  }
  if (!reader.isAtEnd) throw new AppError('models.corrupt', { field: 'trailing' })
  return variables
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  take(length: number): Uint8Array {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  string(): string {
    const raw = this.take(this.#view.getUint16(this.#advance(2), true))
    if (raw.at(-1) !== 0) throw new AppError('models.corrupt', { field: 'string' })
    return Buffer.from(raw.subarray(0, -1)).toString('latin1')
  }

  #advance(length: number): number {
    const start = this.#at
    if (start + length > this.#bytes.length)
      throw new AppError('models.corrupt', { field: 'length' })
    this.#at = start + length
    return start
  }
}
