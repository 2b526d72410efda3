/** @module The engines of a worker: its models loaded once, their slots handed to jobs as the ports of `tasks`. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Net } from '../../core/config.ts'
import type { ModelId } from '../../core/ids.ts'
import type { ModelRow } from '../../tasks/models.ts'
import type { SpeechEngine, TaskPorts, TextEngine } from '../../tasks/task.ts'
import { type Gpu, loadTextModel, type TextModel } from './llama.ts'
import { loadSpeechModel, type SpeechModel } from './speech.ts'
import type { SpeechBackend } from './speech-messages.ts'
import { createThreads, type Threads } from './threads.ts'

/** Context of a text slot: a long article and its summary; 235 MB of memory each for a 1.5B model. */
const CONTEXT_TOKENS = 8192

export interface EngineOptions {
  readonly folder: string
  /** Rows to load: at most one `llm`, one `stt`, one `vad`. Their files were checked against their hashes. */
  readonly rows: readonly ModelRow[]
  readonly net: Net
  readonly gpu: Gpu
  /** Fixed number of threads; absent: measured at start and while idle (`threads.ts`). */
  readonly threads?: number
  /** Absent: 1 text slot on a CPU, where each user slows the others, else 8; 1 speech slot. */
  readonly slots?: { readonly text?: number; readonly speech?: number }
  readonly clock: Clock
}

/** The ports of one job. `release` gives the slot back and must be called once, however the job ended. */
interface JobPorts {
  readonly ports: TaskPorts
  readonly release: () => void
}

export interface Engines {
  /** Slots there are, 0 where no such model was loaded. */
  readonly slots: { readonly text: number; readonly speech: number }
  /** The package that runs each kind of model, for receipts. */
  readonly packages: { readonly llm: string; readonly stt: string }
  /** Tokens a second of a text model, seconds of sound a second of a speech model. */
  speed(model: ModelId): number
  /**
   * Takes a free slot of `model`. `audio`: the job's encoded sound.
   * Throws `models.absent` for a model that is not loaded, `engine.stuck` when no slot is free.
   */
  portsFor(model: ModelId, audio?: AsyncIterable<Uint8Array>): JobPorts
  close(): Promise<void>
}

/**
 * Loads the models of `rows`.
 * Throws `models.fixture` for a fixture outside devnet, `engine.gpu-missing`, `models.absent`, `models.corrupt`, `engine.oom`.
 */
export async function createEngines(options: EngineOptions): Promise<Engines> {
  const { rows, net, gpu } = options
  for (const row of rows) {
    if (row.isFixture && net !== 'devnet') throw new AppError('models.fixture')
    if (row.gpu === 'required' && gpu === 'none') throw new AppError('engine.gpu-missing')
  }
  const [llm, stt, vad] = (['llm', 'stt', 'vad'] as const).map((kind) =>
    rows.find((row) => row.kind === kind),
  )
  let threads: Threads | undefined
  // Side by side: each spends most of its time on one core and the disk.
  const loading = {
    text: llm && openText(llm, options),
    speech: stt && loadSpeech({ stt, vad }, options, () => threads),
  }
  try {
    const [model, speech] = await Promise.all([loading.text, loading.speech])
    // Measured when nothing else of ours is busy.
    const text = model && (await measured(model, options))
    threads = text?.threads
    return lend({ llm, stt, text, speech, backend: backendOf(gpu) })
  } catch (error) {
    for (const opened of await Promise.allSettled([loading.text, loading.speech]))
      if (opened.status === 'fulfilled') await opened.value?.close()
    throw error
  }
}

interface Loaded {
  readonly llm: ModelRow | undefined
  readonly stt: ModelRow | undefined
  readonly text: (TextModel & { readonly threads: Threads }) | undefined
  readonly speech: SpeechModel | undefined
  readonly backend: SpeechBackend
}

/** The CUDA binding is 15 times slower on a CPU (measured). There is none for Vulkan. */
const backendOf = (gpu: Gpu): SpeechBackend => (gpu === 'cuda' ? 'cuda' : 'cpu')

