import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findLoudSpans } from '../../../../src/workers/engine/loudness.ts'
import {
  MAX_WINDOW_MS,
  planWindows,
  type SoundWindow,
  windowsOf,
} from '../../../../src/workers/engine/windows.ts'
import { babble, concatSound, inParts, silence } from '../../../support/sound.ts'

const span = (startMs: number, endMs: number) => ({ startMs, endMs })
const find = async (samples: Float32Array) => findLoudSpans(samples)

async function collect(
  sound: Float32Array,
  pieceSamples = 16_000,
  findSpeech = find,
): Promise<SoundWindow[]> {
  async function* pieces() {
    for (let at = 0; at < sound.length; at += pieceSamples) yield sound.slice(at, at + pieceSamples)
  }
  const windows: SoundWindow[] = []
  for await (const window of windowsOf(pieces(), findSpeech, () => undefined)) windows.push(window)
  return windows
}

const endMs = ({ startMs, samples }: SoundWindow): number => startMs + samples.length / 16

describe('planning windows', () => {
  test('a pause of 2 s or less stays inside its window, a longer one does not', () => {
    const { windows } = planWindows(
      [span(1000, 2000), span(4300, 5000), span(7500, 8000)],
      silence(10),
      true,
    )

    // 200 ms are added on each side before pauses are compared.
    expect(windows).toEqual([span(800, 5200), span(7300, 8200)])
  })

  test('speech that may go on behind the end is held back, but not at the end of the sound', () => {
    const spans = [span(1000, 5000), span(20_000, 29_900)]

    const middle = planWindows(spans, silence(30), false)
    const last = planWindows(spans, silence(30), true)

    expect(middle).toEqual({ windows: [span(800, 5200)], keepFromMs: 19_800 })
    expect(last.windows).toEqual([span(800, 5200), span(19_800, 30_000)])
  })

  test('a minute without a pause is cut at its quietest places', () => {
    const sound = concatSound(babble(25), silence(0.2), babble(35))

    const { windows } = planWindows([span(0, 60_200)], sound, true)

    expect(windows.map(({ endMs: end }) => end)[0]).toBeGreaterThanOrEqual(25_000)
    expect(windows.map(({ endMs: end }) => end)[0]).toBeLessThanOrEqual(25_200)
    for (const window of windows)
      expect(window.endMs - window.startMs).toBeLessThanOrEqual(MAX_WINDOW_MS)
  })
})

describe('windows of a stream', () => {
  test('silence gives no window', async () => {
    expect(await collect(silence(70))).toEqual([])
  })

  test('speech behind a long silence keeps its time', async () => {
    const [window, ...more] = await collect(concatSound(silence(65), babble(3), silence(2)))

    expect(more).toEqual([])
    expect(window?.startMs).toBeGreaterThanOrEqual(64_500)
    expect(window?.startMs).toBeLessThanOrEqual(65_000)
    expect(window && endMs(window)).toBeGreaterThanOrEqual(68_000)
  })

  test('whatever the pattern, all speech is in exactly one window, in order, none longer than the model takes', async () => {
    const pattern = fc.array(
      fc.record({ speech: fc.integer({ min: 1, max: 40 }), pause: fc.integer({ min: 0, max: 5 }) }),
      { minLength: 1, maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(pattern, fc.integer({ min: 4000, max: 100_000 }), async (parts, piece) => {
        const sound = concatSound(
          ...parts.flatMap(({ speech, pause }) => [silence(speech).fill(1), silence(pause)]),
        )

        const windows = await collect(sound, piece, findOnes)

        const [longest, covered] = [
          Math.max(...windows.map(lengthMs)),
          new Uint8Array(sound.length),
        ]
        for (const { startMs, samples } of windows)
          for (let at = startMs * 16; at < startMs * 16 + samples.length; at++)
            covered[at] = (covered[at] ?? 0) + 1
        const bad = covered.findIndex((times, at) => times > 1 || (times === 0 && sound[at] === 1))
        expect(longest).toBeLessThanOrEqual(MAX_WINDOW_MS + 1)
        expect(bad).toBe(-1)
        expect(windows.map(({ startMs }) => startMs)).toEqual(
          windows.map(({ startMs }) => startMs).toSorted((one, other) => one - other),
        )
      }),
      { numRuns: 8 },
    )
  })
})

const lengthMs = ({ samples }: SoundWindow): number => samples.length / 16

/** Speech is where the samples are 1, looked at every 10 ms. */
async function findOnes(samples: Float32Array) {
  const spans: { startMs: number; endMs: number }[] = []
  for (let ms = 0; ms * 16 < samples.length; ms += 10) {
    if (samples[ms * 16] !== 1) continue
    const last = spans.at(-1)
    if (last?.endMs === ms) last.endMs = ms + 10
    else spans.push(span(ms, ms + 10))
  }
  return spans
}

describe('the loudness gate', () => {
  test('finds a voice in noise and nothing in noise alone', () => {
    const noise = (samples: Float32Array) =>
      samples.map((sample, at) => sample + 0.01 * Math.sin(at * at))

    const spoken = findLoudSpans(noise(concatSound(silence(2), babble(2), silence(2))))

    expect(spoken).toHaveLength(1)
    expect(Math.abs((spoken[0]?.startMs ?? 0) - 2000)).toBeLessThanOrEqual(100)
    expect(findLoudSpans(silence(5))).toEqual([])
  })

  test('parts of a stream come back whole', async () => {
    const parts: Uint8Array[] = []
    for await (const part of inParts(new Uint8Array(10), 4)) parts.push(part)

    expect(parts.map((part) => part.length)).toEqual([4, 4, 2])
  })
})
