/** @module What every send method shares: where to, as reply to what, with which keyboard, seen by whom. */
import type { Message, ReplyKeyboardMarkup } from '@grammyjs/types'
import { detectEntities, parseEntities } from './entities.ts'
import { checkEphemeral } from './ephemeral.ts'
import { parseFormatted } from './formatting.ts'
import { type Markup, parseMarkup } from './markup.ts'
import { addMessage, type Content, originOf } from './messages.ts'
import type { MethodCall } from './methods/call.ts'
import type { Params } from './params.ts'
import { badRequest } from './refusal.ts'
import { roomForBot, roomForSending } from './rooms.ts'
import type { Sim } from './sim.ts'
import type { Bot, Room, Stored } from './world.ts'

export const maxTextChars = 4096
export const maxCaptionChars = 1024

/** The room of `chat_id`, where the bot may write. */
export const targetRoom = (call: MethodCall): Room =>
  roomForSending(call.sim, call.bot, call.params.text('chat_id'))

/** Sends `content` to the call's chat and gives the message as the bot sees it. */
export function send(call: MethodCall, room: Room, content: Content): Message {
  const { sim, bot, params } = call
  const isPrivate = room.chat.type === 'private'
  const markup = parseMarkup(params.json('reply_markup'), isPrivate)
  const ephemeral = checkEphemeral(call, room)
  const reply = replyOf(call, room, ephemeral?.receiver)
  const thread = threadOf(room, bot, { wanted: params.optionalInt('message_thread_id'), reply })
  silence(params)
  countSend(sim, bot, room)
  const protect = params.flag('protect_content')
  const stored = addMessage(sim, room, {
    botId: bot.user.id,
    author: undefined,
    receiver: ephemeral?.receiver,
    replaces: ephemeral?.replaces,
    content: {
      ...senderOf(bot, room),
      ...thread,
      ...reply,
      ...(ephemeral !== undefined && { receiver_user: ephemeral.user }),
      ...content,
      ...(markup.kind === 'inline' && { reply_markup: markup.markup }),
      ...(protect && { has_protected_content: true as const }),
    },
  })
  applyKeyboard(sim, room, markup)
  endDraft(sim, room, bot)
  return stored.message
}

/** Parameters that change nothing here; reading them keeps them out of the list of unknown ones. */
function silence(params: Params): void {
  params.raw('disable_notification')
  params.raw('link_preview_options')
  params.raw('disable_web_page_preview')
  params.raw('allow_paid_broadcast')
  params.raw('message_effect_id')
}

export const countSend = (sim: Sim, bot: Bot, room: Room): void =>
  sim.limits.count(bot.user.id, {
    key: room.key,
    group: room.chat.type === 'group' || room.chat.type === 'supergroup',
  })

export const senderOf = (bot: Bot, room: Room): Content =>
  room.chat.type === 'channel' ? { sender_chat: room.chat } : { from: bot.user }

/** A text parameter with its formatting, trimmed at its end as the server does. Throws 400 when empty or too long. */
export function textContent(
  params: Params,
  names: { text: 'text' | 'caption'; entities: 'entities' | 'caption_entities' },
  limit: number,
): Content {
  const source = params.optionalText(names.text) ?? ''
  const mode = params.optionalText('parse_mode') ?? ''
  const given = params.list(names.entities)
  const formatted = parseFormatted(source, mode)
  const text = formatted.text.trimEnd()
  if (text === '') {
    if (names.text === 'caption') return {}
    throw badRequest('message text is empty')
  }
  if (text.length > limit) {
    throw badRequest(names.text === 'text' ? 'message is too long' : 'message caption is too long')
  }
  const own = mode === '' && given !== undefined ? parseEntities(source, given) : formatted.entities
  const kept = own
    .filter((it) => it.offset < text.length)
    .map((it) => ({ ...it, length: Math.min(it.length, text.length - it.offset) }))
  const entities = detectEntities(text, kept)
  const list = entities.length > 0 ? entities : undefined
  return names.text === 'text'
    ? { text, ...(list !== undefined && { entities: list }) }
    : { caption: text, ...(list !== undefined && { caption_entities: list }) }
}

