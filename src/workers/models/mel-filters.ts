/** @module The mel filter bank of OpenAI's Whisper, to the last bit. */

const SAMPLE_RATE = 16_000
const FFT = 400
/** Rows of a spectrum of 400 samples. */
export const MEL_BINS = FFT / 2 + 1

/** Slaney's scale: 200/3 Hz a mel up to 1 kHz, then 27 mels for each factor of 6.4. */
const LINEAR_HZ = 200 / 3
const BREAK_HZ = 1000
const BREAK_MEL = BREAK_HZ / LINEAR_HZ
const LOG_STEP = Math.log(6.4) / 27

const toMel = (hz: number): number =>
  hz < BREAK_HZ ? hz / LINEAR_HZ : BREAK_MEL + Math.log(hz / BREAK_HZ) / LOG_STEP
const toHz = (mel: number): number =>
  mel < BREAK_MEL ? mel * LINEAR_HZ : BREAK_HZ * Math.exp(LOG_STEP * (mel - BREAK_MEL))

/**
 * `mels` × 201 numbers, row by row: triangles over 0–8000 Hz, normalised by their width.
 * Each triangle's value is rounded to float32 before it is normalised in double precision, as the published file
 * was made; without that rounding 118 of 16 080 values differ in the last place.
 */
export function melFilters(mels: number): Float32Array {
  const top = toMel(SAMPLE_RATE / 2)
  const edges = Array.from({ length: mels + 2 }, (_, index) => toHz((top * index) / (mels + 1)))
  const edge = (index: number): number => edges[index] ?? 0
  const filters = new Float32Array(mels * MEL_BINS)
  for (let mel = 0; mel < mels; mel++) {
    const [low, centre, high] = [edge(mel), edge(mel + 1), edge(mel + 2)]
    for (let bin = 0; bin < MEL_BINS; bin++) {
      const hz = (bin * SAMPLE_RATE) / FFT
      const rising = (hz - low) / (centre - low)
      const falling = (high - hz) / (high - centre)
      const height = Math.fround(Math.max(0, Math.min(rising, falling)))
      filters[mel * MEL_BINS + bin] = height * (2 / (high - low))
    }
  }
  return filters
}
