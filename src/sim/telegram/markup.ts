/** @module Keyboards a bot sends: narrowed, and refused where the server refuses them. */
import type { InlineKeyboardMarkup, ReplyKeyboardMarkup } from '@grammyjs/types'
import { isRecord } from './body.ts'
import { badRequest } from './refusal.ts'

/** A reply markup, sorted by what it does. */
export type Markup =
  | { readonly kind: 'none' }
  | { readonly kind: 'inline'; readonly markup: InlineKeyboardMarkup }
  | { readonly kind: 'reply'; readonly markup: ReplyKeyboardMarkup }
  | { readonly kind: 'remove' }
  | { readonly kind: 'force' }

/** Telegram's own bounds: 100 buttons in all, 64 bytes of callback data, 256 characters to copy. */
const maxButtons = 100
const maxDataBytes = 64
const maxCopyChars = 256

const actions = [
  'url',
  'callback_data',
  'web_app',
  'login_url',
  'disabled',
  'switch_inline_query',
  'switch_inline_query_current_chat',
  'switch_inline_query_chosen_chat',
  'copy_text',
  'callback_game',
  'pay',
] as const

/** `privateChat`: web_app buttons are refused elsewhere. Throws 400. */
export function parseMarkup(value: unknown, privateChat: boolean): Markup {
  if (value === undefined) return { kind: 'none' }
  if (!isRecord(value)) throw badRequest('object expected as reply markup')
  if ('inline_keyboard' in value) {
    if (!isInline(value)) throw badRequest('field "inline_keyboard" must be of type Array')
    checkInline(value, privateChat)
    return value.inline_keyboard.flat().length === 0
      ? { kind: 'none' }
      : { kind: 'inline', markup: { inline_keyboard: value.inline_keyboard } }
  }
  if ('keyboard' in value) {
    if (!isReply(value)) throw badRequest('field "keyboard" must be of type Array')
    return { kind: 'reply', markup: value }
  }
  if (value['remove_keyboard'] === true) return { kind: 'remove' }
  if (value['force_reply'] === true) return { kind: 'force' }
  throw badRequest('unknown reply markup')
}

const isRows = (value: unknown): value is unknown[][] =>
  Array.isArray(value) && value.every((row) => Array.isArray(row))

function isInline(value: unknown): value is InlineKeyboardMarkup {
  if (!isRecord(value) || !isRows(value['inline_keyboard'])) return false
  return value['inline_keyboard']
    .flat()
    .every((it) => isRecord(it) && typeof it['text'] === 'string')
}

function isReply(value: unknown): value is ReplyKeyboardMarkup {
  if (!isRecord(value) || !isRows(value['keyboard'])) return false
  return value['keyboard']
    .flat()
    .every((it) => typeof it === 'string' || (isRecord(it) && typeof it['text'] === 'string'))
}

function checkInline({ inline_keyboard }: InlineKeyboardMarkup, privateChat: boolean): void {
  const buttons: unknown[] = inline_keyboard.flat()
  if (buttons.length > maxButtons) throw badRequest('reply markup is too long')
  for (const button of buttons) if (isRecord(button)) checkButton(button, privateChat)
}

/** One inline button, also of rich messages: a text and exactly one action within its limits. */
export function checkButton(button: Record<string, unknown>, privateChat: boolean): void {
  if (button['text'] === '') throw badRequest('button text must be non-empty')
  const used = actions.filter((action) => button[action] !== undefined)
  if (used.length !== 1) throw badRequest('BUTTON_TYPE_INVALID')
  const data = button['callback_data']
  if (data !== undefined) {
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : 0
    if (bytes < 1 || bytes > maxDataBytes) throw badRequest('BUTTON_DATA_INVALID')
  }
  const url = button['url']
  if (url !== undefined && (typeof url !== 'string' || !isUrl(url))) {
    throw badRequest('BUTTON_URL_INVALID')
  }
  const copy = button['copy_text']
  if (copy !== undefined) {
    const text = isRecord(copy) ? copy['text'] : undefined
    if (typeof text !== 'string' || text.length < 1 || text.length > maxCopyChars) {
      throw badRequest('BUTTON_COPY_TEXT_INVALID')
    }
  }
  if (button['web_app'] !== undefined && !privateChat) throw badRequest('BUTTON_TYPE_INVALID')
}

const isUrl = (text: string): boolean =>
  /^(https?|tg|ton):\/\/[^\s]+$/i.test(text) || /^[\w-]+(\.[\w-]+)+(\/\S*)?$/.test(text)
