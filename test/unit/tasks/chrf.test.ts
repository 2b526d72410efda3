import { describe, expect, it } from 'vitest'
import { chrf, wordErrorRate } from '../../support/chrf.ts'

describe('chrF', () => {
  // Values of sacrebleu 2 (CHRF with its defaults) for the same sentences.
  it.each([
    [['the cat sat on the mat'], ['the cat is on the mat'], 64.578],
    [['Hola, ¿qué tal?'], ['Hola, ¿cómo estás?'], 27.983],
    [['привет мир'], ['привет, мир!'], 50.6213],
    [['今日は晴れです'], ['今日は良い天気です'], 18.7963],
    [['a b', 'the house is red'], ['a c', 'the red house'], 41.7148],
  ])('of %j against %j agrees with sacrebleu', (hypotheses, references, expected) => {
    expect(chrf(hypotheses, references)).toBeCloseTo(expected, 3)
  })

  it('is 100 for the reference itself and 0 for nothing', () => {
    expect(chrf(['Guten Tag, Welt'], ['Guten Tag, Welt'])).toBeCloseTo(100)
    expect(chrf([''], ['Guten Tag'])).toBe(0)
  })
})

describe('word error rate', () => {
  it('counts replaced, missing and added words over those of the reference', () => {
    expect(wordErrorRate('a x c', 'a b c d')).toBe(0.5)
    expect(wordErrorRate('A, b! C', 'a b c')).toBe(0)
    expect(wordErrorRate('a b c c', 'a b c')).toBeCloseTo(1 / 3)
  })
})
