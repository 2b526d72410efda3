/** @module Methods that change or delete messages, ordinary and ephemeral, and react to them. */
import { isDeepStrictEqual } from 'node:util'
import type { Message, ReactionType } from '@grammyjs/types'
import { isRecord } from '../body.ts'
import { ephemeralOf } from '../ephemeral.ts'
import { parseMarkup } from '../markup.ts'
import { type Content, contentOf, dropMessage, editMessage, showMessage } from '../messages.ts'
import { countSend, maxCaptionChars, maxTextChars, textContent } from '../outgoing.ts'
import { Params } from '../params.ts'
import { badRequest } from '../refusal.ts'
import { parseRich } from '../rich.ts'
import { roomForBot } from '../rooms.ts'
import { isAdmin, type Room, type Stored } from '../world.ts'
import type { Method, MethodCall } from './call.ts'

const deletableMs = 48 * 3_600_000

const roomOfCall = ({ sim, bot, params }: MethodCall): Room =>
  roomForBot(sim, bot, params.text('chat_id'))

/** What an edit method changes, computed from the message as it is. */
type Change = (call: MethodCall, room: Room, message: Message) => Content

const toText: Change = (call, room, message) => {
  const { params } = call
  const where = { draft: false, privateChat: room.chat.type === 'private' }
  const rich = params.json('rich_message')
  if (rich !== undefined) return { rich_message: parseRich(rich, where), ...keyboardOf(call, room) }
  if (message.text === undefined && message.rich_message === undefined) {
    throw badRequest('there is no text in the message to edit')
  }
  params.raw('link_preview_options')
  return {
    ...textContent(params, { text: 'text', entities: 'entities' }, maxTextChars),
    ...keyboardOf(call, room),
  }
}

const toCaption: Change = (call, room, message) => {
  if (message.text !== undefined || message.rich_message !== undefined) {
    throw badRequest('there is no caption in the message to edit')
  }
  const { caption: _old, caption_entities: _oldEntities, ...media } = contentOf(message)
  const names = { text: 'caption', entities: 'caption_entities' } as const
  return {
    ...media,
    ...textContent(call.params, names, maxCaptionChars),
    ...keyboardOf(call, room),
  }
}

const toKeyboard: Change = (call, room, message) => ({
  ...contentOf(message),
  ...keyboardOf(call, room),
})

function keyboardOf({ params }: MethodCall, room: Room): Content {
  const markup = parseMarkup(params.json('reply_markup'), room.chat.type === 'private')
  return markup.kind === 'inline' ? { reply_markup: markup.markup } : {}
}

/** An ordinary edit: `message_id` in `chat_id`, by the bot that sent it or an admin of a channel who may edit. */
const edit =
  (change: Change): Method =>
  (call) => {
    const { sim, bot, params } = call
    const inline = params.optionalText('inline_message_id')
    if (inline !== undefined) return editInline(call, inline, change)
    const room = roomOfCall(call)
    const stored = room.messages.get(params.int('message_id'))
    if (stored === undefined) throw badRequest('message to edit not found')
    checkMayEdit(bot.user.id, room, stored)
    const content = change(call, room, stored.message)
    if (room.chat.type === 'group' || room.chat.type === 'supergroup') countSend(sim, bot, room)
    applyEdit(call, room, { stored, content })
    return stored.message
  }

/** An inline message is edited by its own id, from outside its chat; the answer is only `true`. */
function editInline(call: MethodCall, id: string, change: Change): true {
  const { sim, bot } = call
  const place = sim.world.inlineMessages.get(id)
  const room = place === undefined ? undefined : sim.world.rooms.get(place.room)
  const stored = room?.messages.get(place?.messageId ?? 0)
  if (room === undefined || stored === undefined || stored.botId !== bot.user.id) {
    throw badRequest('MESSAGE_ID_INVALID')
  }
  applyEdit(call, room, { stored, content: change(call, room, stored.message) })
  return true
}

