/** @module Pieces of whisper.cpp's legacy ggml files: integers and tensor records, little-endian. */
import { toHalf } from './half-float.ts'

export const GGML_MAGIC = 0x67676d6c

/** A tensor as the file stores it: sizes in the usual order (the file has them reversed). */
export interface GgmlTensor {
  readonly name: string
  readonly dims: readonly number[]
  readonly type: 'f32' | 'f16'
  readonly data: Uint8Array
}

/** i32 numbers in a row. */
export function int32s(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of values.entries()) view.setInt32(index * 4, value, true)
  return bytes
}

/** float32 numbers in a row; each is rounded to nearest. */
export function float32s(values: Iterable<number>): Uint8Array {
  const list = Float32Array.from(values)
  const bytes = new Uint8Array(list.length * 4)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of list.entries()) view.setFloat32(index * 4, value, true)
  return bytes
}

/** float16 numbers in a row; each is rounded to nearest, ties to even. */
export function float16s(values: Iterable<number>): Uint8Array {
  const list = Array.from(values, toHalf)
  const bytes = new Uint8Array(list.length * 2)
  const view = new DataView(bytes.buffer)
  for (const [index, value] of list.entries()) view.setUint16(index * 2, value, true)
  return bytes
}

/** i32 rank, i32 name length, i32 type (0 float32, 1 float16), i32 sizes reversed, name, data. */
export function* tensorRecord(tensor: GgmlTensor): Generator<Uint8Array> {
  const name = new TextEncoder().encode(tensor.name)
  const type = tensor.type === 'f32' ? 0 : 1
  yield int32s(tensor.dims.length, name.length, type, ...tensor.dims.toReversed())
  yield name
  yield tensor.data
}