function replyOf(call: MethodCall, room: Room, ephemeralFor: number | undefined): Content {
  const { params } = call
  const given = params.optionalObject('reply_parameters')
  const oldId = params.optionalInt('reply_to_message_id')
  const lenient =
    given?.flag('allow_sending_without_reply') ?? params.flag('allow_sending_without_reply')
  const ephemeralId = given?.optionalInt('ephemeral_message_id')
  if (ephemeralId !== undefined) return replyToEphemeral(room, ephemeralId, ephemeralFor)
  const id = given?.optionalInt('message_id') ?? oldId
  if (id === undefined) return {}
  const elsewhere = given?.optionalText('chat_id')
  const quote = given?.optionalText('quote')
  const source = elsewhere === undefined ? room : roomForBot(call.sim, call.bot, elsewhere)
  const target = source.messages.get(id)
  if (target === undefined) {
    if (lenient && source === room) return {}
    throw badRequest('message to be replied not found')
  }
  if (source !== room) {
    return {
      external_reply: {
        origin: originOf(call.sim, target.message),
        chat: source.chat,
        message_id: id,
      },
    }
  }
  return { ...replyContent(target), ...(quote !== undefined && quoteOf(target.message, quote)) }
}

/** The `reply_to_message` of a reply to `target`; a reply inside a reply is cut off, as in the API. */
export function replyContent(target: Stored): Content {
  const copy = structuredClone(target.message)
  delete copy.reply_to_message
  return isOuter(copy) ? { reply_to_message: copy } : {}
}

const isOuter = (message: Message): message is NonNullable<Message['reply_to_message']> =>
  message.reply_to_message === undefined

export function quoteOf(message: Message, quote: string): Content {
  const position = (message.text ?? message.caption ?? '').indexOf(quote)
  if (position < 0) throw badRequest('QUOTE_TEXT_INVALID')
  return { quote: { text: quote, position, is_manual: true } }
}

function replyToEphemeral(room: Room, id: number, receiver: number | undefined): Content {
  const target = room.ephemerals.get(id)
  if (target === undefined) throw badRequest('message to be replied not found')
  if (receiver === undefined) throw badRequest('a reply to an ephemeral message must be ephemeral')
  return {}
}

/** The thread a message belongs to: a topic, or in discussion groups the post it comments on. */
export function threadOf(
  room: Room,
  bot: Bot | undefined,
  it: { wanted: number | undefined; reply: Content },
): Content {
  const target = it.reply.reply_to_message
  const inherited =
    room.chat.type === 'supergroup' && target !== undefined
      ? (target.message_thread_id ?? target.message_id)
      : undefined
  const thread = it.wanted ?? inherited
  if (thread === undefined || thread === 0) return {}
  const topic = room.topics.get(thread)
  if (topic !== undefined) {
    if (topic.closed && bot !== undefined) throw badRequest('TOPIC_CLOSED')
    return { message_thread_id: thread, is_topic_message: true }
  }
  const known = room.messages.has(thread) && room.chat.type === 'supergroup'
  if (it.wanted !== undefined && !known) throw badRequest('message thread not found')
  return room.chat.is_forum === true ? {} : { message_thread_id: thread }
}

function applyKeyboard(sim: Sim, room: Room, markup: Markup): void {
  const keyboard = keyboardAfter(room.keyboard, markup)
  if (keyboard === room.keyboard) return
  room.keyboard = keyboard
  sim.events.send({ type: 'keyboard', room: room.key, keyboard: keyboard ?? null })
}

function keyboardAfter(
  before: ReplyKeyboardMarkup | undefined,
  markup: Markup,
): ReplyKeyboardMarkup | undefined {
  switch (markup.kind) {
    case 'reply':
      return markup.markup
    case 'remove':
      return undefined
    case 'none':
    case 'inline':
    case 'force':
      return before
  }
}

/** A sent message takes the place of the draft and of "typing…". */
export function endDraft(sim: Sim, room: Room, bot: Bot): void {
  if (room.draft?.botId === bot.user.id) {
    room.draft = undefined
    sim.events.send({ type: 'draft', room: room.key, draft: null })
  }
  if (room.action !== undefined) {
    room.action = undefined
    sim.events.send({ type: 'action', room: room.key, action: null })
  }
}
