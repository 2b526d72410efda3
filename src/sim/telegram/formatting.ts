/** @module Texts with `parse_mode`: HTML and MarkdownV2 (and old Markdown) into text and entities, refusing what the server refuses. */
import type { MessageEntity } from '@grammyjs/types'
import { badRequest } from './refusal.ts'

export interface Formatted {
  readonly text: string
  readonly entities: MessageEntity[]
}

type Simple =
  | 'bold'
  | 'italic'
  | 'underline'
  | 'strikethrough'
  | 'spoiler'
  | 'code'
  | 'blockquote'
  | 'expandable_blockquote'

/** Parses by mode, case-insensitively. Throws 400 `can't parse entities: …` with the byte offset of the trouble. */
export function parseFormatted(source: string, mode: string): Formatted {
  switch (mode.toLowerCase()) {
    case '':
      return { text: source, entities: [] }
    case 'html':
      return parseHtml(source)
    case 'markdownv2':
      return parseMarkdown(source, true)
    case 'markdown':
      return parseMarkdown(source, false)
    default:
      throw badRequest('unsupported parse_mode')
  }
}

const simpleTags: Readonly<Record<string, Simple>> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  code: 'code',
  'tg-spoiler': 'spoiler',
}
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' }

interface Open {
  readonly tag: string
  readonly start: number
  readonly attributes: string
}

