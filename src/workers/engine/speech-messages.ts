/** @module What the worker and its speech child tell each other; the child gets samples and never a key or an id of a job. */

/** Sound inside the engines is mono float32 at this rate, which is the models' own. */
export const SAMPLE_RATE = 16_000

/** CPU: @napi-rs/whisper (AVX2). CUDA: @fugood/whisper.node, whose CPU build is 15 times slower (measured). */
export type SpeechBackend = 'cpu' | 'cuda'

export interface Span {
  readonly startMs: number
  readonly endMs: number
}

export type ToSpeechChild =
  | {
      readonly type: 'load'
      readonly backend: SpeechBackend
      readonly model: string
      /** Silero model in ggml form; absent: speech is found by loudness. */
      readonly vad?: string
    }
  | { readonly type: 'rest' }
  | { readonly type: 'find-speech'; readonly samples: Float32Array }
  | {
      readonly type: 'run'
      readonly samples: Float32Array
      /** ISO code, or `auto`. */
      readonly language: string
      readonly threads: number
      /** Encoder positions, 50 a second; 0 = all 1500. */
      readonly audioCtx: number
    }

export type FromSpeechChild =
  | { readonly type: 'loaded' }
  | { readonly type: 'rested' }
  | { readonly type: 'speech'; readonly spans: readonly Span[] }
  | {
      readonly type: 'segment'
      readonly startMs: number
      readonly endMs: number
      readonly text: string
    }
  | { readonly type: 'done'; readonly language: string; readonly rssBytes: number }
  | {
      readonly type: 'error'
      readonly code: 'models.corrupt' | 'engine.crash' | 'engine.gpu-missing' | 'input.language'
    }
