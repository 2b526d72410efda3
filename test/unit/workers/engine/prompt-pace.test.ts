import { expect, test } from 'vitest'
import { createPromptPace } from '../../../../src/workers/engine/prompt-pace.ts'

test('starts small', () => {
  expect(createPromptPace().tokens()).toBe(64)
})

test.each([
  ['a slow machine', 3000, 64],
  ['one that needs half a second for the least', 500, 128],
  ['a fast one', 8, 512],
  ['one whose clock saw no time pass', 0, 512],
])('asks for about a second of %s', (_what, ms, tokens) => {
  const pace = createPromptPace()

  pace.took(64, ms)

  expect(pace.tokens()).toBe(tokens)
})

test('follows a machine that becomes slow, and hears nothing in a few tokens', () => {
  const pace = createPromptPace()
  pace.took(64, 8)
  pace.took(3, 900)
  expect(pace.tokens()).toBe(512)

  pace.took(512, 4000)

  expect(pace.tokens()).toBe(128)
})
