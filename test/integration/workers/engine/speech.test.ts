/** @module The speech engine on models made by the tests: what it hears, and how it ends when it hangs, is stopped or is killed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../src/core/clock.ts'
import type { Segment } from '../../../../src/tasks/task.ts'
import {
  loadSpeechModel,
  type SpeechModel,
  type SpeechModelOptions,
  type SpeechSlot,
} from '../../../../src/workers/engine/speech.ts'
import { FIXTURE_SPOKEN_WORDS, fixtureModel } from '../../../support/models/fixture-models.ts'
import { babble, concatSound, hasFfmpeg, inParts, silence, wavOf } from '../../../support/sound.ts'

const folder = mkdtempSync(join(tmpdir(), 'speech-test-'))
const SAID = FIXTURE_SPOKEN_WORDS.join('').trim()
const opened: SpeechModel[] = []

if (!hasFfmpeg())
  console.warn('skipped: no ffmpeg on this machine, the speech engine is not tested')

async function open(file: string, more: Partial<SpeechModelOptions> = {}): Promise<SpeechSlot> {
  const model = await loadSpeechModel({
    model: join(folder, file),
    backend: 'cpu',
    slots: 1,
    threads: () => 1,
    clock: systemClock,
    allowDisk: true,
    ...more,
  })
  opened.push(model)
  const [slot] = model.slots
  if (!slot) throw new Error('no slot')
  return slot
}

const hear = (
  slot: SpeechSlot,
  sound: Float32Array,
  more: { signal?: AbortSignal; onSegment?: (segment: Segment) => void; language?: string } = {},
) => {
  const { signal = new AbortController().signal, onSegment, language } = more
  return slot
    .speechFor(inParts(wavOf(sound)))
    .run(
      { maxSeconds: 120, ...(language && { language }) },
      { signal, ...(onSegment && { onSegment }) },
    )
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

beforeAll(() => {
  fixtureModel(folder, 'fixture-speech')
  fixtureModel(folder, 'fixture-hang')
})
afterEach(async () => {
  for (const model of opened.splice(0)) await model.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

describe.skipIf(!hasFfmpeg())('hearing', () => {
  test('the scripted model hears its words at their time, in its language', async () => {
    const slot = await open('fixture-speech.bin')
    const live: string[] = []

    const answer = await hear(slot, concatSound(silence(3), babble(2), silence(5), babble(3)), {
      onSegment: ({ text }) => live.push(text.trim()),
    })

    expect(answer).toMatchObject({ language: 'fr', audioMs: 13_000, noSpeech: false })
    expect(answer.segments.map(({ text }) => text)).toEqual([SAID, SAID])
    expect(live).toEqual([SAID, SAID])
    const [one, two] = answer.segments
    for (const [segment, startMs, endMs] of [
      [one, 3000, 5000],
      [two, 10_000, 13_000],
    ] as const) {
      expect(Math.abs((segment?.startMs ?? 0) - startMs)).toBeLessThanOrEqual(300)
      expect(Math.abs((segment?.endMs ?? 0) - endMs)).toBeLessThanOrEqual(300)
    }
  })

  test('the language the caller knows is not detected again', async () => {
    const slot = await open('fixture-speech.bin')

    expect((await hear(slot, babble(2), { language: 'de' })).language).toBe('de')
  })

  test('a language the model does not know is refused, and the child goes on', async () => {
    const slot = await open('fixture-speech.bin')
    const { pid } = slot

    await expect(hear(slot, babble(2), { language: 'tlh' })).rejects.toMatchObject({
      code: 'input.language',
    })

    expect((await hear(slot, babble(2))).segments).toHaveLength(1)
    expect(slot.pid).toBe(pid)
  })

  test('silence has no words, only its length', async () => {
    const slot = await open('fixture-speech.bin')

    expect(await hear(slot, silence(4))).toEqual({
      language: 'und',
      segments: [],
      audioMs: 4000,
      noSpeech: true,
    })
  })

  test('the same words in window after window are a loop and are said once', async () => {
    const slot = await open('fixture-speech.bin')
    const sound = concatSound(...Array.from({ length: 4 }, () => [babble(1), silence(3)]).flat())

    const answer = await hear(slot, sound)

    expect(answer.segments.map(({ text }) => text)).toEqual([SAID])
    expect(answer.segments[0]?.endMs).toBeGreaterThan(12_000)
  })

  test('a file that is no model, and one that is cut off, are corrupt', async () => {
    writeFileSync(join(folder, 'text.bin'), 'not a model at all')
    const whole = readFileSync(join(folder, 'fixture-speech.bin'))
    writeFileSync(join(folder, 'head.bin'), whole.subarray(0, 30))
    writeFileSync(join(folder, 'half.bin'), whole.subarray(0, whole.length / 2))

    for (const file of ['text.bin', 'head.bin', 'half.bin'])
      await expect(open(file)).rejects.toMatchObject({ code: 'models.corrupt' })
  })

  test('a named GPU that is not there stops the worker', async () => {
    await expect(open('fixture-speech.bin', { backend: 'cuda' })).rejects.toMatchObject({
      code: 'engine.gpu-missing',
    })
  })
})

describe.skipIf(!hasFfmpeg())('ending', () => {
  test('a window that hangs twice is engine.stuck within its time, and no child is left', async () => {
    const slot = await open('fixture-hang.bin', { windowTimeoutMs: () => 300 })
    const pid = slot.pid ?? 0

    const answer = hear(slot, babble(10))

    await expect(answer).rejects.toMatchObject({ code: 'engine.stuck' })
    expect(isAlive(pid)).toBe(false)
  })

  test('Stop during speech is job.cancelled at once, and the next job works', async () => {
    const slot = await open('fixture-speech.bin')
    const stop = new AbortController()
    const before = slot.pid ?? 0

    const stopped = hear(slot, concatSound(babble(2), silence(4), babble(2)), {
      signal: stop.signal,
      onSegment: () => stop.abort(),
    })

    await expect(stopped).rejects.toMatchObject({ code: 'job.cancelled' })
    expect((await hear(slot, babble(2))).segments).toHaveLength(1)
    expect(slot.pid === before || !isAlive(before)).toBe(true)
  })

  test('a speech child killed from outside is started again and the job goes on', async () => {
    const slot = await open('fixture-speech.bin')
    const killed = slot.pid ?? 0

    const answer = await hear(slot, concatSound(babble(2), silence(4), babble(2)), {
      onSegment: () => {
        if (isAlive(killed)) process.kill(killed, 'SIGKILL')
      },
    })

    expect(answer.segments).toHaveLength(2)
    expect(slot.pid).not.toBe(killed)
  })

  test('a child that has done its windows is replaced between jobs', async () => {
    const slot = await open('fixture-speech.bin', { recycleWindows: 2 })
    const { pid } = slot

    await hear(slot, babble(2))
    const afterOne = slot.pid
    await hear(slot, babble(2))
    await hear(slot, babble(2))

    expect(afterOne).toBe(pid)
    expect(slot.pid).not.toBe(pid)
  })

  test('closing ends the child', async () => {
    const slot = await open('fixture-speech.bin')
    const pid = slot.pid ?? 0

    slot.close()
    await expect(hear(slot, babble(1))).rejects.toMatchObject({ code: 'engine.crash' })

    expect(slot.pid).toBeUndefined()
    expect(pid).toBeGreaterThan(0)
  })
})
