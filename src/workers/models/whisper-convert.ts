/** @module Whisper weights from CTranslate2's form to whisper.cpp's: the same bytes as the published ggml file. */
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import { type Ct2Variable, readCtranslate2 } from './ctranslate2.ts'
import { float32s, GGML_MAGIC, type GgmlTensor, int32s, tensorRecord } from './ggml-format.ts'
import { fromHalf } from './half-float.ts'
import { MEL_BINS, melFilters } from './mel-filters.ts'

const tokenizerSchema = z.object({
  model: z.object({ vocab: z.record(z.string(), z.number().int().min(0)) }),
})

/**
 * The pieces of the ggml file, in order. `model`: a CTranslate2 model of Whisper with float16 weights;
 * `tokenizer`: text of its `tokenizer.json`; `words`: how many byte-pair tokens come before the special ones.
 * Pure and deterministic, so the published hash of the ggml file checks the result. Nothing is transposed.
 * Throws `models.corrupt` when a part is missing, has another type or shape, or a key bias is not zero.
 */
export function* convertWhisper(
  model: Uint8Array,
  tokenizer: string,
  words = 50_257,
): Generator<Uint8Array> {
  const variables = new Variables(readCtranslate2(model))
  const [vocabulary, state] = variables.sizes('decoder/embeddings/weight')
  const [audioContext] = variables.sizes('encoder/position_encodings/encodings')
  const [textContext] = variables.sizes('decoder/position_encodings/encodings')
  const [, mels] = variables.sizes('encoder/conv1/weight')
  const encoder = {
    heads: variables.int16('encoder/num_heads'),
    layers: variables.layers('encoder'),
  }
  const decoder = {
    heads: variables.int16('decoder/num_heads'),
    layers: variables.layers('decoder'),
  }
  yield int32s(GGML_MAGIC, vocabulary, audioContext, state, encoder.heads, encoder.layers)
  // The closing 1: matrices are float16.
  yield int32s(textContext, state, decoder.heads, decoder.layers, mels, 1)
  yield int32s(mels, MEL_BINS)
  yield float32s(melFilters(mels))
  yield* vocabularyRecords(tokenizer, words)
  for (const tensor of tensors(variables, { encoder: encoder.layers, decoder: decoder.layers }))
    yield* tensorRecord(tensor)
}

/** i32 count, then per token i32 length and its bytes, in the order of ids. */
function* vocabularyRecords(tokenizer: string, words: number): Generator<Uint8Array> {
  const parsed = tokenizerSchema.safeParse(parseJson(tokenizer))
  if (!parsed.success) throw new AppError('models.corrupt', { field: 'tokenizer' })
  const tokens: (Uint8Array | undefined)[] = Array.from({ length: words }, () => undefined)
  const alphabet = byteAlphabet()
  for (const [text, id] of Object.entries(parsed.data.model.vocab)) {
    if (id >= words) continue
    if (tokens[id]) throw new AppError('models.corrupt', { field: 'token' })
    tokens[id] = Uint8Array.from(text, (character) => {
      const byte = alphabet.get(character)
      // A line break would be one: the alphabet spells every byte as a printable character.
      if (byte === undefined) throw new AppError('models.corrupt', { field: 'token' })
      return byte
    })
  }
  yield int32s(words)
  for (const token of tokens) {
    if (!token) throw new AppError('models.corrupt', { field: 'token' })
    yield int32s(token.length)
    yield token
  }
}

/** GPT-2 writes bytes as characters: printable ones as themselves, the others from U+0100 on, in order. */
function byteAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>()
  let next = 0x100
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad)
    alphabet.set(String.fromCodePoint(isPrintable ? byte : next++), byte)
  }
  return alphabet
}

/** All tensors under whisper.cpp's names, in the published file's order. */
function* tensors(
  from: Variables,
  layers: { encoder: number; decoder: number },
): Generator<GgmlTensor> {
  const position = 'position_encodings/encodings'
  yield from.wide('decoder.positional_embedding', `decoder/${position}`)
  yield from.wide('encoder.positional_embedding', `encoder/${position}`)
  yield from.half('decoder.token_embedding.weight', 'decoder/embeddings/weight')
  for (let layer = 0; layer < layers.decoder; layer++)
    yield* block(from, `decoder.blocks.${layer}`, `decoder/layer_${layer}`)
  yield* norm(from, 'decoder.ln', 'decoder/layer_norm')
  for (const conv of ['conv1', 'conv2']) {
    yield from.half(`encoder.${conv}.weight`, `encoder/${conv}/weight`)
    const bias = from.wide(`encoder.${conv}.bias`, `encoder/${conv}/bias`)
    yield { ...bias, dims: [...bias.dims, 1] }
  }
  for (let layer = 0; layer < layers.encoder; layer++)
    yield* block(from, `encoder.blocks.${layer}`, `encoder/layer_${layer}`)
  yield* norm(from, 'encoder.ln_post', 'encoder/layer_norm')
}

