import { expect, test } from 'vitest'
import { AppError } from '../../../src/core/app-error.ts'
import { describe as describeError } from '../../../src/core/describe.ts'

const marker = 'kqzvmarkerxywpl'

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

class ForeignError extends Error {
  readonly payload = { text: marker }
}

test.each([
  ['JSON.parse', () => JSON.parse(`{"a": ${marker}`)],
  ['BigInt', () => BigInt(marker)],
  ['URL', () => new URL(`http://[${marker}`)],
  [
    'an error with a payload',
    () => {
      throw new ForeignError(marker)
    },
  ],
  [
    'a message that looks like stack frames',
    () => {
      throw new Error(`x\n    at ${marker} (file:1:1)`)
    },
  ],
])('the description of %s says nothing of the input', (_name, run) => {
  expect(JSON.stringify(describeError(thrownBy(run)))).not.toContain(marker)
})

test('a thrown string is described by its type alone', () => {
  expect(describeError(marker)).toEqual({ code: 'thrown.string' })
})

test('an AppError is described by its code, details and the codes of its causes', () => {
  const inner = new AppError('stores.down')
  const outer = new AppError(
    'engine.crash',
    { attempt: 2 },
    { cause: new Error(marker, { cause: inner }) },
  )

  expect(describeError(outer)).toEqual({
    code: 'engine.crash',
    details: { attempt: 2 },
    causes: ['Error', 'stores.down'],
  })
})

test('stack frames are kept, so that a failure can be found', () => {
  const description = describeError(
    thrownBy(() => {
      throw new RangeError(marker)
    }),
  )
  expect(description.code).toBe('RangeError')
  expect(description.stack?.[0]).toMatch(/^at /)
})
