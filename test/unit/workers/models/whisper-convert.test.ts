import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../../../../src/core/app-error.ts'
import { float32s } from '../../../../src/workers/models/ggml-format.ts'
import { melFilters } from '../../../../src/workers/models/mel-filters.ts'
import { convertWhisper } from '../../../../src/workers/models/whisper-convert.ts'
import {
  ctranslate2Of,
  TINY_WORDS,
  tensorRecords,
  tinyWhisper,
  tokenizerOf,
  type Variable,
} from '../../../support/weights/tiny-weights.ts'

const ALIASES = { 'decoder/projection/weight': 'decoder/embeddings/weight' }
// `Ġ` is the byte alphabet's space, `Ċ` its line feed, `¡` the byte 0xa1, `Ń` the byte 0xad.
const TOKENIZER = tokenizerOf({ '!': 0, Ġa: 1, ĠĊ: 2, '¡Ń': 3, '<|endoftext|>': 4 })

const convert = (
  variables: Record<string, Variable> = tinyWhisper(),
  tokenizer = TOKENIZER,
): Buffer =>
  Buffer.concat([...convertWhisper(ctranslate2Of(variables, ALIASES), tokenizer, TINY_WORDS)])

const codeOfConversion = (variables: Record<string, Variable>, tokenizer = TOKENIZER): string => {
  try {
    convert(variables, tokenizer)
    return 'converted'
  } catch (error) {
    return codeOf(error)
  }
}

/** Header, filters, then the vocabulary: where the tensors begin. */
const VOCABULARY_AT = 12 * 4 + 8 + 2 * 201 * 4
const TENSORS_AT = VOCABULARY_AT + 4 + 4 * 4 + 1 + 2 + 2 + 2

