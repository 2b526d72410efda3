/** @module Reader of the constants of an ONNX file: only the protobuf fields that lead to tensors, nothing is executed. */
import { AppError } from '../../core/app-error.ts'

/** A float32 tensor of the file; `data` is a copy. */
export interface OnnxTensor {
  readonly dims: readonly number[]
  readonly data: Float32Array
}

const FLOAT = 1

/**
 * All float32 initializers by name and all `Constant` nodes by the name of their output, in all nested graphs
 * (the branches of `If`). Field numbers are those of onnx.proto: ModelProto.graph 7; GraphProto.node 1,
 * initializer 5; NodeProto.output 2, attribute 5; AttributeProto.t 5, g 6; TensorProto.dims 1, data_type 2,
 * float_data 4, name 8, raw_data 9. Throws `models.corrupt` for bytes that are no protobuf message.
 */
export function readOnnxConstants(bytes: Uint8Array): Map<string, OnnxTensor> {
  const found = new Map<string, OnnxTensor>()
  for (const graph of nested(bytes, 7)) readGraph(graph, found)
  return found
}

function readGraph(graph: Uint8Array, found: Map<string, OnnxTensor>): void {
  for (const initializer of nested(graph, 5)) keep(readTensor(initializer), found)
  for (const node of nested(graph, 1)) {
    const output = text(nested(node, 2)[0])
    for (const attribute of nested(node, 5)) {
      for (const tensor of nested(attribute, 5))
        keep({ ...readTensor(tensor), name: output }, found)
      for (const inner of nested(attribute, 6)) readGraph(inner, found)
    }
  }
}

interface NamedTensor {
  readonly name: string
  readonly tensor: OnnxTensor | undefined
}

function keep({ name, tensor }: NamedTensor, found: Map<string, OnnxTensor>): void {
  if (tensor) found.set(name, tensor)
}

function readTensor(bytes: Uint8Array): NamedTensor {
  const dims: number[] = []
  let type = 0
  let name = ''
  const floats: Uint8Array[] = []
  for (const field of fields(bytes)) {
    if (field.number === 1) dims.push(...varints(field))
    else if (field.number === 2) type = field.value
    else if (field.number === 8) name = text(field.bytes)
    else if (field.number === 4 || field.number === 9) floats.push(field.bytes)
  }
  if (type !== FLOAT) return { name, tensor: undefined }
  const raw = Buffer.concat(floats)
  if (raw.length !== 4 * dims.reduce((product, size) => product * size, 1))
    throw new AppError('models.corrupt', { field: 'tensor' })
  const data = new Float32Array(raw.length / 4)
  for (let index = 0; index < data.length; index++) data[index] = raw.readFloatLE(index * 4)
  return { name, tensor: { dims, data } }
}

/** A protobuf field: `value` of a varint, `bytes` of anything else. */
interface Field {
  readonly number: number
  readonly isVarint: boolean
  readonly value: number
  readonly bytes: Uint8Array
}

const nested = (bytes: Uint8Array, number: number): Uint8Array[] =>
  fields(bytes)
    .filter((field) => field.number === number && !field.isVarint)
    .map((field) => field.bytes)

function fields(bytes: Uint8Array): Field[] {
  const list: Field[] = []
  let at = 0
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new AppError('models.corrupt', { field: 'protobuf' })
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const key = varint(bytes, at)
    at = key.end
    const number = Math.floor(key.value / 8)
    const wire = key.value % 8
    if (wire === 0) {
      const { value, end } = varint(bytes, at)
      at = end
      list.push({ number, isVarint: true, value, bytes: new Uint8Array() })
    } else if (wire === 2) {
      const length = varint(bytes, at)
      at = length.end
      list.push({ number, isVarint: false, value: 0, bytes: take(length.value) })
    } else if (wire === 1 || wire === 5) {
      list.push({ number, isVarint: false, value: 0, bytes: take(wire === 1 ? 8 : 4) })
    } else throw new AppError('models.corrupt', { field: 'protobuf' })
  }
  return list
}

/** Numbers beyond 2^53 (64-bit sentinels such as INT64_MAX) lose their low bits; no size is that large. */
function varint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0
  for (let at = start, factor = 1; at < start + 10; at++, factor *= 128) {
    const byte = bytes[at]
    if (byte === undefined) break
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return { value, end: at + 1 }
  }
  throw new AppError('models.corrupt', { field: 'protobuf' })
}

/** A repeated integer stands packed or one by one. */
function varints(field: Field): number[] {
  if (field.isVarint) return [field.value]
  const values: number[] = []
  for (let at = 0; at < field.bytes.length; ) {
    const { value, end } = varint(field.bytes, at)
    values.push(value)
    at = end
  }
  return values
}

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8')
