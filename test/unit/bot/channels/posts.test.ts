import fc from 'fast-check'
import type { Message, MessageEntity } from 'grammy/types'
import { describe, expect, test } from 'vitest'
import {
  append,
  MARK,
  originalOf,
  postHash,
  readOriginal,
  skipOf,
  sourceOf,
} from '../../../../src/bot/channels/posts.ts'

const channel = { id: -1001, type: 'channel', title: 'News' } as const
const words = 'A long post. '.repeat(50).trim()
const message = (more: Partial<Message>): Message => ({
  message_id: 5,
  date: 1,
  chat: channel,
  text: words,
  ...more,
})
const rules = { threshold: 500, mode: 'append' } as const

describe('which posts get a summary', () => {
  test('an ordinary long one', () => {
    expect(skipOf(message({}), rules)).toBeUndefined()
    expect(skipOf(message({}), { ...rules, mode: 'comment' })).toBeUndefined()
  })

  test.each<[string, Partial<Message>, string]>([
    ['short', { text: 'a'.repeat(499) }, 'short'],
    ['long by our summary only', { text: `short${MARK}${'x'.repeat(600)}` }, 'short'],
    [
      'a forward',
      { forward_origin: { type: 'channel', chat: channel, message_id: 1, date: 1 } },
      'forward',
    ],
    ['another bot’s', { via_bot: { id: 1, is_bot: true, first_name: 'Bot' } }, 'via-bot'],
    ['paid', { is_paid_post: true }, 'paid'],
    ['#ad', { text: `${words} #ad` }, 'advertisement'],
    ['#реклама', { text: `#Реклама\n${words}` }, 'advertisement'],
    ['erid', { text: `${words} erid: 2VtzqxQ` }, 'advertisement'],
    [
      'custom emoji',
      { entities: [{ type: 'custom_emoji', offset: 0, length: 2, custom_emoji_id: '1' }] },
      'custom-emoji',
    ],
    ['without words', { text: undefined as never }, 'short'],
  ])('left alone: %s', (_, more, reason) => {
    expect(skipOf(message(more), rules)).toBe(reason)
  })

  test.each(['#adventure', 'added', 'Fredericid', 'perid', '#admin'])(
    'words that only look like an advertisement’s mark: %s',
    (word) => {
      expect(skipOf(message({ text: `${words} ${word}` }), rules)).toBeUndefined()
    },
  )

  test('the copy of the channel’s own post in its group is no forward, that of a forward is', () => {
    const copy = (origin: number): Message =>
      message({
        is_automatic_forward: true,
        sender_chat: channel,
        forward_origin: {
          type: 'channel',
          chat: { ...channel, id: origin },
          message_id: 1,
          date: 1,
        },
      })

    expect(skipOf(copy(channel.id), { ...rules, mode: 'comment' })).toBeUndefined()
    expect(skipOf(copy(-1002), { ...rules, mode: 'comment' })).toBe('forward')
  })
})

describe('the author’s part', () => {
  const add = { label: 'In short', summary: 'One.\n\n- two\n- three', note: 'Made by AI' }

  test('is found again whatever the author and the summary say', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, summary) => {
        fc.pre(!text.includes('———') && !summary.includes('———'))
        const made = append(originalOf(message({ text })), { ...add, summary })
        expect(made && sourceOf(made.text)).toBe(text)
      }),
    )
  })

  test('keeps its entities, and ours cover exactly label, summary and note', () => {
    const entities: MessageEntity[] = [
      { type: 'bold', offset: 0, length: 6 },
      { type: 'text_link', offset: 7, length: 4, url: 'https://example.org/' },
    ]
    const made = append(originalOf(message({ entities })), add)
    const covered = made?.entities.map(
      ({ type, offset, length }) => [type, made.text.slice(offset, offset + length)] as const,
    )

    expect(made?.entities.slice(0, 2)).toEqual(entities)
    expect(covered?.slice(2)).toEqual([
      ['bold', 'In short'],
      ['expandable_blockquote', 'One.\n\n- two\n- three'],
      ['italic', 'Made by AI'],
    ])
  })

  test('loses what we put below it before, with its entities', () => {
    const first = append(originalOf(message({})), add)
    const again = originalOf(message({ text: first?.text ?? '', entities: first?.entities ?? [] }))

    expect(again).toEqual(originalOf(message({ entities: [] })))
  })

  test('gives back keyboard, preview and the place of a caption', () => {
    const { text: _, ...photo } = message({})
    const keyboard = { inline_keyboard: [[{ text: 'Shop', url: 'https://example.org/' }]] }
    const original = originalOf({
      ...photo,
      caption: words,
      show_caption_above_media: true,
      reply_markup: keyboard,
      link_preview_options: { is_disabled: true },
    })

    expect(readOriginal(JSON.stringify(original))).toEqual({
      v: 1,
      kind: 'caption',
      text: words,
      entities: [],
      keyboard,
      preview: { is_disabled: true },
      captionAbove: true,
    })
  })

  test('a summary that does not fit is cut to its first paragraph, else there is none', () => {
    const long = { ...add, summary: `One.\n\n${'x'.repeat(3000)}` }
    const fits = originalOf(message({ text: 'a'.repeat(2000) }))
    const full = originalOf(message({ text: 'a'.repeat(4090) }))

    expect(append(fits, long)?.text).toContain('In short\nOne.\nMade by AI')
    expect(append(full, long)).toBeUndefined()
  })
})

test('hashes of posts depend on the key', () => {
  expect(postHash(Buffer.alloc(32, 1), 'a')).not.toBe(postHash(Buffer.alloc(32, 2), 'a'))
})
