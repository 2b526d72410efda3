import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalText, parseStrictJson } from '../../../src/core/canonical.ts'

test('members are sorted by UTF-16 code units (example of RFC 8785 §3.2.3)', () => {
  const value = {
    '€': 'Euro Sign',
    '\r': 'Carriage Return',
    '\u000a': 'Newline',
    '1': 'One',
    '\u0080': 'Control',
    '😂': 'Smiley',
    ö: 'Latin Small Letter O With Diaeresis',
    // U+FB33, written as a number: editors normalise the letter into two.
    [String.fromCharCode(0xfb33)]: 'Hebrew Letter Dalet With Dagesh',
    '</script>': 'Browser Challenge',
  }
  const order = [...canonicalText(value).matchAll(/:"([A-Z][^"]*)"/g)].map((match) => match[1])
  expect(order).toEqual([
    'Newline',
    'Carriage Return',
    'One',
    'Browser Challenge',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Smiley',
    'Hebrew Letter Dalet With Dagesh',
  ])
})

test('undefined members are left out, so an absent option signs like none', () => {
  expect(canonicalText({ a: 1, b: undefined })).toBe('{"a":1}')
})

test.each([[1.5], [2 ** 53], [Number.NaN], [-0], ['\ud800']])('%s cannot be signed', (value) => {
  expect(() => canonicalText({ value })).toThrow(TypeError)
})

test.each([
  ['{"a":1,"a":2}', 'duplicate members'],
  ['{"a":{"b":1,"b":1}}', 'duplicate members further in'],
  ['{"a":1.5}', 'a fraction'],
  ['{"a":9007199254740993}', 'an unsafe integer'],
  ['{"a":"\\ud800"}', 'a lone surrogate'],
  ['{"a":1', 'broken JSON'],
])('the strict parser refuses %s (%s)', (text) => {
  expect(() => parseStrictJson(text)).toThrow(TypeError)
})

test('what is canonical parses back to the same value', () => {
  const integers = fc.integer().map((value) => (Object.is(value, -0) ? 0 : value))
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'grapheme' }),
      integers,
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(
        fc.string({ unit: 'grapheme' }).filter((key) => key !== '__proto__'),
        tie('value'),
      ),
    ),
  })).value
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalText(value as never)
      expect(canonicalText(parseStrictJson(text) as never)).toBe(text)
    }),
  )
})
