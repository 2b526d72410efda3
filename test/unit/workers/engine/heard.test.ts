import { describe, expect, test } from 'vitest'
import { isLabel, onlySpoken } from '../../../../src/workers/engine/heard.ts'

const said = (...texts: readonly string[]) =>
  texts.map((text, at) => ({ startMs: at * 1000, endMs: at * 1000 + 900, text }))

describe('what nobody said', () => {
  test.each([
    '[BLANK_AUDIO]',
    ' [ Silence ]',
    '(music)',
    '♪♪',
    '*laughs*',
    '...',
    ' ',
    '♪ [Music] ♪',
  ])('%j is a label and is left out', (text) => {
    expect(isLabel(text)).toBe(true)
    expect(onlySpoken(said(text, ' Hello.')).map((segment) => segment.text)).toEqual(['Hello.'])
  })

  test.each(['Hello.', '(music) Hello', 'Так.', '你好', '42'])(
    '%j is speech and is kept',
    (text) => {
      expect(isLabel(text)).toBe(false)
      expect(onlySpoken(said(text))).toHaveLength(1)
    },
  )

  test('three equal segments in a row become one as long as all of them', () => {
    const spoken = onlySpoken(said('Thank you.', ' Thank you.', 'Thank you. ', 'Bye.'))

    expect(spoken).toEqual([
      { startMs: 0, endMs: 2900, text: 'Thank you.' },
      { startMs: 3000, endMs: 3900, text: 'Bye.' },
    ])
  })

  test('a word said twice stays said twice', () => {
    expect(onlySpoken(said('No.', 'No.', 'Yes.', 'No.'))).toHaveLength(4)
  })
})
