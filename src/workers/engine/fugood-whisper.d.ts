/** @module The part of `@fugood/whisper.node` 1.1.3 that the speech child uses; the package ships TypeScript sources that do not compile under our settings. */

interface Segment {
  /** Transcripts: milliseconds. Voice activity: centiseconds. */
  readonly t0: number
  readonly t1: number
}

export interface WhisperContext {
  transcribeData(
    pcm16: ArrayBuffer,
    options: { readonly language: string; readonly maxThreads: number },
  ): {
    readonly promise: Promise<{
      readonly language?: string
      readonly segments: readonly (Segment & { readonly text: string })[]
    }>
  }
}

export interface WhisperVadContext {
  detectSpeechData(pcm16: ArrayBuffer): Promise<readonly Segment[]>
}

type Variant = 'default' | 'vulkan' | 'cuda'

export function initWhisper(
  options: { readonly filePath: string; readonly useGpu: boolean },
  variant?: Variant,
): Promise<WhisperContext>

export function initWhisperVad(
  options: { readonly filePath: string; readonly useGpu: boolean; readonly nThreads: number },
  variant?: Variant,
): Promise<WhisperVadContext>

export function toggleNativeLog(enabled: boolean): Promise<void>
