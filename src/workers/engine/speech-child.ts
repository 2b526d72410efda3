/** @module The speech child: one process that holds the model and runs one window at a time. It may block, crash or hang; its parent kills it. */
import { closeSync, openSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { findLoudSpans } from './loudness.ts'
import type { FromSpeechChild, Span, ToSpeechChild } from './speech-messages.ts'

interface Recogniser {
  /** Calls `onSegment` with times in milliseconds from the start of `samples`; answers the language. */
  run(
    request: Extract<ToSpeechChild, { type: 'run' }>,
    onSegment: (startMs: number, endMs: number, text: string) => void,
  ): Promise<string>
  /** Whether `language`, a code or `auto`, is one of the model's. */
  knows(language: string): boolean
  /** What makes the next job faster, done while nobody waits. */
  rest(): Promise<void>
}
type FindSpeech = (samples: Float32Array) => Promise<readonly Span[]>

/** First four bytes of a whisper.cpp model file, as a little-endian number. */
const GGML_MAGIC = 0x67676d6c
/** Eleven sizes follow, from the vocabulary to the number format; the largest is the vocabulary's 51,866. */
const SIZES = 11
const MAX_SIZE = 200_000

let recogniser: Recogniser | undefined
let findSpeech: FindSpeech = async (samples) => findLoudSpans(samples)

process.on('message', (message: ToSpeechChild) => {
  handle(message).catch(() => send({ type: 'error', code: 'engine.crash' }))
})
// The parent is gone: nobody wants the answer.
process.on('disconnect', () => process.exit(0))

async function handle(message: ToSpeechChild): Promise<void> {
  switch (message.type) {
    case 'load':
      if (!isModel(message.model)) return send({ type: 'error', code: 'models.corrupt' })
      if (message.backend === 'cuda' && !hasCuda())
        return send({ type: 'error', code: 'engine.gpu-missing' })
      recogniser =
        message.backend === 'cpu' ? await openNapi(message.model) : await openFugood(message.model)
      if (message.vad !== undefined) findSpeech = await openVad(message.vad, message.backend)
      return send({ type: 'loaded' })
    case 'find-speech':
      return send({ type: 'speech', spans: await findSpeech(message.samples) })
    case 'rest':
      await recogniser?.rest()
      return send({ type: 'rested' })
    case 'run': {
      if (recogniser === undefined) return send({ type: 'error', code: 'engine.crash' })
      if (!recogniser.knows(message.language))
        return send({ type: 'error', code: 'input.language' })
      const language = await recogniser.run(message, (startMs, endMs, text) =>
        send({ type: 'segment', startMs, endMs, text }),
      )
      return send({ type: 'done', language, rssBytes: process.memoryUsage.rss() })
    }
  }
}

function send(message: FromSpeechChild): void {
  process.send?.(message)
}

/** The CPU binding aborts the process on a file it cannot read, or reads nonsense for minutes. */
function isModel(path: string): boolean {
  const head = Buffer.alloc(4 + SIZES * 4)
  const file = openSync(path, 'r')
  try {
    if (readSync(file, head) < head.length || head.readUInt32LE() !== GGML_MAGIC) return false
  } finally {
    closeSync(file)
  }
  return Array.from({ length: SIZES }, (_, at) => head.readUInt32LE(4 + at * 4)).every(
    (size) => size <= MAX_SIZE,
  )
}

/**
 * Language detection looks at as many encoder positions as the run before it used, whatever it is told (measured):
 * 10 s of sound are enough and three times cheaper than 30.
 */
const DETECT_CTX = 500
/** Shorter sound is not encoded at all, and so would not set the number of positions. */
const PRIME_SAMPLES = 19_200

async function openNapi(model: string): Promise<Recogniser> {
  const { Whisper, WhisperFullParams, WhisperSamplingStrategy } = await import('@napi-rs/whisper')
  const whisper = new Whisper(model, { useGpu: false })
  const parameters = (language: string, threads: number, audioCtx: number) => {
    const params = new WhisperFullParams(WhisperSamplingStrategy.Greedy)
    params.nThreads = threads
    params.language = language
    params.audioCtx = audioCtx
    // Windows are independent: text of one must not steer the next into a loop.
    params.noContext = true
    params.printProgress = false
    params.printRealtime = false
    params.printTimestamps = false
    params.printSpecial = false
    return params
  }
  const prime = (threads: number): void => {
    whisper.full(parameters('en', threads, DETECT_CTX), new Float32Array(PRIME_SAMPLES))
  }
  prime(1)
  const detect = (samples: Float32Array, threads: number): string => {
    const params = parameters('auto', threads, DETECT_CTX)
    params.detectLanguage = true
    whisper.full(params, samples)
    return Whisper.lang(whisper.fullLangId) ?? 'en'
  }
  return {
    // An unknown language is an error inside the engine, which aborts the process.
    knows: (language) => language === 'auto' || Whisper.langId(language) >= 0,
    run: async ({ samples, language, threads, audioCtx }, onSegment) => {
      const known = language === 'auto' ? detect(samples, threads) : language
      const params = parameters(known, threads, audioCtx)
      const heard: string[] = []
      // Times of this binding are centiseconds.
      params.onNewSegment = ({ start, end, text }) => {
        heard.push(text)
        onSegment(start * 10, end * 10, text)
      }
      const all = bare(whisper.full(params, samples))
      // The call-backs wait in the event loop until this synchronous call is over, and then for a turn or two.
      for (let turn = 0; turn < MAX_TURNS && bare(heard.join('')) !== all; turn++) await nextTurn()
      return known
    },
    rest: async () => prime(1),
  }
}

const MAX_TURNS = 100
const bare = (text: string): string => text.replace(/\s/g, '')
const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

async function openFugood(model: string): Promise<Recogniser> {
  const { initWhisper, toggleNativeLog } = await import('@fugood/whisper.node')
  await toggleNativeLog(false)
  const whisper = await initWhisper({ filePath: model, useGpu: true }, 'cuda')
  return {
    knows: () => true,
    run: async ({ samples, language, threads }, onSegment) => {
      const { promise } = whisper.transcribeData(toPcm16(samples), {
        language,
        maxThreads: threads,
      })
      const result = await promise
      // Times of this binding are milliseconds.
      for (const { t0, t1, text } of result.segments) onSegment(t0, t1, text)
      return result.language ?? (language === 'auto' ? 'en' : language)
    },
    rest: async () => undefined,
  }
}

/** The binding falls back to the CPU with a printed warning; whoever asked for a GPU must know. */
function hasCuda(): boolean {
  const require = createRequire(import.meta.url)
  try {
    require(`@fugood/node-whisper-${process.platform}-${process.arch}-cuda`)
    return true
  } catch {
    return false
  }
}

async function openVad(model: string, backend: 'cpu' | 'cuda'): Promise<FindSpeech> {
  const { initWhisperVad, toggleNativeLog } = await import('@fugood/whisper.node')
  await toggleNativeLog(false)
  const vad = await initWhisperVad(
    { filePath: model, useGpu: false, nThreads: 1 },
    backend === 'cuda' ? 'cuda' : 'default',
  )
  return async (samples) => {
    const segments = await vad.detectSpeechData(toPcm16(samples))
    // VAD times are centiseconds.
    return segments.map(({ t0, t1 }) => ({ startMs: t0 * 10, endMs: t1 * 10 }))
  }
}

/** 16-bit samples, which is what this binding takes. */
function toPcm16(samples: Float32Array): ArrayBuffer {
  const pcm = new Int16Array(samples.length)
  for (const [at, sample] of samples.entries())
    pcm[at] = Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767)))
  return pcm.buffer
}
