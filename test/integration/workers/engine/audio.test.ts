/** @module Decoding real encodings, refusing lists and lies, and leaving nothing on disk. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../src/core/clock.ts'
import { decodeAudio } from '../../../../src/workers/engine/audio.ts'
import type { DecodeOptions } from '../../../../src/workers/engine/decode-options.ts'
import { babble, encodeWithFfmpeg, hasFfmpeg, inParts, wavOf } from '../../../support/sound.ts'

const folder = mkdtempSync(join(tmpdir(), 'audio-test-'))
const SECONDS = 6
const FORMATS = {
  'voice.ogg': ['-c:a', 'libopus', '-b:a', '24k'],
  'stereo.ogg': ['-c:a', 'libopus', '-ac', '2'],
  'index-last.mp4': ['-c:a', 'aac', '-f', 'mp4'],
  'sound.mp3': ['-c:a', 'libmp3lame'],
  'music.mp3': ['-c:a', 'libmp3lame', '-ar', '44100', '-ac', '2'],
  'sound.m4a': ['-c:a', 'aac'],
  'music.m4a': ['-c:a', 'aac', '-ar', '44100', '-ac', '2'],
  'film.mp4': ['-c:a', 'aac', '-ar', '48000', '-f', 'mp4', '-movflags', '+faststart'],
  'telephone.m4a': ['-c:a', 'aac', '-ar', '8000'],
  'sound.webm': ['-c:a', 'libopus'],
  'sound.flac': ['-c:a', 'flac'],
} as const

if (!hasFfmpeg()) console.warn('skipped: no ffmpeg on this machine, audio decoding is not tested')
const options = (more: Partial<DecodeOptions> = {}): DecodeOptions => ({
  maxSeconds: 60,
  signal: new AbortController().signal,
  clock: systemClock,
  ...more,
})

async function samplesOf(bytes: Uint8Array, more: Partial<DecodeOptions> = {}): Promise<number> {
  const decoded = await decodeAudio(inParts(bytes, 10_000), options(more))
  let samples = 0
  for await (const piece of decoded.pieces) samples += piece.length
  return samples
}

const codeOf = (bytes: Uint8Array, more: Partial<DecodeOptions> = {}): Promise<string> =>
  samplesOf(bytes, more).then(
    (samples) => `${samples} samples`,
    (error) => error.code,
  )

const leftovers = (): string[] =>
  readdirSync('/dev/shm').filter((name) => name.startsWith('chrysalis-'))

describe.skipIf(!hasFfmpeg())('sound', () => {
  beforeAll(() => {
    const wav = wavOf(babble(SECONDS))
    writeFileSync(join(folder, 'sound.wav'), wav)
    for (const [name, args] of Object.entries(FORMATS))
      encodeWithFfmpeg(wav, args, join(folder, name))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each([...Object.keys(FORMATS), 'sound.wav'])(
    '%s decodes to its length within 25 ms: what its encoder padded is taken off',
    async (name) => {
      const samples = await samplesOf(readFileSync(join(folder, name)))

      expect(samples / 16).toBeGreaterThanOrEqual(SECONDS * 1000 - 25)
      expect(samples / 16).toBeLessThanOrEqual(SECONDS * 1000 + 25)
    },
  )

  test('voice notes work without ffmpeg, anything else says that it cannot', async () => {
    const none = { ffmpeg: '/nowhere/ffmpeg' }

    const voice = await codeOf(readFileSync(join(folder, 'voice.ogg')), none)
    const other = await codeOf(readFileSync(join(folder, 'sound.mp3')), none)

    expect(voice).toBe(`${SECONDS * 16_000} samples`)
    expect(other).toBe('input.unsupported')
  })

  test('the decoded voice note is the sound that was encoded', async () => {
    const decoded = await decodeAudio(inParts(readFileSync(join(folder, 'voice.ogg'))), options())
    const pieces: number[] = []
    for await (const piece of decoded.pieces) pieces.push(...piece)

    const original = babble(SECONDS)
    const energy = (from: number) => (list: ArrayLike<number>) =>
      Array.from({ length: 1600 }, (_, at) => (list[from + at] ?? 0) ** 2).reduce((a, b) => a + b)
    for (const from of [16_000, 40_000, 80_000]) {
      const ratio = energy(from)(pieces) / energy(from)(original)
      expect(ratio).toBeGreaterThan(0.7)
      expect(ratio).toBeLessThan(1.3)
    }
  })

  test('a playlist that names a file of this machine is refused', async () => {
    const target = join(folder, 'sound.wav')
    const lists = {
      hls: `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://${target}\n#EXT-X-ENDLIST\n`,
      concat: `ffconcat version 1.0\nfile '${target}'\n`,
      sdp: `v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 96\na=rtpmap:96 opus/48000\n`,
    }

    const codes = await Promise.all(Object.values(lists).map((list) => codeOf(Buffer.from(list))))

    expect(codes).toEqual(['audio.undecodable', 'audio.undecodable', 'audio.undecodable'])
  })

  test('random bytes, nothing, and a damaged voice note are undecodable', async () => {
    const noise = Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * 7919) % 251))
    const head = readFileSync(join(folder, 'voice.ogg')).subarray(0, 60)

    const codes = [await codeOf(noise), await codeOf(Buffer.alloc(0)), await codeOf(head)]

    expect(codes).toEqual(['audio.undecodable', 'audio.undecodable', 'audio.undecodable'])
  })

  test('sound longer than allowed is refused, not cut, by either decoder', async () => {
    const limit = { maxSeconds: SECONDS - 1 }

    const codes = [
      await codeOf(readFileSync(join(folder, 'voice.ogg')), limit),
      await codeOf(readFileSync(join(folder, 'sound.flac')), limit),
    ]

    expect(codes).toEqual(['input.too-long', 'input.too-long'])
  })

  test('five hours of silence are too long, whatever the caller allows', async () => {
    const path = join(folder, 'silence.flac')
    const args = '-loglevel error -f lavfi -i anullsrc=r=8000:cl=mono -t 18000 -c:a flac -y'
    spawnSync('ffmpeg', [...args.split(' '), path])

    expect(await codeOf(readFileSync(path), { maxSeconds: 6 * 3600 })).toBe('input.too-long')
    expect(leftovers()).toEqual([])
  }, 300_000)

  test('an abort ends the decoder with job.cancelled', async () => {
    const stop = new AbortController()
    const decoded = await decodeAudio(
      inParts(readFileSync(join(folder, 'sound.flac'))),
      options({ signal: stop.signal }),
    )

    const all = (async () => {
      for await (const _ of decoded.pieces) stop.abort()
    })()

    await expect(all).rejects.toMatchObject({ code: 'job.cancelled' })
  })

  test('nothing is left in memory’s folder, and the file has no name while it is read', async () => {
    const decoded = await decodeAudio(inParts(readFileSync(join(folder, 'sound.flac'))), options())
    const during: string[] = []
    for await (const _ of decoded.pieces) during.push(...leftovers())

    expect(during).toEqual([])
    expect(leftovers()).toEqual([])
    expect(decoded.position()).toBe(1)
  })

  test('a worker killed while it decodes leaves no file and no ffmpeg', async () => {
    const script = `
      import { readFileSync } from 'node:fs'
      import { decodeAudio } from ${JSON.stringify(join(process.cwd(), 'src/workers/engine/audio.ts'))}
      async function* bytes() { yield readFileSync(process.argv[1]) }
      const { pieces } = await decodeAudio(bytes(), { maxSeconds: 60, signal: new AbortController().signal, allowDisk: true })
      for await (const piece of pieces) { process.stdout.write('decoding'); await new Promise(() => setInterval(() => {}, 1000)) }
    `
    const worker = spawn(
      process.execPath,
      ['--input-type=module-typescript', '-e', script, join(folder, 'sound.flac')],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const exited = once(worker, 'exit')
    await once(worker.stdout, 'data')

    worker.kill('SIGKILL')
    await exited

    expect(leftovers()).toEqual([])
  })
})