function lend({ llm, stt, text, speech, backend }: Loaded): Engines {
  const freeText = [...(text?.slots ?? [])]
  const freeSpeech = [...(speech?.slots ?? [])]
  return {
    slots: { text: freeText.length, speech: freeSpeech.length },
    packages: {
      llm: 'node-llama-cpp',
      stt: backend === 'cuda' ? '@fugood/whisper.node' : '@napi-rs/whisper',
    },
    speed: (model) =>
      model === llm?.id ? (text?.threads.speed() ?? 0) : (speech?.slots[0]?.speed ?? 0),
    portsFor: (model, audio) => {
      if (model === llm?.id) {
        const slot = take(freeText)
        return {
          ports: { text: named(slot, model), speech: noSpeech },
          release: once(() => freeText.push(slot)),
        }
      }
      if (model === stt?.id) {
        if (audio === undefined) throw new AppError('input.unsupported')
        const slot = take(freeSpeech)
        return {
          ports: { text: noText, speech: slot.speechFor(audio) },
          release: once(() => freeSpeech.push(slot)),
        }
      }
      throw new AppError('models.absent')
    },
    close: () => closeAll(text, speech),
  }
}

/** The slot's port with the id of its model, by which tasks choose their way. */
const named = (slot: TextEngine, model: ModelId): TextEngine => ({
  model,
  contextTokens: slot.contextTokens,
  count: (text) => slot.count(text),
  run: (request, options) => slot.run(request, options),
})

/** `noteTo` gives the generations to the choice of threads, once there is one. */
type OpenText = TextModel & { readonly noteTo: (note: Threads['note']) => void }

async function openText(row: ModelRow, options: EngineOptions): Promise<OpenText> {
  const { gpu, clock, slots } = options
  let note: Threads['note'] = ignore
  const model = await loadTextModel({
    path: pathOf(row, options.folder),
    contextTokens: Math.min(CONTEXT_TOKENS, row.contextTokens ?? CONTEXT_TOKENS),
    slots: slots?.text ?? (gpu === 'none' ? 1 : 8),
    gpu,
    maxThreads: options.threads ?? availableParallelism(),
    now: () => clock.now(),
    // Slots share the threads: what one generates is multiplied by those that run beside it.
    onGenerated: (tokens, ms) => note(tokens * model.slots.filter(isRunning).length, ms),
  })
  const noteTo = (taker: Threads['note']): void => {
    note = taker
  }
  return { ...model, noteTo }
}

async function measured(model: OpenText, options: EngineOptions) {
  const threads = await createThreads({
    max: availableParallelism(),
    ...(options.threads !== undefined && { fixed: options.threads }),
    apply: (count) => model.setThreads(count),
    measure: async () => model.slots.find((slot) => !slot.isRunning)?.measure(),
    isIdle: () => !model.slots.some(isRunning),
    clock: options.clock,
  })
  model.noteTo(threads.note)
  const close = async (): Promise<void> => {
    threads.close()
    await model.close()
  }
  return { ...model, threads, close }
}

const ignore = (): void => undefined
const isRunning = (slot: TextModel['slots'][number]): boolean => slot.isRunning

async function loadSpeech(
  { stt, vad }: { readonly stt: ModelRow; readonly vad: ModelRow | undefined },
  { folder, gpu, net, slots, clock, ...options }: EngineOptions,
  chosen: () => Threads | undefined,
): Promise<SpeechModel> {
  return loadSpeechModel({
    model: pathOf(stt, folder),
    ...(vad && { vad: pathOf(vad, folder) }),
    backend: backendOf(gpu),
    slots: slots?.speech ?? 1,
    // Without a language model nothing was measured: one thread is never wrong.
    threads: () => chosen()?.current() ?? options.threads ?? 1,
    clock,
    allowDisk: net === 'devnet',
  })
}

function pathOf(row: ModelRow, folder: string): string {
  const [file] = row.files
  if (file === undefined) throw new AppError('models.absent')
  return join(folder, file.path)
}

function take<T>(free: T[]): T {
  const slot = free.pop()
  // The worker announces as many slots as there are, so this is a bug of ours or of the gateway.
  if (slot === undefined) throw new AppError('engine.stuck')
  return slot
}

function once(give: () => void): () => void {
  let isGiven = false
  return () => {
    if (!isGiven) give()
    isGiven = true
  }
}

async function closeAll(
  text: TextModel | undefined,
  speech: SpeechModel | undefined,
): Promise<void> {
  await Promise.all([text?.close(), speech?.close()])
}

/** The text port of a speech job. */
const noText: TextEngine = {
  contextTokens: 0,
  count: () => {
    throw new AppError('input.unsupported')
  },
  run: async () => {
    throw new AppError('input.unsupported')
  },
}

/** The speech port of a text job. */
const noSpeech: SpeechEngine = {
  run: async () => {
    throw new AppError('input.unsupported')
  },
}
