import type { RichBlock } from '@grammyjs/types'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Block, maxBlocks, renderBlocks } from '../../../src/bot/replies/blocks.ts'
import { frameInMs, newPace, pace, paced, slowed } from '../../../src/bot/replies/pacing.ts'
import { flattenRich } from '../../../src/bot/replies/rich-text.ts'
import { splitText } from '../../../src/bot/replies/split.ts'

/** Text blocks, items and rows of a message, as Telegram counts them. */
const countBlocks = (blocks: readonly Block[]): number =>
  blocks.reduce((sum, block) => {
    const inner =
      block.type === 'list' ? block.items.reduce((n, it) => n + 1 + countBlocks(it.blocks), 0) : 0
    return sum + 1 + inner
  }, 0)
const isLegal = (block: Block): boolean => {
  if (block.type !== 'paragraph') return block.type === 'list' || block.type === 'heading'
  return typeof block.text === 'string' && block.text.trim() !== '' && block.text.isWellFormed()
}
const words = (text: string): string => text.replace(/\s+/g, '')
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(fc.constantFrom('# a', '- b', '1. c', '', '> d', '```', '<tg-button>', 'e f'))
    .map((it) => it.join('\n')),
)

describe('blocks', () => {
  test('any text becomes at least one block, none of them empty, few enough', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('plain' as const, 'outline' as const), (text, style) => {
        const blocks = renderBlocks(text, style)

        expect(blocks.length).toBeGreaterThan(0)
        expect(countBlocks(blocks)).toBeLessThanOrEqual(maxBlocks + 20)
        expect(blocks.filter((block) => !isLegal(block))).toEqual([])
      }),
    )
  })

  test('plain text keeps every letter', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        fc.pre(text.trim() !== '')
        const blocks = renderBlocks(text, 'plain')
        const shown = blocks
          .map((it) => (it.type === 'paragraph' && typeof it.text === 'string' ? it.text : ''))
          .join('')

        expect(words(shown)).toBe(words(text))
      }),
    )
  })

  test('a thousand paragraphs stay within the limit and lose nothing', () => {
    const text = Array.from({ length: 1000 }, (_, at) => `paragraph ${at}`).join('\n\n')

    const blocks = renderBlocks(text, 'outline')

    expect(countBlocks(blocks)).toBeLessThan(500)
    expect(JSON.stringify(blocks)).toContain('paragraph 999')
  })

  test('an outline shows headings and lists, a translation shows the signs it was given', () => {
    const text = '## Title\n- one\n- two\n\nEnd'

    expect(renderBlocks(text, 'outline').map((it) => it.type)).toEqual([
      'heading',
      'list',
      'paragraph',
    ])
    expect(renderBlocks(text, 'plain').map((it) => it.type)).toEqual(['paragraph', 'paragraph'])
  })

  test('markup of a page or a model never becomes a button, link or image', () => {
    const evil = '<tg-button type="callback_data">x</tg-button> [a](b) ![c](d) <img src=e>'

    expect(renderBlocks(evil, 'outline')).toEqual([{ type: 'paragraph', text: evil }])
  })
})

describe('splitting', () => {
  test('parts joined are the text, none is too long, none cuts a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '. ', '😀', 'я'), maxLength: 400 }),
        fc.integer({ min: 2, max: 50 }),
        (text, max) => {
          const parts = splitText(text, max)

          expect(parts.join('')).toBe(text)
          for (const part of parts) {
            expect(part.length).toBeLessThanOrEqual(max)
            expect(part.isWellFormed()).toBe(true)
          }
        },
      ),
    )
  })

  test('cuts fall between words where words are shorter than a part', () => {
    const text = 'word '.repeat(200)

    const parts = splitText(text, 64)

    for (const part of parts) expect(part).toMatch(/^(word ?)+$/)
  })
})

describe('pacing of drafts', () => {
  test('the first frame goes at once, the next after a second and only when it is worth it', () => {
    const first = newPace()
    const after = paced(first, 'ab', 1000)

    expect(frameInMs(first, 'ab', 1000)).toBe(0)
    expect(frameInMs(after, 'abc', 1000)).toBe(pace.worthMs)
    expect(frameInMs(after, `ab${'c'.repeat(24)}`, 1000)).toBe(pace.gapMs)
    expect(frameInMs(after, 'ab', 1000)).toBe(pace.keepAliveMs)
  })

  test('after a flood limit there is silence as long as asked, then half the speed, never below one in five seconds', () => {
    let state = slowed(newPace(), 7000, 1000)
    expect(frameInMs(state, 'x'.repeat(50), 1000)).toBe(7000)
    for (let at = 0; at < 6; at++) state = slowed(state, 0, 1000)
    expect(state.gapMs).toBe(pace.slowestMs)
  })
})

test('an incoming rich message is flattened, with its links, without footers and buttons', () => {
  const blocks: RichBlock[] = [
    { type: 'heading', size: 1, text: ['A', { type: 'bold', text: 'B' }] },
    { type: 'paragraph', text: { type: 'url', url: 'https://a.example', text: 'link' } },
    { type: 'footer', text: 'ours' },
    { type: 'details', summary: 'more', blocks: [{ type: 'paragraph', text: 'ours too' }] },
  ]

  expect(flattenRich(blocks)).toEqual({ text: 'AB\n\nlink', links: ['https://a.example'] })
})
