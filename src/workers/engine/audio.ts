/** @module From encoded sound to 16 kHz mono float32: Ogg/Opus in process, everything else by a confined ffmpeg (ENG A7). */
import { AppError } from '../../core/app-error.ts'
import { type DecodeOptions, MAX_SECONDS } from './decode-options.ts'
import { decodeWithFfmpeg } from './ffmpeg.ts'
import { decodeOggOpus, isOggOpus } from './ogg-opus.ts'
import { SAMPLE_RATE } from './speech-messages.ts'

/** Largest file that is decoded at all. */
const MAX_ENCODED_BYTES = 200 * 2 ** 20

export interface DecodedAudio {
  /** Mono samples at 16 kHz in pieces of no fixed length. */
  readonly pieces: AsyncIterable<Float32Array>
  /** How much of the encoded bytes was used, 0…1; an estimate for progress bars. */
  readonly position: () => number
}

/**
 * Reads `encoded` whole, then decodes while the pieces are pulled. Stopping the iteration ends the decoder.
 * Throws `input.too-large`, and from the pieces `audio.undecodable`, `input.unsupported` (no ffmpeg on this machine),
 * `input.too-long`, `job.cancelled`, `engine.oom` (no room in memory for the file). The header's duration is not believed.
 */
export async function decodeAudio(
  encoded: AsyncIterable<Uint8Array>,
  options: DecodeOptions,
): Promise<DecodedAudio> {
  const bytes = await collect(encoded, options.signal)
  const limit = Math.min(options.maxSeconds, MAX_SECONDS)
  const decoded = isOggOpus(bytes)
    ? decodeOggOpus(bytes)
    : decodeWithFfmpeg(bytes, { ...options, maxSeconds: limit })
  return { pieces: guarded(decoded.pieces, limit, options.signal), position: decoded.position }
}

async function collect(
  encoded: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of encoded) {
    if (signal.aborted) throw new AppError('job.cancelled')
    size += part.length
    if (size > MAX_ENCODED_BYTES)
      throw new AppError('input.too-large', { limit: MAX_ENCODED_BYTES })
    parts.push(part)
  }
  return Buffer.concat(parts, size)
}

async function* guarded(
  pieces: AsyncIterable<Float32Array>,
  maxSeconds: number,
  signal: AbortSignal,
): AsyncGenerator<Float32Array> {
  const limit = maxSeconds * SAMPLE_RATE
  let samples = 0
  for await (const piece of pieces) {
    if (signal.aborted) throw new AppError('job.cancelled')
    samples += piece.length
    if (samples > limit) throw new AppError('input.too-long', { limitSeconds: maxSeconds })
    yield piece
  }
  if (signal.aborted) throw new AppError('job.cancelled')
  if (samples === 0) throw new AppError('audio.undecodable')
}
