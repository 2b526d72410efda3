/** @module Cutting sound at its pauses into windows a speech model can take, while the sound is still being decoded. */
import { SAMPLE_RATE, type Span } from './speech-messages.ts'

/** The model hears 30 s at a time; 2 s are left for padding and a late cut. */
export const MAX_WINDOW_MS = 28_000
/** Pauses up to this stay inside a window: context helps the model more than the silence costs. */
const MERGE_MS = 2000
/** Voice detection cuts close; the first and last sounds of words are soft. */
const PAD_MS = 200
/** Sound looked at together. */
const BLOCK_MS = 30_000
/** How far back a cut through uninterrupted speech looks for a quiet place. */
const CUT_SEARCH_MS = 5000

export interface SoundWindow {
  readonly startMs: number
  readonly samples: Float32Array
}

export type FindSpeech = (samples: Float32Array) => Promise<readonly Span[]>

/**
 * Windows of at most `MAX_WINDOW_MS` that hold all speech of `pieces` in order.
 * At most a block and a window are in memory. `onSamples` is told how many samples were decoded.
 */
export async function* windowsOf(
  pieces: AsyncIterable<Float32Array>,
  findSpeech: FindSpeech,
  onSamples: (count: number) => void,
): AsyncGenerator<SoundWindow> {
  let offset = 0
  let held: Float32Array[] = []
  let size = 0
  const cut = async function* (isLast: boolean): AsyncGenerator<SoundWindow> {
    const samples = joined(held, size)
    const plan = planWindows(await findSpeech(samples), samples, isLast)
    for (const { startMs, endMs } of plan.windows) {
      yield {
        startMs: toMs(offset) + startMs,
        samples: samples.slice(toSamples(startMs), toSamples(endMs)),
      }
    }
    const from = toSamples(plan.keepFromMs)
    held = [samples.slice(from)]
    size = samples.length - from
    offset += from
  }
  for await (const piece of pieces) {
    onSamples(piece.length)
    held.push(piece)
    size += piece.length
    // A held-back window and a block more: never more than 60 s.
    if (size >= toSamples(BLOCK_MS) + carried()) yield* cut(false)
  }
  if (size > 0) yield* cut(true)

  function carried(): number {
    return Math.min(held[0]?.length ?? 0, toSamples(MAX_WINDOW_MS))
  }
}

/**
 * Speech `spans` of `samples` merged to windows. Unless `isLast`, a window that may go on behind the end is held back:
 * `keepFromMs` says from where the samples are needed again.
 */
export function planWindows(
  spans: readonly Span[],
  samples: Float32Array,
  isLast: boolean,
): { readonly windows: readonly Span[]; readonly keepFromMs: number } {
  const lengthMs = toMs(samples.length)
  const merged: Span[] = []
  for (const span of spans) {
    const padded = {
      startMs: Math.max(0, span.startMs - PAD_MS),
      endMs: Math.min(lengthMs, span.endMs + PAD_MS),
    }
    const last = merged.at(-1)
    const near = last !== undefined && padded.startMs - last.endMs <= MERGE_MS
    if (near && padded.endMs - last.startMs <= MAX_WINDOW_MS)
      merged[merged.length - 1] = {
        startMs: last.startMs,
        endMs: Math.max(last.endMs, padded.endMs),
      }
    else merged.push({ ...padded, startMs: Math.max(padded.startMs, last?.endMs ?? 0) })
  }
  const windows = merged.flatMap((window) => splitLong(window, samples))
  const last = windows.at(-1)
  if (isLast || last === undefined) return { windows, keepFromMs: Math.max(0, lengthMs - PAD_MS) }
  if (lengthMs - last.endMs > MERGE_MS)
    return { windows, keepFromMs: Math.max(last.endMs, lengthMs - PAD_MS) }
  return { windows: windows.slice(0, -1), keepFromMs: last.startMs }
}

/** Speech without a pause is cut at its quietest place. */
function splitLong({ startMs, endMs }: Span, samples: Float32Array): Span[] {
  const parts: Span[] = []
  let from = startMs
  while (endMs - from > MAX_WINDOW_MS) {
    const latest = from + MAX_WINDOW_MS
    const at = quietestMs(samples, latest - CUT_SEARCH_MS, latest)
    parts.push({ startMs: from, endMs: at })
    from = at
  }
  parts.push({ startMs: from, endMs })
  return parts
}

/** Middle of the quietest 100 ms. */
function quietestMs(samples: Float32Array, fromMs: number, toMsLimit: number): number {
  let best = toMsLimit
  let least = Number.POSITIVE_INFINITY
  for (let at = fromMs; at + 100 <= toMsLimit; at += 20) {
    let energy = 0
    for (const sample of samples.subarray(toSamples(at), toSamples(at + 100)))
      energy += sample * sample
    if (energy < least) [least, best] = [energy, at + 50]
  }
  return best
}

const toMs = (samples: number): number => Math.floor((samples * 1000) / SAMPLE_RATE)
const toSamples = (ms: number): number => Math.floor((ms * SAMPLE_RATE) / 1000)

function joined(parts: readonly Float32Array[], size: number): Float32Array {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  const all = new Float32Array(size)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
