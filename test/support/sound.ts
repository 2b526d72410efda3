/** @module Sounds for tests: tones that pass as speech for the loudness gate, silence, and encoded forms by ffmpeg. */
import { spawnSync } from 'node:child_process'

const RATE = 16_000

/** `seconds` of a tone whose loudness rises and falls four times a second, as syllables do. */
export const babble = (seconds: number): Float32Array =>
  Float32Array.from(
    { length: Math.round(seconds * RATE) },
    (_, at) => 0.3 * Math.sin(at / 9) * Math.sin((at * Math.PI * 4) / RATE),
  )

export const silence = (seconds: number): Float32Array =>
  new Float32Array(Math.round(seconds * RATE))

export function concatSound(...parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** A WAV file of 16-bit mono samples at 16 kHz. */
export function wavOf(samples: Float32Array): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + samples.length * 2, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(RATE, 24)
  head.writeUInt32LE(RATE * 2, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(samples.length * 2, 40)
  const body = Buffer.alloc(samples.length * 2)
  for (const [at, sample] of samples.entries())
    body.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767))), at * 2)
  return Buffer.concat([head, body])
}

export const hasFfmpeg = (): boolean => spawnSync('ffmpeg', ['-version']).status === 0

/** `wav` encoded by ffmpeg with `args` into the file `path` (formats like MP4 need a seekable file). */
export function encodeWithFfmpeg(wav: Buffer, args: readonly string[], path: string): void {
  const run = spawnSync('ffmpeg', ['-loglevel', 'error', '-i', 'pipe:0', ...args, '-y', path], {
    input: wav,
  })
  if (run.status !== 0) throw new Error(`ffmpeg failed with ${run.status}`)
}

/** The bytes as a stream of parts of `size`. */
export async function* inParts(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
