import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitChunks } from '../../../src/tasks/chunks.ts'
import { findSpans } from '../../../src/tasks/spans.ts'

/** A token is four characters, about what tokenizers give for prose. */
const count = (text: string): number => Math.ceil(text.length / 4)

/** Chat text of every kind of character a message may hold. */
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 16 }),
  fc.constantFrom(
    '\n\n',
    '\n',
    '. ',
    'Dr. Who said: "no!" ',
    'https://example.com/a/very/long/path?with=query&and=more#part ',
    '@some_user_name',
    ' #тег_дня ',
    '`const a = 1`',
    '```\ncode block\nwith lines\n```',
    '👩‍👩‍👧‍👦👍🏽',
    '今日は。明日も？',
    'Привет, мир! ',
  ),
)
const message = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))

describe('chunks', () => {
  it('loses no character of 10,000 random messages', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 1, max: 30 }), (text, maxTokens) => {
        expect(splitChunks(text, { maxTokens, count }).join('')).toBe(text)
      }),
      { numRuns: 10_000 },
    )
  }, 60_000)

  it('cuts no link, mention, tag, code or surrogate pair', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 1, max: 20 }), (text, maxTokens) => {
        const spans = findSpans(text)
        let at = 0
        for (const chunk of splitChunks(text, { maxTokens, count })) {
          at += chunk.length
          expect(spans.some(({ start, end }) => start < at && at < end)).toBe(false)
          const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)]
          const pair = before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000
          expect(pair).toBe(false)
        }
      }),
      { numRuns: 2000 },
    )
  }, 60_000)

  it('keeps every chunk within the limit when nothing in it is indivisible', () => {
    const text = 'One plain sentence of ordinary words stands here. '.repeat(200)

    const chunks = splitChunks(text, { maxTokens: 50, count })

    expect(Math.max(...chunks.map(count))).toBeLessThanOrEqual(50)
  })

  it('cuts between paragraphs rather than inside them', () => {
    const paragraphs = [
      'First one. It has two sentences.\n\n',
      'Second one. Also two of them.\n\n',
      'Third.',
    ]

    const chunks = splitChunks(paragraphs.join(''), { maxTokens: 9, count })

    expect(chunks).toEqual(paragraphs)
  })

  it('makes chunks of about equal size instead of a long one and a scrap', () => {
    const text = 'word '.repeat(110)

    const sizes = splitChunks(text, { maxTokens: 130, count }).map(count)

    expect(sizes).toHaveLength(2)
    expect(Math.min(...sizes)).toBeGreaterThan(50)
  })

  it('leaves a text within the limit whole, and makes nothing of nothing', () => {
    expect(splitChunks('short', { maxTokens: 10, count })).toEqual(['short'])
    expect(splitChunks('', { maxTokens: 10, count })).toEqual([])
  })
})
