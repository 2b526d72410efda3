/** @module Texts longer than the model's context, through the tasks and the real engine: every word reaches the model, or the text is refused. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../src/core/clock.ts'
import { taskOf } from '../../../../src/tasks/index.ts'
import type { TextEngine } from '../../../../src/tasks/task.ts'
import { loadTextModel, type TextModel } from '../../../../src/workers/engine/llama.ts'
import { fixtureModel } from '../../../support/models/fixture-models.ts'
import { recordingContext, textPorts } from '../../../support/text-engine.ts'

const CONTEXT = 4096
const folder = mkdtempSync(join(tmpdir(), 'long-texts-'))
let model: TextModel

beforeAll(async () => {
  fixtureModel(folder, 'fixture-scripted')
  model = await loadTextModel({
    path: join(folder, 'fixture-scripted.bin'),
    contextTokens: CONTEXT,
    slots: 1,
    gpu: 'none',
    maxThreads: 1,
    now: () => systemClock.now(),
  })
})
afterAll(async () => {
  await model.close()
  rmSync(folder, { recursive: true })
})

/** The slot, and every text that was said to it. */
function listening(): { engine: TextEngine; said: string[] } {
  const [slot] = model.slots
  if (!slot) throw new Error('no slot')
  const said: string[] = []
  return {
    said,
    engine: {
      contextTokens: slot.contextTokens,
      count: (text) => slot.count(text),
      run: (request, options) => {
        said.push(request.user)
        return slot.run(request, options)
      },
    },
  }
}

/** Words that occur once each, in sentences and paragraphs, of at least `tokens` tokens. */
function textOf(tokens: number): { text: string; words: readonly string[] } {
  const words: string[] = []
  let text = ''
  for (let at = 0; model.count(text) < tokens; at++) {
    // Counting is slow, so it is done now and then.
    for (let more = 0; more < 100; more++) {
      const word = String(words.length).replaceAll(/\d/g, (digit) =>
        'abcdefghij'.charAt(Number(digit)),
      )
      words.push(`q${word}q`)
      text += `${words.length % 9 === 1 ? 'Q' : 'q'}${word}q${words.length % 9 === 0 ? '. ' : ' '}`
    }
    if (at % 2 === 1) text += '\n\n'
  }
  return { text, words }
}

const inputs = {
  translate: { to: 'es', from: 'en' },
  summarize: { to: 'en', from: 'en', length: 'short' },
}

describe.each(['translate', 'summarize'] as const)('%s', (id) => {
  test.each([1, 2, 5, 20])(
    'of %i times the context reads every word of it or refuses it, and cuts nothing',
    async (times) => {
      const { text, words } = textOf(times * CONTEXT)
      const { engine, said } = listening()
      const task = taskOf(id)

      const outcome = await task
        .run(textPorts(engine), task.input.parse({ v: 1, text, ...inputs[id] }), recordingContext())
        .then(
          ({ output }) => output.outcome,
          (error) => error.code,
        )

      const isRefused = outcome === 'input.too-long'
      const heard = new Set(
        said
          .join(' ')
          .toLowerCase()
          .match(/q[a-j]+q/g),
      )
      const unread = words.filter((word) => !heard.has(word))
      // Read to the last word, or refused as a whole before a word was evaluated.
      expect(isRefused ? said : unread).toEqual([])
      expect(isRefused && times <= 5).toBe(false)
      for (const user of said) expect(engine.count(user)).toBeLessThan(CONTEXT)
    },
    180_000,
  )
})
