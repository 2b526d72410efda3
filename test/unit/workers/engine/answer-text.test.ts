import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAnswerText } from '../../../../src/workers/engine/answer-text.ts'

describe('growing answer text', () => {
  test('a stop text split over pieces ends the answer and is never shown', () => {
    const answer = createAnswerText(['⟧'])
    const shown: string[] = []

    const ends = ['Good ', 'day', '⟦/a', 'b⟧ more'].map((piece) => {
      const isComplete = answer.add(piece)
      shown.push(answer.shown())
      return isComplete
    })

    expect(ends).toEqual([false, false, false, true])
    expect(shown).toEqual(['Good ', 'Good day', 'Good day⟦/a', 'Good day⟦/ab'])
    expect(answer.whole()).toBe('Good day⟦/ab')
  })

  test('the beginning of a stop text is held back until it is something else', () => {
    const answer = createAnswerText(['STOP', 'STEP'])

    answer.add('a ST')
    const held = answer.shown()
    answer.add('AR')

    expect(held).toBe('a ')
    expect(answer.shown()).toBe('a STAR')
  })

  test('the earliest of several stop texts counts', () => {
    const answer = createAnswerText(['two', 'one'])

    const isComplete = answer.add('zero one two')

    expect(isComplete).toBe(true)
    expect(answer.whole()).toBe('zero')
  })

  test('however a text is cut into pieces, the answer is the part before the first stop text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'ab', 'ba', '|', ' ')), (pieces) => {
        const answer = createAnswerText(['ab|', '||'])
        const shown: string[] = []
        for (const piece of pieces) {
          const isComplete = answer.add(piece)
          shown.push(answer.shown())
          if (isComplete) break
        }

        const text = pieces.join('')
        const cuts = ['ab|', '||'].map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
        const expected = text.slice(0, Math.min(...cuts, text.length))
        expect(answer.whole()).toBe(expected.trimEnd())
        for (const part of shown) expect(expected.startsWith(part)).toBe(true)
      }),
    )
  })
})
