import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detectEntities, parseEntities } from '../../../src/sim/telegram/entities.ts'
import { parseFormatted } from '../../../src/sim/telegram/formatting.ts'
import { Refusal } from '../../../src/sim/telegram/refusal.ts'
import { flatBlocks, flatText, parseRich } from '../../../src/sim/telegram/rich.ts'

describe('detected entities', () => {
  test('commands, mentions, hashtags, links and addresses are found at their places', () => {
    const text =
      '/start@chrysalis_bot ask @anna_reed about #луг at https://a.example/b?c=1, a@b.example or t.me/x.'

    const found = detectEntities(text).map(({ type, offset, length }) => [
      type,
      text.slice(offset, offset + length),
    ])

    expect(found).toEqual([
      ['bot_command', '/start@chrysalis_bot'],
      ['mention', '@anna_reed'],
      ['hashtag', '#луг'],
      ['url', 'https://a.example/b?c=1'],
      ['email', 'a@b.example'],
      ['url', 't.me/x.'],
    ])
  })

  test('paths and fractions are no commands', () => {
    expect(detectEntities('and/or 1/2 a/b').filter((it) => it.type === 'bot_command')).toEqual([])
  })

  test('no two overlap and none leaves the text, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('/', '@', '#', 'a', 'bc', '.', ' ', '://', 'http', 'ж', '🦋'),
        }),
        (text) => {
          let end = 0
          for (const { offset, length } of detectEntities(text)) {
            expect(offset).toBeGreaterThanOrEqual(end)
            end = offset + length
          }
          expect(end).toBeLessThanOrEqual(text.length)
        },
      ),
    )
  })

  test('entities a bot computed must lie in the text and be known', () => {
    expect(parseEntities('abc', [{ type: 'bold', offset: 0, length: 3 }])).toHaveLength(1)
    for (const entity of [
      { type: 'bold', offset: 2, length: 2 },
      { type: 'bold', offset: -1, length: 1 },
      { type: 'blink', offset: 0, length: 1 },
      {},
      5,
    ]) {
      expect(() => parseEntities('abc', [entity])).toThrow(Refusal)
    }
  })
})

describe('parse modes', () => {
  test('HTML: nesting, links, character references', () => {
    expect(
      parseFormatted(
        '<b>a<i>b</i></b> &lt;x&gt; <a href="https://e.example">l</a><tg-spoiler>s</tg-spoiler>',
        'HTML',
      ),
    ).toEqual({
      text: 'ab <x> ls',
      entities: [
        { type: 'bold', offset: 0, length: 2 },
        { type: 'italic', offset: 1, length: 1 },
        { type: 'text_link', url: 'https://e.example', offset: 7, length: 1 },
        { type: 'spoiler', offset: 8, length: 1 },
      ],
    })
  })

  test('MarkdownV2: marks, code, escapes', () => {
    expect(parseFormatted('*b* _i_ __u__ ~s~ ||h|| `c` a\\.b', 'MarkdownV2')).toMatchObject({
      text: 'b i u s h c a.b',
      entities: [
        { type: 'bold' },
        { type: 'italic' },
        { type: 'underline' },
        { type: 'strikethrough' },
        { type: 'spoiler' },
        { type: 'code' },
      ],
    })
  })

  test('escaped text comes back whole, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const html = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
        const markdown = text.replaceAll(/[_*[\]()~`>#+\-=|{}.!\\]/g, '\\$&')

        expect(parseFormatted(html, 'HTML').text).toBe(text)
        expect(parseFormatted(markdown, 'MarkdownV2').text).toBe(text)
      }),
    )
  })
})

describe('rich messages', () => {
  const where = { draft: false, privateChat: true }

  test('lists get labels, cells their alignment', () => {
    const item = (more = {}) => ({ blocks: [{ type: 'paragraph', text: 'x' }], ...more })
    const { blocks } = parseRich(
      {
        blocks: [
          { type: 'list', items: [item(), item({ value: 3 }), item({ type: 'a', value: 2 })] },
          { type: 'table', cells: [[{ text: 'x' }]] },
        ],
      },
      where,
    )

    expect(blocks).toMatchObject([
      { items: [{ label: '•' }, { label: '3.' }, { label: 'b.' }] },
      { cells: [[{ align: 'left', valign: 'top' }]] },
    ])
  })

  test('text is flattened recursively: strings, lists, objects', () => {
    expect(
      flatText([
        'a',
        { type: 'bold', text: ['b', { type: 'url', text: 'c', url: 'x' }] },
        { type: 'custom_emoji', alternative_text: '🦋' },
      ]),
    ).toBe('abc🦋')
    expect(
      flatBlocks([
        { type: 'heading', size: 1, text: 'H' },
        { type: 'list', items: [{ label: '1.', blocks: [{ type: 'paragraph', text: 'one' }] }] },
        { type: 'details', summary: 'S', blocks: [{ type: 'paragraph', text: 'inside' }] },
        { type: 'table', cells: [[{ text: 'a' }, { text: 'b' }]] },
        { type: 'divider' },
      ]),
    ).toBe('H\n1. one\nS\ninside\na\tb')
  })

  test('nesting inside a text counts as levels', () => {
    const nest = (levels: number): unknown =>
      levels === 0 ? 'x' : { type: 'bold', text: nest(levels - 1) }

    expect(() =>
      parseRich({ blocks: [{ type: 'paragraph', text: nest(15) }] }, where),
    ).not.toThrow()
    expect(() => parseRich({ blocks: [{ type: 'paragraph', text: nest(16) }] }, where)).toThrow(
      Refusal,
    )
  })

  test('anything that is not a rich message is refused, never a crash', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const outcome = outcomeOf(() => parseRich({ blocks: [value] }, where))

        expect(outcome === 'parsed' || outcome instanceof Refusal).toBe(true)
      }),
    )
  })
})

function outcomeOf(run: () => unknown): unknown {
  try {
    run()
    return 'parsed'
  } catch (error) {
    return error
  }
}