describe('conversion of Whisper weights', () => {
  it('writes the sizes of the model into the header', () => {
    const file = convert()

    const header = Array.from({ length: 12 }, (_, index) => file.readInt32LE(index * 4))
    expect(header).toEqual([0x67676d6c, 6, 5, 2, 1, 1, 3, 2, 1, 1, 2, 1])
  })

  it('writes the filter bank of the published file', () => {
    const bank = createHash('sha256')
      .update(float32s(melFilters(80)))
      .digest('hex')

    expect(bank).toBe('85818f156f7e189453901a515e4726d270d307f976e161cf9403e8caab405498')
  })

  it('writes the tokens as bytes in the order of their ids, without the special ones', () => {
    const file = convert()

    expect(file.readInt32LE(VOCABULARY_AT)).toBe(TINY_WORDS)
    const records = file.subarray(VOCABULARY_AT + 4, TENSORS_AT).toString('latin1')
    expect(records).toBe('\u0001\0\0\0!\u0002\0\0\0 a\u0002\0\0\0 \n\u0002\0\0\0\u00a1\u00ad')
  })

  it('writes every tensor once, under the published names and in the published order', () => {
    const names = tensorRecords(convert(), TENSORS_AT).map((record) => record.name)

    const block = (prefix: string, attention: string): string[] =>
      [
        `${attention}_ln.weight`,
        `${attention}_ln.bias`,
        `${attention}.query.weight`,
        `${attention}.query.bias`,
        `${attention}.key.weight`,
        `${attention}.value.weight`,
        `${attention}.value.bias`,
        `${attention}.out.weight`,
        `${attention}.out.bias`,
      ].map((name) => `${prefix}.${name}`)
    const mlp = (prefix: string): string[] =>
      ['mlp_ln', 'mlp.0', 'mlp.2'].flatMap((name) => [
        `${prefix}.${name}.weight`,
        `${prefix}.${name}.bias`,
      ])
    expect(names).toEqual([
      'decoder.positional_embedding',
      'encoder.positional_embedding',
      'decoder.token_embedding.weight',
      ...mlp('decoder.blocks.0'),
      ...block('decoder.blocks.0', 'attn'),
      ...block('decoder.blocks.0', 'cross_attn'),
      'decoder.ln.weight',
      'decoder.ln.bias',
      'encoder.conv1.weight',
      'encoder.conv1.bias',
      'encoder.conv2.weight',
      'encoder.conv2.bias',
      ...mlp('encoder.blocks.0'),
      ...block('encoder.blocks.0', 'attn'),
      'encoder.ln_post.weight',
      'encoder.ln_post.bias',
    ])
  })

  it('cuts the stacked query, key and value by rows and leaves half-precision numbers as they stand', () => {
    const variables = tinyWhisper()
    const stacked = variables['decoder/layer_0/self_attention/linear_0/weight']
    const records = tensorRecords(convert(variables), TENSORS_AT)

    const parts = ['query', 'key', 'value'].map((part) => {
      const record = records.find(({ name }) => name === `decoder.blocks.0.attn.${part}.weight`)
      return { dims: record?.dims, type: record?.type, data: record?.data.toString('hex') }
    })
    const whole = ctranslate2Of({ x: stacked ?? { dims: [], values: [] } })
    const data = whole.subarray(-4 - 24, -4)
    expect(parts).toEqual(
      [0, 8, 16].map((at) => ({
        dims: [2, 2],
        type: 1,
        data: data.subarray(at, at + 8).toString('hex'),
      })),
    )
  })

  it('takes key and value of the cross attention from the halves of one matrix', () => {
    const records = tensorRecords(convert(), TENSORS_AT)

    const bias = records.find(({ name }) => name === 'decoder.blocks.0.cross_attn.value.bias')
    expect([bias?.data.readFloatLE(0), bias?.data.readFloatLE(4)]).toEqual([7, 8])
  })

  it('widens biases, norms and positions, and gives convolution biases a second size', () => {
    const records = tensorRecords(convert(), TENSORS_AT)
    const shapeOf = (wanted: string): unknown => {
      const record = records.find(({ name }) => name === wanted)
      return record && [record.type, record.dims]
    }

    expect(shapeOf('encoder.positional_embedding')).toEqual([0, [2, 5]])
    expect(shapeOf('encoder.conv1.weight')).toEqual([1, [3, 2, 2]])
    expect(shapeOf('encoder.conv1.bias')).toEqual([0, [1, 2]])
    expect(shapeOf('decoder.ln.weight')).toEqual([0, [2]])
  })

  it.each(
    Object.keys(tinyWhisper()).filter((name) => !name.startsWith('decoder/layer_0/attention')),
  )('refuses weights without %s', (name) => {
    const { [name]: _left, ...rest } = tinyWhisper()

    expect(codeOfConversion(rest)).toBe('models.corrupt')
  })

  it('refuses a key bias that is not zero, since the output has no place for it', () => {
    const variables = tinyWhisper()
    const name = 'encoder/layer_0/self_attention/linear_0/bias'
    variables[name] = { dims: [6], values: [1, 2, 0, 3, 4, 5] }

    expect(codeOfConversion(variables)).toBe('models.corrupt')
  })

  it('refuses quantised weights', () => {
    const variables = tinyWhisper()
    variables['encoder/conv1/weight'] = { dims: [2, 2, 3], values: Array(12).fill(1), type: 'i8' }

    expect(codeOfConversion(variables)).toBe('models.corrupt')
  })

  it.each([
    ['a token with a carriage return', { '!': 0, '\r\n': 1, b: 2, c: 3 }],
    ['a missing token', { '!': 0, b: 2, c: 3 }],
    ['two tokens of one id', { '!': 0, a: 1, b: 1, c: 2, d: 3 }],
    ['a character outside the byte alphabet', { '!': 0, a: 1, b: 2, 語: 3 }],
  ])('refuses %s', (_what, vocabulary) => {
    expect(codeOfConversion(tinyWhisper(), tokenizerOf(vocabulary))).toBe('models.corrupt')
  })

  it('refuses a tokenizer that is not JSON', () => {
    expect(codeOfConversion(tinyWhisper(), '{')).toBe('models.corrupt')
  })

  it('refuses the input cut off at any place, and with a byte added', () => {
    const whole = ctranslate2Of(tinyWhisper(), ALIASES)
    const outcome = (bytes: Buffer): string => {
      try {
        for (const piece of convertWhisper(bytes, TOKENIZER, TINY_WORDS)) void piece
        return 'converted'
      } catch (error) {
        return codeOf(error)
      }
    }

    const cuts = Array.from({ length: whole.length }, (_, length) =>
      outcome(whole.subarray(0, length)),
    )
    expect(new Set(cuts)).toEqual(new Set(['models.corrupt']))
    expect(outcome(Buffer.concat([whole, Buffer.from([0])]))).toBe('models.corrupt')
    expect(outcome(whole)).toBe('converted')
  })
})
