import { describe, expect, it } from 'vitest'
import { codeOf } from '../../../../src/core/app-error.ts'
import { convertSilero } from '../../../../src/workers/models/silero-convert.ts'
import {
  onnxOf,
  type Tensor,
  tensorRecords,
  tinySilero,
} from '../../../support/weights/tiny-weights.ts'

const THEN = 'If_0_then_branch__Inline_0__'
const ELSE = 'If_0_else_branch__Inline_0__'
const HEADER_BYTES = 4 * 2 + 10 + 4 * 6 + 4 * 3 + 4 * 4

const convert = (onnx: Buffer): Buffer => Buffer.concat([...convertSilero(onnx)])
const outcome = (onnx: Buffer): string => {
  try {
    convert(onnx)
    return 'converted'
  } catch (error) {
    return codeOf(error)
  }
}
const withBranches = (tensors: Record<string, Tensor>): Buffer =>
  onnxOf({
    // The other sampling rate comes first and has the same names.
    [ELSE]: { 'encoder.0.reparam_conv.weight': { dims: [1], values: [99] } },
    [THEN]: tensors,
  })

describe('conversion of the voice detector', () => {
  it('writes name, version and sizes of the 16 kHz model into the header', () => {
    const file = convert(withBranches(tinySilero()))

    expect(file.toString('latin1', 8, 18)).toBe('silero-16k')
    const numbers = Array.from({ length: 13 }, (_, index) => file.readInt32LE(18 + 4 * index))
    expect([file.readInt32LE(0), file.readInt32LE(4)]).toEqual([0x67676d6c, 10])
    expect(numbers).toEqual([5, 1, 2, 512, 64, 1, 3, 2, 3, 2, 2, 2, 1])
  })

  it('writes the tensors in the published order, with sizes of one dropped except in the Fourier basis', () => {
    const records = tensorRecords(convert(withBranches(tinySilero())), HEADER_BYTES)

    expect(records.map(({ name, type, dims }) => [name, type, dims])).toEqual([
      ['_model.encoder.0.reparam_conv.weight', 1, [3, 3, 2]],
      ['_model.encoder.0.reparam_conv.bias', 0, [2]],
      ['_model.decoder.rnn.weight_ih', 0, [2, 8]],
      ['_model.decoder.rnn.weight_hh', 0, [2, 8]],
      ['_model.decoder.rnn.bias_ih', 0, [8]],
      ['_model.decoder.rnn.bias_hh', 0, [8]],
      ['_model.decoder.decoder.2.weight', 1, [2]],
      ['_model.decoder.decoder.2.bias', 0, []],
      ['_model.stft.forward_basis_buffer', 1, [3, 1, 4]],
    ])
  })

  it('keeps the numbers of constants and of initializers alike', () => {
    const tensors = tinySilero()
    const records = tensorRecords(convert(withBranches(tensors)), HEADER_BYTES)

    const floats = (wanted: string): number[] => {
      const data = records.find(({ name }) => name === wanted)?.data ?? Buffer.alloc(0)
      return Array.from({ length: data.length / 4 }, (_, index) => data.readFloatLE(index * 4))
    }
    expect(floats('_model.decoder.rnn.weight_ih')).toEqual(tensors['decoder.rnn.weight_ih']?.values)
    expect(floats('_model.decoder.rnn.weight_hh')).toEqual(tensors['decoder.rnn.weight_hh']?.values)
  })

  it.each(Object.keys(tinySilero()))('refuses a file without %s', (name) => {
    const { [name]: _left, ...rest } = tinySilero()

    expect(outcome(withBranches(rest))).toBe('models.corrupt')
  })

  it('refuses a tensor whose bytes do not fill its sizes', () => {
    const tensors = { ...tinySilero(), 'decoder.rnn.bias_ih': { dims: [8], values: [1, 2] } }

    expect(outcome(withBranches(tensors))).toBe('models.corrupt')
  })

  it('refuses the file cut off at any place', () => {
    const whole = withBranches(tinySilero())

    const outcomes = Array.from({ length: whole.length }, (_, length) =>
      outcome(whole.subarray(0, length)),
    )
    expect(new Set(outcomes)).toEqual(new Set(['models.corrupt']))
    expect(outcome(whole)).toBe('converted')
  })
})
