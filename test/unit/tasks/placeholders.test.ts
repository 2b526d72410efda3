import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitEdges } from '../../../src/tasks/edges.ts'
import { hideParts, showParts, withoutParts } from '../../../src/tasks/placeholders.ts'
import { sentencesOf } from '../../../src/tasks/sentences.ts'
import { findSpans } from '../../../src/tasks/spans.ts'

const part = fc.oneof(
  fc.constantFrom(
    'https://example.com/a?b=1',
    '@maria_lopez',
    '#тег',
    '`code 1`',
    '/start',
    't.me/channel/5',
    'me@example.org',
    'https://x.io/1',
    '@user1',
    '#tag2',
    '`code3`',
    '/cmd4',
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
)
const message = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(' '))

describe('placeholders', () => {
  it('bring every part back exactly when the model copies the tokens', () => {
    fc.assert(
      fc.property(message, (text) => {
        const { text: masked, hidden } = hideParts(text)
        expect(showParts(masked, hidden)).toEqual({ text, intact: true })
      }),
      { numRuns: 2000 },
    )
  })

  it('tell when a token is lost, doubled or made longer', () => {
    const { text, hidden } = hideParts('Ask @maria_lopez about https://example.com/1 now')

    expect(showParts(text.replace('@user1', ''), hidden).intact).toBe(false)
    expect(showParts(`${text} @user1`, hidden).intact).toBe(false)
    expect(showParts(text.replace('@user1', '@user11'), hidden).intact).toBe(false)
    expect(showParts('', []).intact).toBe(true)
  })

  it('never use a token that the text holds already', () => {
    const { text, hidden } = hideParts('see https://x.io/1 and @user2')

    expect(text).not.toContain('https://x.io/1 ')
    expect(new Set(hidden.map(({ token }) => token)).size).toBe(2)
  })

  it('find links without the punctuation of the sentence around them', () => {
    const text =
      'Look (https://example.com/a_(b)), or www.example.org/x. Also t.me/x! Mail a.b@c.de.'

    expect(findSpans(text).map((span) => span.text)).toEqual([
      'https://example.com/a_(b)',
      'www.example.org/x',
      't.me/x',
      'a.b@c.de',
    ])
  })

  it('leave prices, times, decimals and abbreviations to the translator', () => {
    const text = 'At 14:00, 3.5 kg for $20 (№5), e.g. on 1/2, and/or the U.S. team #1.'

    expect(findSpans(text)).toEqual([])
    expect(withoutParts(text)).toBe(text)
  })
})

describe('a text made to be slow', () => {
  const evil = [
    'a'.repeat(50_000),
    'a.'.repeat(25_000),
    'a-'.repeat(25_000),
    `http://${')'.repeat(50_000)}`,
    '@ab '.repeat(50_000),
    '`'.repeat(50_000),
    'a@a.'.repeat(12_000),
    `a${' '.repeat(50_000)}`.repeat(3),
    '<b '.repeat(20_000),
    '<|a'.repeat(20_000),
    '<b>'.repeat(20_000),
  ]

  it.each(evil.map((text, at) => ({ at, text })))(
    'is searched in linear time ($at)',
    ({ text }) => {
      // A quadratic search of these takes minutes; the limit of the test is the assertion.
      expect(findSpans(text).length).toBeLessThanOrEqual(50_000)
      expect(sentencesOf(`${text}. A. B. ${'A. '.repeat(20_000)}`)).not.toHaveLength(0)
      const { lead, body, tail } = splitEdges(`${text}a`)
      expect(lead.length + body.length + tail.length).toBe(text.length + 1)
    },
  )
})