function* block(from: Variables, to: string, layer: string): Generator<GgmlTensor> {
  yield* norm(from, `${to}.mlp_ln`, `${layer}/ffn/layer_norm`)
  for (const [part, linear] of [
    ['mlp.0', 'linear_0'],
    ['mlp.2', 'linear_1'],
  ] as const) {
    yield from.half(`${to}.${part}.weight`, `${layer}/ffn/${linear}/weight`)
    yield from.wide(`${to}.${part}.bias`, `${layer}/ffn/${linear}/bias`)
  }
  const own = `${layer}/self_attention`
  yield* norm(from, `${to}.attn_ln`, `${own}/layer_norm`)
  // Query, key and value stand in one matrix, each a third of the rows.
  yield* attention(from, `${to}.attn`, {
    query: { linear: `${own}/linear_0`, part: 0, of: 3 },
    key: { linear: `${own}/linear_0`, part: 1, of: 3 },
    value: { linear: `${own}/linear_0`, part: 2, of: 3 },
    out: { linear: `${own}/linear_1`, part: 0, of: 1 },
  })
  const cross = `${layer}/attention`
  if (!from.has(`${cross}/linear_0/weight`)) return
  yield* norm(from, `${to}.cross_attn_ln`, `${cross}/layer_norm`)
  yield* attention(from, `${to}.cross_attn`, {
    query: { linear: `${cross}/linear_0`, part: 0, of: 1 },
    key: { linear: `${cross}/linear_1`, part: 0, of: 2 },
    value: { linear: `${cross}/linear_1`, part: 1, of: 2 },
    out: { linear: `${cross}/linear_2`, part: 0, of: 1 },
  })
}

/** A share of a linear layer's rows. */
interface Share {
  readonly linear: string
  readonly part: number
  readonly of: number
}

function* attention(
  from: Variables,
  to: string,
  shares: { query: Share; key: Share; value: Share; out: Share },
): Generator<GgmlTensor> {
  for (const name of ['query', 'key', 'value', 'out'] as const) {
    const { linear, part, of } = shares[name]
    const weight = from.half(`${to}.${name}.weight`, `${linear}/weight`)
    yield rows(weight, part, of)
    const bias = rows(from.wide(`${to}.${name}.bias`, `${linear}/bias`), part, of)
    if (name !== 'key') yield bias
    // Whisper's keys have no bias: the stacked form pads with zeros (of either sign).
    else if (bias.data.some((byte, index) => byte !== 0 && !(byte === 0x80 && index % 4 === 3)))
      throw new AppError('models.corrupt', { field: 'key-bias' })
  }
}

function* norm(from: Variables, to: string, layer: string): Generator<GgmlTensor> {
  yield from.wide(`${to}.weight`, `${layer}/gamma`)
  yield from.wide(`${to}.bias`, `${layer}/beta`)
}

/** The `part`-th of `of` equal groups of rows. */
function rows(tensor: GgmlTensor, part: number, of: number): GgmlTensor {
  const [count = 0, ...rest] = tensor.dims
  if (count % of !== 0) throw new AppError('models.corrupt', { field: 'rows' })
  const bytes = tensor.data.length / of
  return {
    ...tensor,
    dims: [count / of, ...rest],
    data: tensor.data.subarray(part * bytes, (part + 1) * bytes),
  }
}

/** The input's variables, with the two readings the output needs. */
class Variables {
  readonly #all: ReadonlyMap<string, Ct2Variable>

  constructor(all: ReadonlyMap<string, Ct2Variable>) {
    this.#all = all
  }

  has(name: string): boolean {
    return this.#all.has(name)
  }

  layers(side: 'encoder' | 'decoder'): number {
    let count = 0
    while (this.has(`${side}/layer_${count}/ffn/linear_0/weight`)) count++
    if (count === 0) throw new AppError('models.corrupt', { field: 'layers' })
    return count
  }

  sizes(name: string): readonly [number, number] {
    const [rowCount = 0, columnCount = 0] = this.#floats(name).dims
    return [rowCount, columnCount]
  }

  int16(name: string): number {
    const found = this.#all.get(name)
    if (found?.type !== 'i16' || found.data.length !== 2)
      throw new AppError('models.corrupt', { field: 'scalar' })
    return new DataView(found.data.buffer, found.data.byteOffset).getInt16(0, true)
  }

  /** As it stands. */
  half(to: string, name: string): GgmlTensor {
    const { dims, data } = this.#floats(name)
    return { name: to, dims, type: 'f16', data }
  }

  /** Widened to float32. */
  wide(to: string, name: string): GgmlTensor {
    const { dims, data } = this.#floats(name)
    const view = new DataView(data.buffer, data.byteOffset, data.length)
    const values = Array.from({ length: data.length / 2 }, (_, index) =>
      fromHalf(view.getUint16(index * 2, true)),
    )
    return { name: to, dims, type: 'f32', data: float32s(values) }
  }

  #floats(name: string): Ct2Variable {
    const found = this.#all.get(name)
    if (found?.type !== 'f16') throw new AppError('models.corrupt', { field: 'float16' })
    return found
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