function parseHtml(source: string): Formatted {
  const entities: MessageEntity[] = []
  const open: Open[] = []
  let text = ''
  let at = 0
  while (at < source.length) {
    const char = source[at]
    if (char === '&') {
      const found = /^&(#x[0-9a-f]+|#\d+|lt|gt|amp|quot);/i.exec(source.slice(at, at + 12))
      text += found === null ? '&' : decode(found[1] ?? '')
      at += found === null ? 1 : found[0].length
    } else if (char === '<') {
      const end = source.indexOf('>', at)
      if (end < 0) throw troubleAt(source, at, 'unclosed start tag')
      const tag = source.slice(at + 1, end)
      if (tag.startsWith('/')) closeTag({ source, at, tag: tag.slice(1), text, open, entities })
      else open.push(openTag(source, at, { tag, start: text.length }))
      at = end + 1
    } else {
      text += char
      at += 1
    }
  }
  const last = open.at(-1)
  if (last !== undefined) {
    throw badRequest(
      `can't parse entities: can't find end tag corresponding to start tag "${last.tag}"`,
    )
  }
  return { text, entities: sorted(entities) }
}

function decode(code: string): string {
  if (!code.startsWith('#')) return named[code.toLowerCase()] ?? ''
  const hex = code[1] === 'x' || code[1] === 'X'
  const point = Number.parseInt(code.slice(hex ? 2 : 1), hex ? 16 : 10)
  return point > 0 && point <= 0x10_ff_ff ? String.fromCodePoint(point) : ''
}

function openTag(source: string, at: number, it: { tag: string; start: number }): Open {
  const found = /^([a-zA-Z-]+)(.*)$/s.exec(it.tag)
  const tag = (found?.[1] ?? '').toLowerCase()
  const known = tag in simpleTags || ['a', 'pre', 'span', 'blockquote', 'tg-emoji'].includes(tag)
  if (!known) throw troubleAt(source, at, `unsupported start tag "${tag}"`)
  return { tag, start: it.start, attributes: found?.[2] ?? '' }
}

interface Closing {
  readonly source: string
  readonly at: number
  readonly tag: string
  readonly text: string
  readonly open: Open[]
  readonly entities: MessageEntity[]
}

function closeTag({ source, at, tag, text, open, entities }: Closing): void {
  const last = open.pop()
  if (last === undefined) throw troubleAt(source, at, 'unexpected end tag')
  if (last.tag !== tag.trim().toLowerCase()) {
    throw troubleAt(source, at, `unmatched end tag, expected "</${last.tag}>", found "</${tag}>"`)
  }
  const place = { offset: last.start, length: text.length - last.start }
  if (place.length > 0) entities.push(entityOf(last, place))
}

function entityOf(open: Open, place: { offset: number; length: number }): MessageEntity {
  const simple = simpleTags[open.tag]
  if (simple !== undefined) return { type: simple, ...place }
  switch (open.tag) {
    case 'pre':
      return { type: 'pre', ...place }
    case 'a':
      return { type: 'text_link', url: attribute(open.attributes, 'href'), ...place }
    case 'blockquote': {
      const type = /\bexpandable\b/.test(open.attributes) ? 'expandable_blockquote' : 'blockquote'
      return { type, ...place }
    }
    case 'tg-emoji':
      return {
        type: 'custom_emoji',
        custom_emoji_id: attribute(open.attributes, 'emoji-id'),
        ...place,
      }
    default:
      return { type: 'spoiler', ...place }
  }
}

const attribute = (attributes: string, name: string): string =>
  new RegExp(`${name}\\s*=\\s*["']?([^"'>]*)`, 'i').exec(attributes)?.[1] ?? ''

/** What must be escaped in MarkdownV2; the server names the character in its refusal. */
const reserved = new Set('_*[]()~`>#+-=|{}.!')
const marksV2: readonly { readonly mark: string; readonly type: Simple }[] = [
  { mark: '||', type: 'spoiler' },
  { mark: '__', type: 'underline' },
  { mark: '*', type: 'bold' },
  { mark: '_', type: 'italic' },
  { mark: '~', type: 'strikethrough' },
]
const marksV1: readonly { readonly mark: string; readonly type: Simple }[] = [
  { mark: '*', type: 'bold' },
  { mark: '_', type: 'italic' },
]

function parseMarkdown(source: string, v2: boolean): Formatted {
  const marks = v2 ? marksV2 : marksV1
  const entities: MessageEntity[] = []
  const open: { mark: string; type: Simple; start: number; at: number }[] = []
  let text = ''
  let at = 0
  while (at < source.length) {
    const rest = source.slice(at)
    const code = /^```(?:(\w*)\n)?([\s\S]*?)```|^`([^`]*)`/.exec(rest)
    const link = /^\[((?:[^\]\\]|\\.)*)\]\(((?:[^)\\]|\\.)*)\)/.exec(rest)
    const mark = marks.find((it) => rest.startsWith(it.mark))
    if (rest.startsWith('\\') && rest.length > 1) {
      text += rest[1]
      at += 2
    } else if (code !== null) {
      const inner = code[2] ?? code[3] ?? ''
      const type = code[2] === undefined ? 'code' : 'pre'
      if (inner !== '') entities.push({ type, offset: text.length, length: inner.length })
      text += inner
      at += code[0].length
    } else if (link !== null) {
      const label = (link[1] ?? '').replaceAll(/\\(.)/g, '$1')
      const url = (link[2] ?? '').replaceAll(/\\(.)/g, '$1')
      entities.push({ type: 'text_link', url, offset: text.length, length: label.length })
      text += label
      at += link[0].length
    } else if (mark !== undefined) {
      const last = open.at(-1)
      if (last?.mark === mark.mark) {
        open.pop()
        const length = text.length - last.start
        if (length > 0) entities.push({ type: mark.type, offset: last.start, length })
      } else open.push({ ...mark, start: text.length, at })
      at += mark.mark.length
    } else {
      const char = rest[0] ?? ''
      if (char === '`') throw endMissing(source, at, 'code')
      if (v2 && reserved.has(char) && !(char === '>' && /(^|\n)$/.test(text))) {
        throw badRequest(
          `can't parse entities: character '${char}' is reserved and must be escaped with the preceding '\\'`,
        )
      }
      text += char
      at += 1
    }
  }
  const last = open.at(-1)
  if (last !== undefined) throw endMissing(source, last.at, last.type)
  return { text, entities: sorted(entities) }
}

const sorted = (entities: MessageEntity[]): MessageEntity[] =>
  entities.toSorted((a, b) => a.offset - b.offset || b.length - a.length)

const byteOffset = (source: string, at: number): number => Buffer.byteLength(source.slice(0, at))

const troubleAt = (source: string, at: number, what: string) =>
  badRequest(`can't parse entities: ${what} at byte offset ${byteOffset(source, at)}`)

const endMissing = (source: string, at: number, type: string) =>
  badRequest(
    `can't parse entities: can't find end of ${type[0]?.toUpperCase()}${type.slice(1)} entity at byte offset ${byteOffset(source, at)}`,
  )
