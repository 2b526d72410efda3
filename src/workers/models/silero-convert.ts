/** @module Silero's voice detector (16 kHz, version 5.1.2) from ONNX to whisper.cpp's form: the same bytes as the published ggml file. */
import { AppError } from '../../core/app-error.ts'
import { float16s, float32s, GGML_MAGIC, int32s, tensorRecord } from './ggml-format.ts'
import { type OnnxTensor, readOnnxConstants } from './onnx.ts'

/** The file holds two models in the branches of one `If`; this one is for 16 kHz. */
const BRANCH = 'If_0_then_branch__Inline_0__'
const MODEL = 'silero-16k'
const VERSION = [5, 1, 2] as const
/** Samples of one step, and of the step before that are seen again. */
const WINDOW = 512
const CONTEXT = 64
const STFT = 'stft.forward_basis_buffer'
const DECODER = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map(
  (name) => `decoder.rnn.${name}`,
)
const LAST = ['decoder.decoder.2.weight', 'decoder.decoder.2.bias']

/**
 * The pieces of the ggml file, in order. Pure and deterministic. Convolution weights and the Fourier basis are
 * rounded to float16, the rest is float32; sizes of 1 are dropped, except in the Fourier basis.
 * Throws `models.corrupt` when a tensor is missing.
 */
export function* convertSilero(onnx: Uint8Array): Generator<Uint8Array> {
  const constants = readOnnxConstants(onnx)
  const tensor = (name: string): OnnxTensor => {
    const found = constants.get(BRANCH + name)
    if (!found) throw new AppError('models.corrupt', { field: 'tensor' })
    return found
  }
  const encoder: string[] = []
  while (constants.has(`${BRANCH}encoder.${encoder.length}.reparam_conv.weight`))
    encoder.push(`encoder.${encoder.length}.reparam_conv`)
  if (encoder.length === 0) throw new AppError('models.corrupt', { field: 'layers' })

  yield int32s(GGML_MAGIC, MODEL.length)
  yield new TextEncoder().encode(MODEL)
  yield int32s(...VERSION, WINDOW, CONTEXT, encoder.length)
  for (const layer of encoder) {
    const [out = 0, into = 0, kernel = 0] = tensor(`${layer}.weight`).dims
    yield int32s(into, out, kernel)
  }
  const [, hidden = 0] = tensor('decoder.rnn.weight_hh').dims
  const [, input = 0] = tensor('decoder.rnn.weight_ih').dims
  const [outputs = 0, inputs = 0] = tensor('decoder.decoder.2.weight').dims
  yield int32s(input, hidden, inputs, outputs)

  const layers = encoder.flatMap((layer) => [`${layer}.weight`, `${layer}.bias`])
  for (const name of [...layers, ...DECODER, ...LAST, STFT]) {
    const { dims, data } = tensor(name)
    const isHalf = name === STFT || name === LAST[0] || /^encoder\..*\.weight$/.test(name)
    yield* tensorRecord({
      name: `_model.${name}`,
      dims: name === STFT ? dims : dims.filter((size) => size !== 1),
      type: isHalf ? 'f16' : 'f32',
      data: isHalf ? float16s(data) : float32s(data),
    })
  }
}
