/** @module Writers of tiny Whisper (CTranslate2) and Silero (ONNX) weights, and a reader of ggml files, for the converters' tests. */
import { toHalf } from '../../../src/workers/models/half-float.ts'

/** A CTranslate2 variable: float16 unless it is a scalar of 16 bits. */
export interface Variable {
  readonly dims: readonly number[]
  readonly values: readonly number[]
  readonly type?: 'f16' | 'i16' | 'i8'
}

const TYPE_CODES = { i8: 1, i16: 2, f16: 4 } as const

/** CTranslate2's file, version 6. */
export function ctranslate2Of(
  variables: Readonly<Record<string, Variable>>,
  aliases: Readonly<Record<string, string>> = {},
): Buffer {
  const pieces = [u32(6), string('WhisperSpec'), u32(3), u32(Object.keys(variables).length)]
  for (const [name, { dims, values, type = 'f16' }] of Object.entries(variables)) {
    const data = Buffer.concat(values.map((value) => numberOf(type, value)))
    pieces.push(string(name), Buffer.from([dims.length]), ...dims.map(u32))
    pieces.push(Buffer.from([TYPE_CODES[type]]), u32(data.length), data)
  }
  pieces.push(u32(Object.keys(aliases).length))
  for (const [alias, name] of Object.entries(aliases)) pieces.push(string(alias), string(name))
  return Buffer.concat(pieces)
}

function numberOf(type: 'f16' | 'i16' | 'i8', value: number): Buffer {
  if (type === 'i8') return Buffer.from([value])
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(type === 'f16' ? toHalf(value) : value)
  return bytes
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

const string = (text: string): Buffer => {
  const body = Buffer.from(`${text}\0`)
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(body.length)
  return Buffer.concat([bytes, body])
}

/** Sizes of the tiny Whisper: vocabulary 4, state 2, one layer on each side. */
export const TINY_WORDS = 4

/** The variables of a Whisper with one layer a side; every matrix has other numbers, key biases are zero. */
export function tinyWhisper(): Record<string, Variable> {
  let next = 0
  const filled = (...dims: number[]): Variable => {
    const count = dims.reduce((product, size) => product * size, 1)
    // Steps of 1/64 are exact in half precision.
    return { dims, values: Array.from({ length: count }, () => next++ / 64) }
  }
  const norm = (name: string): Record<string, Variable> => ({
    [`${name}/layer_norm/gamma`]: filled(2),
    [`${name}/layer_norm/beta`]: filled(2),
  })
  const linear = (name: string, rows: number, columns: number): Record<string, Variable> => ({
    [`${name}/weight`]: filled(rows, columns),
    [`${name}/bias`]: filled(rows),
  })
  const own = (side: string): Record<string, Variable> => {
    const part = `${side}/layer_0/self_attention`
    const stacked = linear(`${part}/linear_0`, 6, 2)
    const bias = stacked[`${part}/linear_0/bias`]?.values ?? []
    return {
      ...norm(part),
      ...stacked,
      [`${part}/linear_0/bias`]: {
        dims: [6],
        values: bias.map((value, row) => (row === 2 ? 0 : row === 3 ? -0 : value)),
      },
      ...linear(`${part}/linear_1`, 2, 2),
    }
  }
  const feedForward = (side: string): Record<string, Variable> => ({
    ...norm(`${side}/layer_0/ffn`),
    ...linear(`${side}/layer_0/ffn/linear_0`, 3, 2),
    ...linear(`${side}/layer_0/ffn/linear_1`, 2, 3),
  })
  const cross = 'decoder/layer_0/attention'
  return {
    'encoder/num_heads': { dims: [], values: [1], type: 'i16' },
    'decoder/num_heads': { dims: [], values: [1], type: 'i16' },
    'encoder/position_encodings/encodings': filled(5, 2),
    'decoder/position_encodings/encodings': filled(3, 2),
    'decoder/embeddings/weight': filled(TINY_WORDS + 2, 2),
    'encoder/conv1/weight': filled(2, 2, 3),
    'encoder/conv1/bias': filled(2),
    'encoder/conv2/weight': filled(2, 2, 3),
    'encoder/conv2/bias': filled(2),
    ...norm('encoder'),
    ...norm('decoder'),
    ...own('encoder'),
    ...feedForward('encoder'),
    ...own('decoder'),
    ...norm(cross),
    ...linear(`${cross}/linear_0`, 2, 2),
    [`${cross}/linear_1/weight`]: filled(4, 2),
    [`${cross}/linear_1/bias`]: { dims: [4], values: [0, 0, 7, 8] },
    ...linear(`${cross}/linear_2`, 2, 2),
    ...feedForward('decoder'),
  }
}

/** `tokenizer.json` with the given words under ids 0, 1, 2, …, in the byte alphabet's spelling. */
export const tokenizerOf = (vocabulary: Readonly<Record<string, number>>): string =>
  JSON.stringify({ version: '1.0', model: { type: 'BPE', vocab: vocabulary, merges: [] } })

/** A float32 tensor. */
export interface Tensor {
  readonly dims: readonly number[]
  readonly values: readonly number[]
}

/**
 * An ONNX file whose `If` holds `branches`, each with its tensors as constants named `<branch><name>`, once as
 * `Constant` nodes (even positions, raw bytes) and once as initializers (odd positions, packed floats).
 */
export function onnxOf(
  branches: Readonly<Record<string, Readonly<Record<string, Tensor>>>>,
): Buffer {
  const graphs = Object.entries(branches).map(([branch, tensors]) => {
    const pieces = Object.entries(tensors).map(([name, tensor], index) => {
      if (index % 2 === 1) return field(5, tensorProto(tensor, 4, branch + name))
      const attribute = Buffer.concat([
        field(1, Buffer.from('value')),
        field(5, tensorProto(tensor, 9)),
      ])
      return field(1, Buffer.concat([field(2, Buffer.from(branch + name)), field(5, attribute)]))
    })
    return field(5, field(6, Buffer.concat(pieces)))
  })
  const node = Buffer.concat([field(4, Buffer.from('If')), ...graphs])
  // Before the graph: a version number, a varint of ten bytes as exporters write for "no limit".
  return Buffer.concat([
    Buffer.from([0x08, ...Array.from({ length: 9 }, () => 0xff), 0x01]),
    field(7, field(1, node)),
  ])
}

function tensorProto({ dims, values }: Tensor, dataField: 4 | 9, name = ''): Buffer {
  const data = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) data.writeFloatLE(value, index * 4)
  const sizes =
    dataField === 9
      ? dims.map((size) => Buffer.concat([Buffer.from([0x08]), varint(size)]))
      : [field(1, Buffer.concat(dims.map(varint)))]
  return Buffer.concat([
    ...sizes,
    Buffer.from([0x10, 1]),
    field(dataField, data),
    field(8, Buffer.from(name)),
  ])
}

