/**
 * @module node-llama-cpp called directly: one sequence, greedy, one request a line of standard input, its times a line of output.
 * The prompt is rendered as the worker renders it, and its beginning is reused as far as it is the same.
 */
import { createInterface } from 'node:readline'
import { getLlama, LlamaLogLevel } from 'node-llama-cpp'
import type { TextRequest } from '../../src/tasks/task.ts'
import { commonLength, createPrompter } from '../../src/workers/engine/prompt.ts'

export interface BareAsk {
  readonly request: TextRequest
  readonly outTokens: number
}
export interface BareTimes {
  readonly firstMs: number
  readonly totalMs: number
}

const llama = await getLlama({
  build: 'never',
  skipDownload: true,
  gpu: false,
  logLevel: LlamaLogLevel.disabled,
  maxThreads: 1,
})
const model = await llama.loadModel({ modelPath: process.env['BARE_MODEL'] ?? '', gpuLayers: 0 })
const contextSize = Number(process.env['BARE_CONTEXT'])
const context = await model.createContext({ contextSize, threads: 1 })
const sequence = context.getSequence()
const render = createPrompter(model)

async function answer({ request, outTokens }: BareAsk): Promise<BareTimes> {
  const began = performance.now()
  const { tokens } = render(request)
  const kept = commonLength(sequence.contextTokens, tokens.slice(0, -1))
  if (kept < sequence.nextTokenIndex)
    await sequence.eraseContextTokenRanges([{ start: kept, end: sequence.nextTokenIndex }])
  let firstMs = 0
  let count = 0
  for await (const token of sequence.evaluate(tokens.slice(kept), { temperature: 0 })) {
    model.detokenize([token])
    if (count++ === 0) firstMs = performance.now() - began
    if (count >= outTokens) break
  }
  return { firstMs, totalMs: performance.now() - began }
}

process.stdout.write('running\n')
for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as BareAsk))}\n`)
process.exit(0)