const editEphemeral =
  (change: Change): Method =>
  (call) => {
    const room = roomOfCall(call)
    const stored = ephemeralOf(call, room)
    if (stored.botId !== call.bot.user.id) throw badRequest("message can't be edited")
    applyEdit(call, room, { stored, content: change(call, room, stored.message) })
    return true
  }

function applyEdit(
  { sim }: MethodCall,
  room: Room,
  it: { stored: Stored; content: Content },
): void {
  const { message } = it.stored
  const before = { ...contentOf(message), reply_markup: message.reply_markup }
  const after = { reply_markup: undefined, ...it.content }
  if (isDeepStrictEqual(before, { ...after })) {
    throw badRequest(
      'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
    )
  }
  editMessage(sim, room, it)
}

function checkMayEdit(botId: number, room: Room, stored: Stored): void {
  if (stored.botId === botId) return
  if (room.chat.type !== 'channel') throw badRequest("message can't be edited")
  if (room.members.get(botId)?.rights?.can_edit_messages !== true) {
    throw badRequest('not enough rights to edit the message')
  }
}

const deleteMessage: Method = (call) => {
  const room = roomOfCall(call)
  deleteOne(call, room, call.params.int('message_id'))
  return true
}

const deleteMessages: Method = (call) => {
  const room = roomOfCall(call)
  const ids = (call.params.list('message_ids') ?? []).map((it) => new Params({ id: it }).int('id'))
  if (ids.length < 1 || ids.length > 100) throw badRequest('from 1 to 100 messages can be deleted')
  for (const id of ids) if (room.messages.has(id)) deleteOne(call, room, id)
  return true
}

function deleteOne({ sim, bot }: MethodCall, room: Room, id: number): void {
  const stored = room.messages.get(id)
  if (stored === undefined) throw badRequest('message to delete not found')
  const old = sim.now() - stored.message.date * 1000 > deletableMs
  const own = stored.botId === bot.user.id
  const member = room.members.get(bot.user.id)
  const allowed =
    own ||
    room.chat.type === 'private' ||
    (isAdmin(member) &&
      (room.chat.type === 'group' || member?.rights?.can_delete_messages === true))
  if (old || !allowed) throw badRequest("message can't be deleted")
  dropMessage(sim, room, stored)
}

const deleteEphemeral: Method = (call) => {
  const room = roomOfCall(call)
  dropMessage(call.sim, room, ephemeralOf(call, room))
  return true
}

const setMessageReaction: Method = (call) => {
  const { sim, bot, params } = call
  const room = roomOfCall(call)
  const stored = room.messages.get(params.int('message_id'))
  if (stored === undefined) throw badRequest('message to react not found')
  const types = (params.list('reaction') ?? []).map(parseReaction)
  if (types.length > 1) throw badRequest('REACTIONS_TOO_MANY')
  params.raw('is_big')
  stored.reactions = stored.reactions.filter((it) => it.actor !== bot.user.id)
  if (types.length > 0) stored.reactions.push({ actor: bot.user.id, types })
  showMessage(sim, room, stored)
  return true
}

/** The emoji a bot may react with, from the API's documentation; a part of the list. */
const emoji = new Set(
  '👍 👎 ❤ ❤‍🔥 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 😡'.split(
    ' ',
  ),
)

export function parseReaction(value: unknown): ReactionType {
  if (!isReaction(value)) throw badRequest('REACTION_INVALID')
  return value
}

const isReaction = (value: unknown): value is ReactionType =>
  isRecord(value) &&
  value['type'] === 'emoji' &&
  typeof value['emoji'] === 'string' &&
  emoji.has(value['emoji'])

export const editingMethods: Readonly<Record<string, Method>> = {
  editmessagetext: edit(toText),
  editmessagecaption: edit(toCaption),
  editmessagereplymarkup: edit(toKeyboard),
  editephemeralmessagetext: editEphemeral(toText),
  editephemeralmessagecaption: editEphemeral(toCaption),
  editephemeralmessagereplymarkup: editEphemeral(toKeyboard),
  deletemessage: deleteMessage,
  deletemessages: deleteMessages,
  deleteephemeralmessage: deleteEphemeral,
  setmessagereaction: setMessageReaction,
}
