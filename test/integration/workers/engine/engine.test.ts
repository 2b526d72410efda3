/** @module The worker's engines as a whole: which models they refuse to load, and how slots are lent. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../src/core/clock.ts'
import { isModelId, parseId } from '../../../../src/core/ids.ts'
import type { ModelRow } from '../../../../src/tasks/models.ts'
import {
  createEngines,
  type EngineOptions,
  type Engines,
} from '../../../../src/workers/engine/engine.ts'
import { FIXTURE_WORDS, fixtureModel } from '../../../support/models/fixture-models.ts'
import { inParts } from '../../../support/sound.ts'

const folder = mkdtempSync(join(tmpdir(), 'engines-test-'))
const signal = new AbortController().signal
let rows: readonly ModelRow[]
let engines: Engines

const open = (more: Partial<EngineOptions> = {}): Promise<Engines> =>
  createEngines({
    folder,
    rows,
    net: 'devnet',
    gpu: 'none',
    threads: 1,
    slots: { text: 2, speech: 1 },
    clock: systemClock,
    ...more,
  })

const model = (id: string) => parseId(id, isModelId)

beforeAll(async () => {
  rows = [fixtureModel(folder, 'fixture-scripted'), fixtureModel(folder, 'fixture-speech')]
  engines = await open()
})
afterAll(async () => {
  await engines.close()
  rmSync(folder, { recursive: true })
})

describe('loading', () => {
  test.each(['testnet', 'mainnet'] as const)('a fixture is refused on %s', async (net) => {
    await expect(open({ net })).rejects.toMatchObject({ code: 'models.fixture' })
  })

  test('a model that needs a GPU is refused on a CPU', async () => {
    const needy = rows.map((row) => ({ ...row, gpu: 'required' as const }))

    await expect(open({ rows: needy })).rejects.toMatchObject({ code: 'engine.gpu-missing' })
  })

  test('a model whose file is gone is absent', async () => {
    const gone = rows.slice(0, 1).map((row) => ({
      ...row,
      files: row.files.map((file) => ({ ...file, path: 'gone.bin' })),
    }))

    await expect(open({ rows: gone })).rejects.toMatchObject({ code: 'models.absent' })
  })

  test('the engines say what they have and how fast it is', () => {
    expect(engines.slots).toEqual({ text: 2, speech: 1 })
    expect(engines.speed(model('fixture-scripted'))).toBeGreaterThan(0)
    expect(engines.packages).toEqual({ llm: 'node-llama-cpp', stt: '@napi-rs/whisper' })
  })
})

describe('lending slots', () => {
  test('no more slots are lent than there are, and a released one is lent again', async () => {
    const id = model('fixture-scripted')
    const loans = [engines.portsFor(id), engines.portsFor(id)]

    expect(() => engines.portsFor(id)).toThrow('engine.stuck')
    loans[0]?.release()
    loans[0]?.release()
    const again = engines.portsFor(id)

    expect(() => engines.portsFor(id)).toThrow('engine.stuck')
    const answer = await again.ports.text.run({ system: 'S', user: 'u', maxTokens: 20 }, { signal })
    expect(answer.text).toBe(FIXTURE_WORDS.join(''))
    // Tasks choose their way by it.
    expect(again.ports.text.model).toBe(id)
    again.release()
    loans[1]?.release()
  })

  test('each port answers for its own kind alone', async () => {
    const text = engines.portsFor(model('fixture-scripted'))
    const speech = engines.portsFor(model('fixture-speech'), inParts(new Uint8Array(10)))

    await expect(text.ports.speech.run({ maxSeconds: 1 }, { signal })).rejects.toMatchObject({
      code: 'input.unsupported',
    })
    await expect(
      speech.ports.text.run({ system: '', user: '', maxTokens: 1 }, { signal }),
    ).rejects.toMatchObject({ code: 'input.unsupported' })
    await expect(speech.ports.speech.run({ maxSeconds: 1 }, { signal })).rejects.toMatchObject({
      code: 'audio.undecodable',
    })
    text.release()
    speech.release()
  })

  test('a model that is not loaded and speech without sound are refused', () => {
    expect(() => engines.portsFor(model('other'))).toThrow('models.absent')
    expect(() => engines.portsFor(model('fixture-speech'))).toThrow('input.unsupported')
  })
})
