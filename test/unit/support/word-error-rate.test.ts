import { expect, test } from 'vitest'
import { wordErrorRate } from '../../support/word-error-rate.ts'

test.each([
  ['Ask not, what your country can do.', 'ask not what your country can do', 0],
  ['one two three four', 'one three four', 0.25],
  ['one two three four', 'one two too three for', 0.5],
  ['one two', '', 1],
  ['Привет, мир!', 'привет мир', 0],
])('the word error rate of %j heard as %j is %d', (said, heard, rate) => {
  expect(wordErrorRate(said, heard)).toBeCloseTo(rate)
})
