/** @module What every decoder is told. */
import type { Clock } from '../../core/clock.ts'

/** Longest sound that is decoded at all. */
export const MAX_SECONDS = 4 * 3600

export interface DecodeOptions {
  /** Longer sound is refused with `input.too-long`, never cut. At most `MAX_SECONDS`. */
  readonly maxSeconds: number
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Path or name of the ffmpeg program. */
  readonly ffmpeg?: string
  /** Where a folder in memory is missing: an ordinary temporary folder will do (devnet only). */
  readonly allowDisk?: boolean
}
