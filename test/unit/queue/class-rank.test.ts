import { expect, test } from 'vitest'
import { classAfter } from '../../../src/queue/class-rank.ts'

test.each([
  ['batch', 59_999, 'batch'],
  ['batch', 60_000, 'channel'],
  ['batch', 120_000, 'interactive'],
  ['channel', 60_000, 'interactive'],
  ['interactive', 900_000, 'interactive'],
] as const)('a job of class %s waits after %d ms as %s', (own, waitedMs, expected) => {
  expect(classAfter(own, waitedMs)).toBe(expected)
})
