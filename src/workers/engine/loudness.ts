/** @module Speech found by loudness alone: the gate that serves where no voice detection model is there. */
import type { Span } from './speech-messages.ts'

const FRAME_MS = 20
const FRAME_SAMPLES = 320
/** Root mean square below which nothing is speech, whatever the rest is like (−54 dB). */
const FLOOR = 0.002
/** How much louder than the quietest tenth speech is, at least. */
const OVER_NOISE = 3
/** Pauses between words are not pauses. */
const JOIN_MS = 300
const MIN_SPEECH_MS = 100

/** Spans of 16 kHz `samples` that are clearly louder than their background. Music and noise bursts pass as speech. */
export function findLoudSpans(samples: Float32Array): readonly Span[] {
  const levels: number[] = []
  for (let at = 0; at < samples.length; at += FRAME_SAMPLES) {
    let sum = 0
    const frame = samples.subarray(at, at + FRAME_SAMPLES)
    for (const sample of frame) sum += sample * sample
    levels.push(Math.sqrt(sum / frame.length))
  }
  const sorted = levels.toSorted((a, b) => a - b)
  const noise = sorted[Math.floor(sorted.length / 10)] ?? 0
  const loudest = sorted.at(-1) ?? 0
  // Steady sound without pauses must not be taken for its own background.
  const gate = Math.max(FLOOR, Math.min(noise * OVER_NOISE, loudest * 0.1))
  const spans: { startMs: number; endMs: number }[] = []
  for (const [index, level] of levels.entries()) {
    if (level < gate) continue
    const startMs = index * FRAME_MS
    const last = spans.at(-1)
    if (last && startMs - last.endMs <= JOIN_MS) last.endMs = startMs + FRAME_MS
    else spans.push({ startMs, endMs: startMs + FRAME_MS })
  }
  return spans.filter(({ startMs, endMs }) => endMs - startMs >= MIN_SPEECH_MS)
}
