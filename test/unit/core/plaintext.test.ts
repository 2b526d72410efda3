import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Plaintext, Secret } from '../../../src/core/plaintext.ts'

const marker = 'kqzvmarkerxywpl'

test('plaintext never shows its content when it is printed', () => {
  const content = Plaintext.of(marker)

  const shown = [
    String(content),
    ''.concat(String(content)),
    inspect(content),
    inspect({ content }, { showHidden: true, depth: 9 }),
    format('%s %o %O', content, content, content),
  ].join(' ')

  expect(shown).not.toContain(marker)
  expect(shown).toContain('[plaintext]')
})

test('plaintext cannot be made into JSON, so a queue cannot take it', () => {
  expect(() => JSON.stringify({ content: Plaintext.of(marker) })).toThrow(TypeError)
})

test('a wiped plaintext holds zeros only', () => {
  const content = Plaintext.of(marker)
  content.wipe()
  expect([...content.reveal()].every((byte) => byte === 0)).toBe(true)
})

test('a secret is shown as [secret] in text, JSON and inspection', () => {
  const token = Secret.of(marker)
  expect(`${String(token)} ${JSON.stringify({ token })} ${inspect(token)}`).not.toContain(marker)
  expect(token.reveal()).toBe(marker)
})
