/** @module Writes small GGUF files: header, metadata, tensors (GGUF version 3, little-endian). */
import { writeFileSync } from 'node:fs'

export type GgufValue =
  | { readonly u32: number }
  | { readonly f32: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly i32s: readonly number[] }

export interface GgufTensor {
  readonly name: string
  /** Fastest dimension first. */
  readonly shape: readonly number[]
  readonly data: Float32Array
}

const ALIGNMENT = 32

/** Writes `metadata` and float32 `tensors` to `path`. */
export function writeGguf(
  path: string,
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): void {
  const head: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length)]
  head.push(u64(Object.keys(metadata).length))
  for (const [key, value] of Object.entries(metadata)) head.push(text(key), encoded(value))
  let offset = 0
  for (const { name, shape, data } of tensors) {
    head.push(text(name), u32(shape.length), ...shape.map(u64), u32(0), u64(offset))
    offset += padded(data.byteLength)
  }
  const parts = [pad(Buffer.concat(head))]
  for (const { data } of tensors)
    parts.push(pad(Buffer.from(data.buffer, data.byteOffset, data.byteLength)))
  writeFileSync(path, Buffer.concat(parts))
}

function encoded(value: GgufValue): Buffer {
  if ('u32' in value) return Buffer.concat([u32(4), u32(value.u32)])
  if ('f32' in value) return Buffer.concat([u32(6), f32(value.f32)])
  if ('bool' in value) return Buffer.concat([u32(7), Buffer.from([value.bool ? 1 : 0])])
  if ('text' in value) return Buffer.concat([u32(8), text(value.text)])
  if ('texts' in value) return list(8, value.texts.map(text))
  return list(5, value.i32s.map(u32))
}

const list = (type: number, items: readonly Buffer[]): Buffer =>
  Buffer.concat([u32(9), u32(type), u64(items.length), ...items])

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}

const padded = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT
const pad = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc(padded(bytes.length) - bytes.length)])
