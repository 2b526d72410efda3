/** @module The language model of a worker: node-llama-cpp with one context and as many sequences as there are text slots. */
import { existsSync } from 'node:fs'
import { getLlama, type Llama, LlamaLogLevel, type LlamaModel } from 'node-llama-cpp'
import { AppError } from '../../core/app-error.ts'
import type { TextEngine } from '../../tasks/task.ts'
import { engineError } from './engine-error.ts'
import { createPrompter } from './prompt.ts'
import { TextSlot } from './text-slot.ts'

/** `none` means CPU. A GPU that is named and missing stops the worker; nothing falls back. */
export type Gpu = 'none' | 'cuda' | 'vulkan'

export interface TextModelOptions {
  readonly path: string
  /** Context of each slot in tokens, of the model's row; rounded up to a multiple of 256 by the engine. */
  readonly contextTokens: number
  readonly slots: number
  readonly gpu: Gpu
  /** Most threads the engine may ever use; `setThreads` chooses among them. */
  readonly maxThreads: number
  readonly now: () => number
  readonly onGenerated?: (tokens: number, ms: number) => void
}

export interface TextModel {
  readonly contextTokens: number
  readonly slots: readonly TextSlot[]
  count(text: string): number
  /** Takes effect with the next batch. */
  setThreads(threads: number): void
  close(): Promise<void>
}

/**
 * Loads a GGUF file whose hash was checked before.
 * Throws `models.absent`, `models.corrupt`, `engine.gpu-missing`, `engine.oom`.
 */
export async function loadTextModel(options: TextModelOptions): Promise<TextModel> {
  const llama = await openLlama(options.gpu, options.maxThreads)
  try {
    const model = await loadModel(llama, options)
    const context = await createContext(model, options)
    const prompt = createPrompter(model)
    const count = (text: string): number => model.tokenize(text).length
    const onGenerated = options.onGenerated ?? (() => undefined)
    const deps = { model, context, prompt, count, onGenerated, now: options.now }
    return {
      contextTokens: context.contextSize,
      slots: Array.from({ length: options.slots }, () => new TextSlot(deps)),
      count,
      setThreads: (threads) => {
        llama.maxThreads = threads
      },
      close: () => llama.dispose(),
    }
  } catch (error) {
    await llama.dispose()
    throw engineError(error)
  }
}

/** Counts tokens as the model `path` does, loading its vocabulary only: for the gateway's recount of a worker's units. */
export async function createTokenCounter(
  path: string,
): Promise<{ count: TextEngine['count']; close: () => Promise<void> }> {
  const llama = await openLlama('none', 1)
  try {
    const model = await loadModel(llama, { path, gpu: 'none', vocabOnly: true })
    return { count: (text) => model.tokenize(text).length, close: () => llama.dispose() }
  } catch (error) {
    await llama.dispose()
    throw engineError(error)
  }
}

async function openLlama(gpu: Gpu, maxThreads: number): Promise<Llama> {
  let llama: Llama
  try {
    llama = await getLlama({
      // Nothing is compiled or downloaded at run time.
      build: 'never',
      skipDownload: true,
      gpu: gpu === 'none' ? false : gpu,
      // The native log may quote a prompt.
      logLevel: LlamaLogLevel.disabled,
      logger: () => undefined,
      progressLogs: false,
      maxThreads,
    })
  } catch (error) {
    throw engineError(error, gpu === 'none' ? 'engine.crash' : 'engine.gpu-missing')
  }
  if (llama.gpu === (gpu === 'none' ? false : gpu)) return llama
  await llama.dispose()
  throw new AppError('engine.gpu-missing')
}

async function loadModel(
  llama: Llama,
  { path, gpu, vocabOnly = false }: { path: string; gpu: Gpu; vocabOnly?: boolean },
): Promise<LlamaModel> {
  if (!existsSync(path)) throw new AppError('models.absent')
  try {
    return await llama.loadModel({
      modelPath: path,
      gpuLayers: gpu === 'none' ? 0 : 'max',
      vocabOnly,
    })
  } catch (error) {
    throw engineError(error, 'models.corrupt')
  }
}

async function createContext(model: LlamaModel, options: TextModelOptions) {
  try {
    return await model.createContext({
      contextSize: options.contextTokens,
      sequences: options.slots,
      threads: options.maxThreads,
    })
  } catch (error) {
    throw engineError(error, 'engine.oom')
  }
}
