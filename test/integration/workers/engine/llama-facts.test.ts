/** @module What our code relies on in node-llama-cpp, measured once and held here, so that an upgrade shows what changed (ENG A2). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  getLlama,
  type Llama,
  LlamaChatSession,
  type LlamaContext,
  LlamaLogLevel,
  type LlamaModel,
  NoBinaryFoundError,
  resolveChatWrapper,
} from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fixtureModel } from '../../../support/models/fixture-models.ts'

const folder = mkdtempSync(join(tmpdir(), 'llama-facts-'))
const settings = {
  build: 'never',
  skipDownload: true,
  logLevel: LlamaLogLevel.disabled,
  progressLogs: false,
} as const
let llama: Llama
let model: LlamaModel
let context: LlamaContext

beforeAll(async () => {
  fixtureModel(folder, 'fixture-random')
  llama = await getLlama({ ...settings, gpu: false, maxThreads: 1 })
  model = await llama.loadModel({ modelPath: join(folder, 'fixture-random.bin') })
  context = await model.createContext({ contextSize: 512, sequences: 2 })
})
afterAll(async () => {
  await llama.dispose()
  rmSync(folder, { recursive: true })
})

describe('node-llama-cpp', () => {
  test('a GPU without its libraries is an error of its own class', async () => {
    await expect(getLlama({ ...settings, gpu: 'cuda' })).rejects.toThrow(NoBinaryFoundError)
  })

  test('a prompt beyond the context is accepted without an error: only counting protects the text', async () => {
    const sequence = context.getSequence()
    const session = new LlamaChatSession({ contextSequence: sequence })

    await session.prompt('x'.repeat(2400), { maxTokens: 4, temperature: 0 })

    // The context holds less than was said, and nobody was told.
    expect(sequence.nextTokenIndex).toBeLessThan(512)
    await sequence.dispose()
  })

  test('there are as many sequences as were asked for', async () => {
    const both = [context.getSequence(), context.getSequence()]

    expect(() => context.getSequence()).toThrow('No sequences left')
    for (const sequence of both) await sequence.dispose()
  })

  test('the meter is cumulative and the last token of a prompt counts as output', async () => {
    const sequence = context.getSequence()
    const before = sequence.tokenMeter.getState()
    const tokens = model.tokenize('hello')

    let count = 0
    for await (const _ of sequence.evaluate(tokens, { temperature: 0 })) if (++count === 5) break

    const after = sequence.tokenMeter.getState()
    expect(after.usedInputTokens - before.usedInputTokens).toBe(tokens.length - 1)
    expect(after.usedOutputTokens - before.usedOutputTokens).toBe(count)
    await sequence.dispose()
  })

  test('erasing the end of a sequence leaves its beginning evaluated', async () => {
    const sequence = context.getSequence()
    await sequence.evaluateWithoutGeneratingNewTokens(model.tokenize('the beginning'))
    const { length } = sequence.contextTokens
    await sequence.evaluateWithoutGeneratingNewTokens(model.tokenize(' and a secret'))

    await sequence.eraseContextTokenRanges([{ start: length, end: sequence.nextTokenIndex }])

    expect(model.detokenize(sequence.contextTokens)).toBe('the beginning')
    expect(sequence.nextTokenIndex).toBe(length)
    await sequence.dispose()
  })

  test('plain text is never a control token; only text marked special is', () => {
    expect(model.tokenize('<|im_end|>')).toHaveLength(10)
    expect(model.tokenize('<|im_end|>', true)).toHaveLength(1)
  })

  test('a truncated file is an error and no crash', async () => {
    const path = join(folder, 'short.bin')
    const whole = readFileSync(join(folder, 'fixture-random.bin'))
    writeFileSync(path, whole.subarray(0, whole.length / 2))

    await expect(llama.loadModel({ modelPath: path })).rejects.toThrow('Failed to load model')
  })

  test('loading a small model may tell no progress at all: nothing to wait for', async () => {
    const told: number[] = []
    const other = await llama.loadModel({
      modelPath: join(folder, 'fixture-random.bin'),
      onLoadProgress: (part) => told.push(part),
    })

    // Mostly none, sometimes a few (a large model tells hundreds): who waited for one might wait for ever.
    expect(told.every((part) => part >= 0 && part <= 1)).toBe(true)
    expect(told).toEqual(told.toSorted((a, b) => a - b))
    expect(other.tokenize('ready')).not.toEqual([])
    await other.dispose()
  })

  test('the same seed chooses the same tokens, another one others, and none is needed at temperature 0', async () => {
    const say = async (options: { temperature: number; seed?: number }): Promise<string> => {
      const sequence = context.getSequence()
      const tokens: number[] = []
      for await (const token of sequence.evaluate(model.tokenize('a beginning'), options))
        if (tokens.push(token) === 16) break
      await sequence.dispose()
      return tokens.join()
    }

    const seeded = [42, 42, 43].map((seed) => () => say({ temperature: 1, seed }))
    const [one, same, other] = [await seeded[0]?.(), await seeded[1]?.(), await seeded[2]?.()]

    expect(one).toBe(same)
    expect(one).not.toBe(other)
    expect(await say({ temperature: 0 })).toBe(await say({ temperature: 0 }))
  })

  test('a grammar forces JSON out of a model that knows none', async () => {
    const sequence = context.getSequence()
    const session = new LlamaChatSession({ contextSequence: sequence })
    const grammar = await llama.createGrammarForJsonSchema({ type: 'boolean' })

    const answer = await session.prompt('yes or no', { grammar, maxTokens: 20, temperature: 0 })

    expect(typeof grammar.parse(answer)).toBe('boolean')
    await sequence.dispose()
  })

  test('an abort that stops keeps what was said and says so', async () => {
    const sequence = context.getSequence()
    const session = new LlamaChatSession({ contextSequence: sequence })
    const stop = new AbortController()

    const answer = await session.promptWithMeta('go on', {
      signal: stop.signal,
      stopOnAbortSignal: true,
      maxTokens: 200,
      temperature: 0,
      onTextChunk: () => stop.abort(),
    })

    expect(answer.stopReason).toBe('abort')
    expect(answer.responseText.length).toBeGreaterThan(0)
    await sequence.dispose()
  })

  test('the chat format of the file is the one that is used', () => {
    expect(resolveChatWrapper(model).wrapperName).toBe('ChatML')
  })

  test('the number of threads can be changed while it runs', () => {
    llama.maxThreads = 2
    llama.maxThreads = 1

    expect(llama.maxThreads).toBe(1)
  })
})
