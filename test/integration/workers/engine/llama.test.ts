/** @module The language model engine on models made by the tests: what it answers, refuses, counts and forgets. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../src/core/clock.ts'
import type { TextRequest } from '../../../../src/tasks/task.ts'
import {
  createTokenCounter,
  loadTextModel,
  type TextModel,
} from '../../../../src/workers/engine/llama.ts'
import type { TextSlot } from '../../../../src/workers/engine/text-slot.ts'
import { FIXTURE_WORDS, fixtureModel } from '../../../support/models/fixture-models.ts'

const folder = mkdtempSync(join(tmpdir(), 'engine-test-'))
const opened: TextModel[] = []
const open = async (file: string, slots = 1): Promise<TextModel> => {
  const model = await loadTextModel({
    path: join(folder, file),
    contextTokens: 1024,
    slots,
    gpu: 'none',
    maxThreads: 1,
    now: () => systemClock.now(),
  })
  opened.push(model)
  return model
}
const first = ({ slots }: TextModel): TextSlot => {
  const [slot] = slots
  if (!slot) throw new Error('no slot')
  return slot
}
const ask = (user: string, more: Partial<TextRequest> = {}): TextRequest => ({
  system: 'You are a careful translator.',
  user,
  maxTokens: 24,
  ...more,
})
const never = new AbortController().signal
const run = (slot: TextSlot, request: TextRequest) => slot.run(request, { signal: never })

let scripted: TextModel
let endless: TextModel
let random: TextModel

beforeAll(async () => {
  fixtureModel(folder, 'fixture-scripted')
  fixtureModel(folder, 'fixture-endless')
  fixtureModel(folder, 'fixture-random')
  scripted = await open('fixture-scripted.bin')
  endless = await open('fixture-endless.bin')
  random = await open('fixture-random.bin', 4)
})
afterAll(async () => {
  await Promise.all(opened.map((model) => model.close()))
  rmSync(folder, { recursive: true })
})

describe('answers', () => {
  test('the scripted model says its script, with its units, and ends by itself', async () => {
    const shown: string[] = []

    const answer = await first(scripted).run(ask('Bonjour'), {
      signal: never,
      onDelta: (text) => shown.push(text),
    })

    expect(answer).toMatchObject({ text: FIXTURE_WORDS.join(''), stop: 'end' })
    expect(answer.units).toMatchObject({ outTokens: FIXTURE_WORDS.length, audioMs: 0 })
    expect(shown).toEqual(FIXTURE_WORDS.map((_, at) => FIXTURE_WORDS.slice(0, at + 1).join('')))
  })

  test('the tokens of an answer counted afterwards are the tokens it was made of', async () => {
    const { text, units } = await run(first(scripted), ask('Bonjour'))

    expect(first(scripted).count(text)).toBe(units.outTokens)
  })

  test('a counter that loads the vocabulary alone counts the same', async () => {
    const counter = await createTokenCounter(join(folder, 'fixture-scripted.bin'))

    const counts = ['Hello bright world.', 'Привет', '<|im_end|>'].map((text) => [
      counter.count(text),
      scripted.count(text),
    ])
    await counter.close()

    for (const [one, other] of counts) expect(one).toBe(other)
  })

  test('generation ends before a stop text and at the limit', async () => {
    const stopped = await run(first(endless), ask('x', { stop: ['and on'] }))
    const limited = await run(first(endless), ask('x', { maxTokens: 5 }))

    expect(stopped).toMatchObject({ text: ' on', stop: 'stop-text' })
    expect(limited).toMatchObject({ stop: 'limit', units: { outTokens: 5 } })
  })

  test('a forced beginning is not part of the answer and changes it', async () => {
    const slot = first(random)

    const plain = await run(slot, ask('one'))
    const forced = await run(slot, ask('one', { answerPrefix: '⟦ab⟧' }))

    expect(forced.text).not.toContain('⟦')
    expect(forced.text).not.toBe(plain.text)
    expect(forced.units.inTokens).toBe(plain.units.inTokens + slot.count('⟦ab⟧'))
  })

  test('temperature 0 answers the same each time', async () => {
    const slot = first(random)

    const texts = [await run(slot, ask('same')), await run(slot, ask('same'))].map((it) => it.text)

    expect(texts[0]).toBe(texts[1])
    expect(texts[0]).toHaveLength(24)
  })
})

describe('refusals', () => {
  test('input beyond the context is refused before anything is evaluated, never cut', async () => {
    const slot = first(random)
    const fits = slot.contextTokens - 24 - 64
    const overhead = (await run(slot, ask('a'))).units.inTokens - 1
    const used = slot.meter

    const results: string[] = []
    for (const tokens of [fits - overhead, fits - overhead + 1, slot.contextTokens * 20]) {
      const outcome = run(slot, ask('a'.repeat(tokens), { maxTokens: 24 }))
      results.push(
        await outcome.then(
          (it) => String(it.units.inTokens),
          (error) => error.code,
        ),
      )
    }

    expect(results).toEqual([String(fits), 'input.too-long', 'input.too-long'])
    expect(slot.meter.usedInputTokens - used.usedInputTokens).toBeLessThanOrEqual(fits)
  })

  test('an aborted signal is answered with job.cancelled before, during and after the prompt', async () => {
    const slot = first(endless)
    const before = AbortSignal.abort()
    const during = new AbortController()

    const outcomes = await Promise.allSettled([slot.run(ask('x'), { signal: before })])
    const midway = slot.run(ask('x', { maxTokens: 500 }), {
      signal: during.signal,
      onDelta: (text) => {
        if (text.length > 20) during.abort()
      },
    })

    expect(outcomes[0]).toMatchObject({ reason: { code: 'job.cancelled' } })
    await expect(midway).rejects.toMatchObject({ code: 'job.cancelled' })
    expect((await run(slot, ask('y', { maxTokens: 2 }))).text).toBe(' on and')
  })

  test('two runs in one slot at the same time are refused', async () => {
    const slot = first(endless)
    const one = run(slot, ask('x'))

    await expect(run(slot, ask('y'))).rejects.toMatchObject({ code: 'engine.stuck' })
    expect((await one).units.outTokens).toBe(24)
  })

  test('a missing, a truncated and a foreign file get their codes', async () => {
    const whole = readFileSync(join(folder, 'fixture-random.bin'))
    writeFileSync(join(folder, 'short.bin'), whole.subarray(0, whole.length / 2))
    writeFileSync(join(folder, 'text.bin'), 'not a model')

    const codes: string[] = []
    for (const file of ['absent.bin', 'short.bin', 'text.bin'])
      codes.push(
        await open(file).then(
          () => 'loaded',
          (error) => error.code,
        ),
      )

    expect(codes).toEqual(['models.absent', 'models.corrupt', 'models.corrupt'])
  })

  test.each(['cuda', 'vulkan'] as const)(
    'a named GPU (%s) that is not there stops the worker and never falls back to the CPU',
    async (gpu) => {
      const loading = loadTextModel({
        path: join(folder, 'fixture-random.bin'),
        contextTokens: 512,
        slots: 1,
        gpu,
        maxThreads: 1,
        now: () => 0,
      })

      await expect(loading).rejects.toMatchObject({ code: 'engine.gpu-missing' })
    },
  )
})

describe('two users, one slot', () => {
  const secret = 'my secret is xyzzy'

  test('after a job only tokens of the system part are left', async () => {
    const slot = first(random)
    await run(slot, ask(secret, { examples: [{ user: 'private', answer: 'quoted' }] }))

    const held = random.count('You are a careful translator.')

    // The chat format's own words around the system part are of nobody either.
    expect(slot.heldTokens.length).toBeGreaterThanOrEqual(held)
    expect(slot.heldTokens.length).toBeLessThan(held + 50)
    const other = random.slots[1]
    if (!other) throw new Error('no slot')
    await run(other, ask('b'))
    expect(slot.heldTokens).toEqual(other.heldTokens)
  })

  test("the second user's answer is what it would be alone", async () => {
    const [used, fresh] = [first(random), (await open('fixture-random.bin')).slots[0]]
    if (!fresh) throw new Error('no slot')
    await run(used, ask(secret))

    const after = await run(used, ask('hello there'))
    const alone = await run(fresh, ask('hello there'))

    expect(after.text).toBe(alone.text)
    expect(alone.units.cachedTokens).toBe(0)
  })

  test('a second job with the same system part evaluates its own tokens only', async () => {
    const slot = first(random)
    await run(slot, ask(secret))
    const before = slot.meter

    const { units } = await run(slot, ask('hello there'))

    const evaluated = slot.meter.usedInputTokens - before.usedInputTokens
    expect(units.cachedTokens).toBe(slot.heldTokens.length)
    // The last token of the prompt counts as output on the engine's meter.
    expect(evaluated).toBe(units.inTokens - units.cachedTokens - 1)
    expect(slot.meter.usedOutputTokens - before.usedOutputTokens).toBe(units.outTokens)
  })

  test('the lead of the user part stays, and nothing of what follows it', async () => {
    const [slot, other] = random.slots
    if (!slot || !other) throw new Error('no slot')
    const userLead = 'Translate this message into English:'
    const led = (text: string) => ({ ...ask(`${userLead} ${text}`), userLead })
    await run(slot, ask(secret))
    const without = slot.heldTokens.length

    await run(slot, led(secret))
    await run(other, led('hi'))

    expect(slot.heldTokens.length).toBeGreaterThan(without)
    expect(slot.heldTokens).toEqual(other.heldTokens)
  })

  test('another system part leaves nothing of the first', async () => {
    const [slot, other] = random.slots
    if (!slot || !other) throw new Error('no slot')
    await run(slot, ask(secret))

    const next = await run(slot, ask('hi', { system: 'Summarise.' }))
    const alone = await run(other, ask('hi', { system: 'Summarise.' }))

    expect(next.text).toBe(alone.text)
    expect(slot.heldTokens).toEqual(other.heldTokens)
  })

  test('a cancelled job and a failed one leave nothing either', async () => {
    const slot = first(random)
    await run(slot, ask('x'))
    const held = slot.heldTokens
    const stop = new AbortController()

    await slot
      .run(ask(secret), { signal: stop.signal, onDelta: () => stop.abort() })
      .catch(() => undefined)
    const afterStop = slot.heldTokens
    const failure: Error = await slot
      .run(ask(secret), {
        signal: never,
        onDelta: () => {
          throw new Error(secret)
        },
      })
      .then(
        () => new Error('answered'),
        (error) => error,
      )

    // Not even the cause may carry the engine's words.
    expect([failure.message, failure.cause]).toEqual(['engine.crash', undefined])
    expect(afterStop).toEqual(held)
    expect(slot.heldTokens).toEqual(held)
  })

  test('measuring the speed leaves the slot as it was and gives way to a job', async () => {
    const slot = first(random)
    await run(slot, ask('x'))
    const held = slot.heldTokens

    const measured = await slot.measure()
    const [rate, answer] = await Promise.all([slot.measure(), run(slot, ask('hello there'))])

    expect(measured).toBeGreaterThan(0)
    expect(rate === undefined || rate > 0).toBe(true)
    expect(answer.text).toHaveLength(24)
    expect(slot.heldTokens).toEqual(held)
  })

  test('slots that run together answer as if alone', async () => {
    const users = ['alpha', 'beta', 'gamma', 'delta']

    const together = await Promise.all(
      random.slots.map((slot, at) => run(slot, ask(users[at] ?? ''))),
    )
    const alone: string[] = []
    for (const user of users) alone.push((await run(first(random), ask(user))).text)

    expect(together.map(({ text }) => text)).toEqual(alone)
    expect(new Set(alone).size).toBe(4)
  })
})

describe('text that looks like control', () => {
  test('control words in a text are spelled out and are no control tokens', async () => {
    const slot = first(random)
    const words = ['<|im_end|>', '<|im_start|>system', '<|endoftext|>']

    const plain = await run(slot, ask('ab'))
    for (const word of words) {
      const { units } = await run(slot, ask(`a${word}b`))

      // One token a byte in this vocabulary; a control token would be one for all.
      expect(units.inTokens - plain.units.inTokens).toBe(word.length)
    }
  })
})
