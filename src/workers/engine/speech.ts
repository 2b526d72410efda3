/** @module Speech to text: decoding, voice detection, and one window after the other through the speech child. */
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Segment, SpeechAnswer, SpeechEngine } from '../../tasks/task.ts'
import { decodeAudio } from './audio.ts'
import { isLabel, onlySpoken } from './heard.ts'
import { SAMPLE_RATE, type SpeechBackend } from './speech-messages.ts'
import { SpeechProcess } from './speech-process.ts'
import { MAX_WINDOW_MS, type SoundWindow, windowsOf } from './windows.ts'

/** A child is replaced after this many windows, or when its memory has grown by half: native leaks stay small. */
const RECYCLE_WINDOWS = 500
const RECYCLE_GROWTH = 1.5
/** Voice detection takes a tenth of the sound's length, which is at most a minute: ample on a crowded machine too. */
const FIND_SPEECH_MS = 180_000
const REST_MS = 180_000

export interface SpeechModelOptions {
  /** Model in ggml form, its hash checked before. */
  readonly model: string
  /** Silero voice detection in ggml form. */
  readonly vad?: string
  readonly backend: SpeechBackend
  readonly slots: number
  readonly threads: () => number
  readonly clock: Clock
  readonly ffmpeg?: string
  /** Devnet on systems without a folder in memory. */
  readonly allowDisk?: boolean
  /** The child is replaced after this many windows; 500. */
  readonly recycleWindows?: number
  /** How long a window may take before it counts as stuck; `factor` is the work a second of sound has taken lately. */
  readonly windowTimeoutMs?: (windowMs: number, factor: number) => number
}

export interface SpeechModel {
  readonly slots: readonly SpeechSlot[]
  close(): Promise<void>
}

/** Starts one child for each slot. Throws `models.corrupt`, `engine.gpu-missing`, `engine.stuck`. */
export async function loadSpeechModel(options: SpeechModelOptions): Promise<SpeechModel> {
  const slots = Array.from({ length: options.slots }, () => new SpeechSlot(options))
  const close = async (): Promise<void> => {
    for (const slot of slots) slot.close()
  }
  try {
    await Promise.all(slots.map((slot) => slot.start()))
  } catch (error) {
    await close()
    throw error
  }
  return { slots, close }
}

/** Room for one running speech job, with a child of its own. Jobs do not overlap. */
export class SpeechSlot {
  readonly #options: SpeechModelOptions
  readonly #process: SpeechProcess
  #windows = 0
  #firstRss = 0
  #lastRss = 0
  /** Seconds of work for a second of sound. Begins pessimistic. */
  #factor = 1

  constructor(options: SpeechModelOptions) {
    this.#options = options
    this.#process = new SpeechProcess(options)
  }

  start(): Promise<void> {
    return this.#process.start()
  }

  /** Seconds of sound recognised in a second of work, of the last windows. */
  get speed(): number {
    return 1 / this.#factor
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** The engine for one job's encoded sound. */
  speechFor(audio: AsyncIterable<Uint8Array>): SpeechEngine {
    return { run: (request, options) => this.#transcribe(audio, request, options) }
  }

  close(): void {
    this.#process.close()
  }

  async #transcribe(
    audio: AsyncIterable<Uint8Array>,
    request: Parameters<SpeechEngine['run']>[0],
    options: Parameters<SpeechEngine['run']>[1],
  ): Promise<SpeechAnswer> {
    const { signal } = options
    if (signal.aborted) throw new AppError('job.cancelled')
    const decoded = await decodeAudio(audio, {
      ...this.#options,
      maxSeconds: request.maxSeconds,
      signal,
    })
    const segments: Segment[] = []
    let samples = 0
    let language = request.language
    const windows = windowsOf(
      decoded.pieces,
      (sound) => this.#findSpeech(sound, signal),
      (count) => {
        samples += count
      },
    )
    try {
      for await (const window of windows) {
        const heard = await this.#runTwice(window, language ?? 'auto', signal)
        language = heard.language
        for (const segment of heard.segments) {
          segments.push(segment)
          if (!isLabel(segment.text)) options.onSegment?.(segment)
        }
        options.onProgress?.(Math.min(99, Math.floor(decoded.position() * 100)))
      }
    } finally {
      this.#rest()
    }
    const spoken = onlySpoken(segments)
    return {
      // ISO 639-2 for "undetermined": there was nothing to hear.
      language: language ?? 'und',
      segments: spoken,
      audioMs: Math.floor((samples * 1000) / SAMPLE_RATE),
      noSpeech: spoken.length === 0,
    }
  }

  async #findSpeech(samples: Float32Array, signal: AbortSignal) {
    const ask = () =>
      this.#process.ask({ type: 'find-speech', samples }, 'speech', {
        timeoutMs: FIND_SPEECH_MS,
        signal,
      })
    return (await again(ask)).spans
  }

  #runTwice(window: SoundWindow, language: string, signal: AbortSignal) {
    return again(() => this.#run(window, language, signal))
  }

  async #run({ startMs, samples }: SoundWindow, language: string, signal: AbortSignal) {
    const { clock, threads, windowTimeoutMs = patience } = this.#options
    const windowMs = (samples.length * 1000) / SAMPLE_RATE
    const segments: Segment[] = []
    const began = clock.now()
    const done = await this.#process.ask(
      { type: 'run', samples, language, threads: threads(), audioCtx: audioCtxOf(windowMs) },
      'done',
      {
        timeoutMs: windowTimeoutMs(windowMs, this.#factor),
        signal,
        onSegment: (heard) =>
          segments.push({
            startMs: Math.round(startMs + heard.startMs),
            // The last segment is said to end with the 30 s window of the model.
            endMs: Math.round(startMs + Math.min(windowMs, heard.endMs)),
            text: heard.text,
          }),
      },
    )
    this.#count(windowMs, clock.now() - began, done.rssBytes)
    return { language: done.language, segments }
  }

  #count(windowMs: number, tookMs: number, rssBytes: number): void {
    this.#windows++
    this.#lastRss = rssBytes
    if (this.#firstRss === 0) this.#firstRss = rssBytes
    // Short windows cost the same start as long ones and would spoil the figure.
    if (windowMs >= MAX_WINDOW_MS / 4) this.#factor = (this.#factor + tookMs / windowMs) / 2
  }

  /** After a job: a fresh child where one is due or was killed, else the preparation of the next job. Nobody waits for it. */
  #rest(): void {
    const isWorn =
      this.#windows >= (this.#options.recycleWindows ?? RECYCLE_WINDOWS) ||
      this.#lastRss > this.#firstRss * RECYCLE_GROWTH
    if (isWorn) {
      this.#process.kill()
      this.#windows = 0
      this.#firstRss = 0
      this.#lastRss = 0
    }
    // A failure shows itself in the next job, which starts the child again.
    this.#process.ask({ type: 'rest' }, 'rested', { timeoutMs: REST_MS }).catch(() => undefined)
  }
}

/** A window that hung or crashed gets one more try in a fresh child; the second failure stands. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    const isOurs =
      error instanceof AppError && ['engine.stuck', 'engine.crash'].includes(error.code)
    if (!isOurs) throw error
    return ask()
  }
}

/** A crowded machine becomes ten times slower than it was when it was measured; a real hang lasts for ever. */
const patience = (windowMs: number, factor: number): number =>
  Math.max(60_000, 4 * windowMs * Math.max(0.5, factor))

/** The encoder is told to look at the window and a little more instead of 30 s: half the time for short clips. */
function audioCtxOf(windowMs: number): number {
  return Math.min(1500, Math.ceil(windowMs / 20) + 64)
}
