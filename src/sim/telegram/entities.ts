/** @module Entities of texts: those the server finds by itself, and the check of those a bot computed. */
import type { MessageEntity } from '@grammyjs/types'
import { isRecord } from './body.ts'
import { badRequest } from './refusal.ts'

type Found = 'bot_command' | 'mention' | 'hashtag' | 'url' | 'email'

const patterns: readonly { readonly type: Found; readonly pattern: RegExp }[] = [
  { type: 'url', pattern: /\bhttps?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}']/giu },
  { type: 'email', pattern: /[\w.+-]+@[\w-]+\.[\w.-]*\w/gu },
  { type: 'bot_command', pattern: /(?<=^|\s)\/[a-zA-Z0-9_]{1,64}(?:@\w{3,32})?/gu },
  { type: 'mention', pattern: /(?<![\w@/])@[a-zA-Z]\w{3,31}/gu },
  { type: 'hashtag', pattern: /(?<![\w#])#[\p{L}\p{N}_]*\p{L}[\p{L}\p{N}_]*/gu },
  {
    type: 'url',
    pattern:
      /(?<![\w@/.])(?:[a-z0-9-]+\.)+(?:com|org|net|io|me|dev|ru|eu|info)\b(?:\/[^\s<>"]*)?/giu,
  },
]

/** Commands, mentions, hashtags, links and addresses in a text, none overlapping another or one of `given`. */
export function detectEntities(
  text: string,
  given: readonly MessageEntity[] = [],
): MessageEntity[] {
  const found: MessageEntity[] = [...given]
  for (const { type, pattern } of patterns) {
    for (const match of text.matchAll(pattern)) {
      const entity: MessageEntity = { type, offset: match.index, length: match[0].length }
      if (!found.some((other) => overlaps(other, entity))) found.push(entity)
    }
  }
  return found.toSorted((a, b) => a.offset - b.offset || b.length - a.length)
}

const overlaps = (a: MessageEntity, b: MessageEntity): boolean =>
  a.offset < b.offset + b.length && b.offset < a.offset + a.length

const simpleTypes = new Set([
  'mention',
  'hashtag',
  'cashtag',
  'bot_command',
  'url',
  'email',
  'phone_number',
  'bold',
  'italic',
  'underline',
  'strikethrough',
  'spoiler',
  'blockquote',
  'expandable_blockquote',
  'code',
  'pre',
])

/** Narrows a bot's `entities` parameter. Throws 400 as the server does for unknown types and places outside the text. */
export function parseEntities(text: string, value: readonly unknown[]): MessageEntity[] {
  if (value.length > 100) return value.slice(0, 100).map((it) => parseEntity(text, it))
  return value.map((it) => parseEntity(text, it))
}

function parseEntity(text: string, value: unknown): MessageEntity {
  if (!isEntity(value)) throw badRequest("can't parse entities: unsupported entity")
  if (value.offset < 0 || value.length <= 0 || value.offset + value.length > text.length) {
    throw badRequest(
      `can't parse entities: entity at byte offset ${value.offset} is out of the text`,
    )
  }
  return value
}

function isEntity(value: unknown): value is MessageEntity {
  if (!isRecord(value)) return false
  const { type, offset, length } = value
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length)) return false
  if (typeof type !== 'string') return false
  if (simpleTypes.has(type)) return true
  if (type === 'text_link') return typeof value['url'] === 'string'
  if (type === 'text_mention') return isRecord(value['user'])
  if (type === 'custom_emoji') return typeof value['custom_emoji_id'] === 'string'
  return type === 'date_time' && Number.isSafeInteger(value['unix_time'])
}
