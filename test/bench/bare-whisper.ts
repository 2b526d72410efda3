/** @module The speech binding called directly on samples in memory: one run a line of standard input, its milliseconds a line of output. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Whisper, WhisperFullParams, WhisperSamplingStrategy } from '@napi-rs/whisper'

/** 16-bit mono at 16 kHz behind the usual 44 bytes. */
const wav = readFileSync(process.env['BARE_WAV'] ?? '')
const pcm = new Int16Array(wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.length))
const samples = Float32Array.from(pcm, (value) => value / 32_768)
const whisper = new Whisper(process.env['BARE_MODEL'] ?? '', { useGpu: false })

/** `plain`: as the binding comes, language recognised. `tuned`: language known, and no more encoder positions than the sound needs. */
function run(how: string): number {
  const params = new WhisperFullParams(WhisperSamplingStrategy.Greedy)
  params.nThreads = 1
  params.language = how === 'plain' ? 'auto' : 'en'
  if (how === 'tuned') params.audioCtx = Math.min(1500, Math.ceil(samples.length / 320) + 64)
  params.printProgress = false
  params.printRealtime = false
  params.printTimestamps = false
  const began = performance.now()
  whisper.full(params, samples)
  return performance.now() - began
}

process.stdout.write('running\n')
for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${String(run(line))}\n`)
process.exit(0)