const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>= 7
  }
  return Buffer.from([...bytes, rest])
}

/** The tensors of a voice detector with one encoder layer. */
export function tinySilero(): Record<string, Tensor> {
  let next = 0
  const filled = (...dims: number[]): Tensor => ({
    dims,
    values: Array.from(
      { length: dims.reduce((product, size) => product * size, 1) },
      () => next++ / 64,
    ),
  })
  return {
    'stft.forward_basis_buffer': filled(4, 1, 3),
    'encoder.0.reparam_conv.weight': filled(2, 3, 3),
    'encoder.0.reparam_conv.bias': filled(2),
    'decoder.rnn.weight_ih': filled(8, 2),
    'decoder.rnn.weight_hh': filled(8, 2),
    'decoder.rnn.bias_ih': filled(8),
    'decoder.rnn.bias_hh': filled(8),
    'decoder.decoder.2.weight': filled(1, 2, 1),
    'decoder.decoder.2.bias': filled(1),
  }
}

/** A tensor as a ggml file holds it; `dims` in the file's (reversed) order. */
export interface GgmlRecord {
  readonly name: string
  readonly dims: readonly number[]
  readonly type: number
  readonly data: Buffer
}

/** Reads tensor records from `at` to the end. */
export function tensorRecords(file: Buffer, start: number): GgmlRecord[] {
  const records: GgmlRecord[] = []
  for (let at = start; at < file.length; ) {
    const rank = file.readInt32LE(at)
    const nameBytes = file.readInt32LE(at + 4)
    const type = file.readInt32LE(at + 8)
    const dims = Array.from({ length: rank }, (_, index) => file.readInt32LE(at + 12 + 4 * index))
    const nameAt = at + 12 + 4 * rank
    const dataAt = nameAt + nameBytes
    const size = dims.reduce((product, count) => product * count, 1) * (type === 0 ? 4 : 2)
    const name = file.toString('utf8', nameAt, dataAt)
    records.push({ name, dims, type, data: file.subarray(dataAt, dataAt + size) })
    at = dataAt + size
  }
  return records
}
