import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commonUnits, createDraftPace, GRID_MS } from '../../../src/workers/draft-pace.ts'
import { handClock } from '../../support/tee.ts'

function setUp() {
  const clock = handClock()
  const sent: string[] = []
  const percents: number[] = []
  const link = { isOpen: true }
  let draft = ''
  const pace = createDraftPace({
    clock,
    isOpen: () => link.isOpen,
    sendDelta: (keep, add) => {
      draft = draft.slice(0, keep) + add
      sent.push(draft)
    },
    sendProgress: (percent) => void percents.push(percent),
  })
  return { clock, sent, percents, link, pace }
}

describe('drafts', () => {
  it('leave at once the first time, then on the grid, whatever the speed of the tokens', () => {
    const { clock, sent, pace } = setUp()

    pace.draft('a')
    expect(sent).toEqual(['a'])
    for (const text of ['ab', 'abc', 'abcd']) pace.draft(text)
    expect(sent).toEqual(['a'])
    clock.turn(GRID_MS)
    expect(sent).toEqual(['a', 'abcd'])
    clock.turn(GRID_MS * 5)

    expect(sent).toEqual(['a', 'abcd'])
  })

  it('leave at once the first time also after an empty one, and after progress', () => {
    const { clock, sent, pace } = setUp()

    pace.draft('')
    pace.progress(50)
    clock.turn(GRID_MS / 3)
    pace.draft('a')
    expect(sent).toEqual(['a'])
    clock.turn(GRID_MS / 3)
    pace.draft('ab')
    clock.turn(GRID_MS / 2)
    expect(sent).toEqual(['a'])
    clock.turn(GRID_MS / 6)

    expect(sent).toEqual(['a', 'ab'])
  })

  it('are within the grid of the design', () => {
    expect(GRID_MS).toBeGreaterThanOrEqual(250)
    expect(GRID_MS).toBeLessThanOrEqual(500)
  })

  it('wait while the link is away and leave as the newest when it is back', () => {
    const { clock, sent, link, pace } = setUp()
    link.isOpen = false
    pace.draft('a')
    clock.turn(GRID_MS)
    pace.draft('b')
    expect(sent).toEqual([])

    link.isOpen = true
    clock.turn(GRID_MS)

    expect(sent).toEqual(['b'])
  })

  it('may take text back', () => {
    const { clock, sent, pace } = setUp()
    for (const text of ['one two', 'one', 'one three']) {
      pace.draft(text)
      clock.turn(GRID_MS)
    }

    expect(sent).toEqual(['one two', 'one', 'one three'])
  })

  it('stop for good', () => {
    const { clock, sent, pace } = setUp()
    pace.draft('a')
    pace.stop()
    pace.draft('ab')
    clock.turn(GRID_MS * 3)

    expect(sent).toEqual(['a'])
  })

  it('bring progress in steps of ten, never backwards', () => {
    const { clock, percents, pace } = setUp()
    for (const percent of [3, 12, 11, 19, 25, 99, 100]) {
      pace.progress(percent)
      clock.turn(GRID_MS)
    }

    expect(percents).toEqual([12, 25, 99, 100])
  })
})

describe('the common beginning of two drafts', () => {
  it('never ends between the halves of a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        const keep = commonUnits(a, b)
        expect(a.slice(0, keep)).toBe(b.slice(0, keep))
        expect(b.slice(0, keep).isWellFormed()).toBe(true)
        expect(b.slice(keep).isWellFormed()).toBe(true)
      }),
    )
    expect(commonUnits('😀', '😁')).toBe(0)
    expect(commonUnits('ab', 'abc')).toBe(2)
  })
})
