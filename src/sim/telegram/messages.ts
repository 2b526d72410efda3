/** @module Messages in rooms: adding, editing, deleting, and telling the bots and the page that see them. */
import type { Message, MessageOrigin, User } from '@grammyjs/types'
import { inChannel, outsideChannel, wasEdited } from './mail.ts'
import { userOf } from './rooms.ts'
import { type Sim, unixTime } from './sim.ts'
import { type Bot, isAdmin, isBusy, type Room, roomOf, type Stored } from './world.ts'

export type Content = Partial<Omit<Message, 'message_id' | 'chat' | 'date' | 'edit_date'>>

export interface NewMessage {
  readonly content: Content
  readonly botId?: number | undefined
  readonly author?: number | undefined
  /** Makes the message ephemeral: seen by this person and bots only. */
  readonly receiver?: number | undefined
  readonly replaces?: number | undefined
}

/** The account the real service uses as `from` of automatic forwards. */
const serviceUser: User = { id: 777_000, is_bot: false, first_name: 'Telegram' }

/** Adds a message, tells the page, the bots that see it, and the linked group of a channel. */
export function addMessage(sim: Sim, room: Room, it: NewMessage): Stored {
  const id = room.nextMessageId
  room.nextMessageId += 1
  const ephemeral = it.receiver !== undefined
  const message: Message = {
    ...it.content,
    message_id: ephemeral ? 0 : id,
    date: unixTime(sim),
    chat: room.chat,
    ...(ephemeral && { ephemeral_message_id: id }),
  }
  const stored: Stored = {
    message,
    edits: 0,
    botId: it.botId,
    author: it.author,
    receiver: it.receiver,
    reactions: [],
    replaces: it.replaces,
  }
  ;(ephemeral ? room.ephemerals : room.messages).set(id, stored)
  showMessage(sim, room, stored)
  tellBots(sim, room, stored)
  if (room.chat.type === 'channel' && room.linked !== undefined) forwardToGroup(sim, room, stored)
  return stored
}

/** Replaces the content of a message and counts the edit. Reply, origin and sender stay. */
export function editMessage(
  sim: Sim,
  room: Room,
  change: { stored: Stored; content: Content },
): void {
  const { stored, content } = change
  stored.message = { ...withoutContent(stored.message), ...content, edit_date: unixTime(sim) }
  stored.edits += 1
  showMessage(sim, room, stored)
  if (stored.botId === undefined || room.chat.type === 'channel') tellBots(sim, room, stored)
  if (room.chat.type === 'channel') editInGroup(sim, room, stored)
}

/** Forgets a message; bots are not told, as in the real API. */
export function dropMessage(sim: Sim, room: Room, stored: Stored): void {
  const id = stored.message.ephemeral_message_id ?? stored.message.message_id
  ;(stored.receiver === undefined ? room.messages : room.ephemerals).delete(id)
  sim.events.send({ type: 'deleted', room: room.key, id, ephemeral: stored.receiver !== undefined })
}

/** A message as the page draws it. */
export const viewOf = (stored: Stored): Record<string, unknown> => ({ ...stored })

export function showMessage(sim: Sim, room: Room, stored: Stored): void {
  sim.events.send({ type: 'message', room: room.key, view: viewOf(stored) })
}

const contentFields = [
  'text',
  'entities',
  'rich_message',
  'caption',
  'caption_entities',
  'show_caption_above_media',
  'animation',
  'audio',
  'document',
  'photo',
  'video',
  'video_note',
  'voice',
  'reply_markup',
] as const satisfies readonly (keyof Message)[]

/** The part of a message that a copy or a forward carries; without its keyboard. */
export function contentOf(message: Message): Content {
  const content: Content = {}
  for (const field of contentFields) {
    if (field !== 'reply_markup' && message[field] !== undefined) {
      Object.assign(content, { [field]: message[field] })
    }
  }
  return content
}

function withoutContent(message: Message): Message {
  const rest = { ...message }
  for (const field of contentFields) delete rest[field]
  return rest
}

/** What a forward of an invoice carries: with a start parameter the Pay button becomes a link to the bot. */
export function invoiceOf({ invoice, from }: Message): Content {
  if (invoice === undefined) return {}
  const { start_parameter: start } = invoice
  const button =
    start === ''
      ? { text: `Pay ⭐${invoice.total_amount}`, pay: true }
      : { text: invoice.title, url: `https://t.me/${from?.username ?? ''}?start=${start}` }
  return { invoice, reply_markup: { inline_keyboard: [[button]] } }
}

/** Where a forwarded message says it comes from: a forward of a forward keeps the first origin. */
export function originOf(sim: Sim, message: Message): MessageOrigin {
  if (message.forward_origin !== undefined) return message.forward_origin
  const { chat, date } = message
  if (chat.type === 'channel') {
    const signature = message.author_signature
    return {
      type: 'channel',
      chat,
      message_id: message.message_id,
      date,
      ...(signature !== undefined && { author_signature: signature }),
    }
  }
  if (message.sender_chat !== undefined)
    return { type: 'chat', sender_chat: message.sender_chat, date }
  return { type: 'user', sender_user: message.from ?? userOf(sim.world, 0), date }
}

function forwardToGroup(sim: Sim, channel: Room, post: Stored): void {
  const group = channel.linked === undefined ? undefined : roomOf(sim.world, channel.linked)
  if (group === undefined || channel.chat.type !== 'channel') return
  addMessage(sim, group, {
    author: undefined,
    content: {
      ...contentOf(post.message),
      from: serviceUser,
      sender_chat: channel.chat,
      is_automatic_forward: true,
      forward_origin: originOf(sim, post.message),
    },
  })
}

function editInGroup(sim: Sim, channel: Room, post: Stored): void {
  const group = channel.linked === undefined ? undefined : roomOf(sim.world, channel.linked)
  if (group === undefined) return
  for (const copy of group.messages.values()) {
    const origin = copy.message.forward_origin
    if (copy.message.is_automatic_forward !== true || origin?.type !== 'channel') continue
    if (origin.message_id !== post.message.message_id) continue
    copy.message = { ...withoutContent(copy.message), ...contentOf(post.message) }
    showMessage(sim, group, copy)
  }
}

function tellBots(sim: Sim, room: Room, stored: Stored): void {
  for (const bot of sim.world.bots.values()) {
    const own = stored.botId === bot.user.id && stored.message.edit_date === undefined
    if (!own && sees(room, { bot, stored })) pushMessage(sim, bot, stored)
  }
}

function pushMessage(sim: Sim, bot: Bot, { message: kept }: Stored): void {
  const message = structuredClone(kept)
  if (inChannel(message)) {
    if (wasEdited(message)) sim.mail.push(bot, { edited_channel_post: message })
    else sim.mail.push(bot, { channel_post: message })
  } else if (outsideChannel(message)) {
    if (wasEdited(message)) sim.mail.push(bot, { edited_message: message })
    else sim.mail.push(bot, { message })
  }
}

/** Whether a bot gets a message: its private chats, channels it administers, groups by privacy mode. */
function sees(room: Room, it: { bot: Bot; stored: Stored }): boolean {
  const { bot, stored } = it
  if (room.chat.type === 'private') return room.botId === bot.user.id
  const member = room.members.get(bot.user.id)
  if (room.chat.type === 'channel') return isAdmin(member)
  if (!isBusy(member)) return false
  if (stored.botId !== undefined) return false
  return !bot.privacy || isAdmin(member) || isService(stored.message) || isMeantFor(bot, stored)
}

const isService = (message: Message): boolean =>
  message.new_chat_members !== undefined ||
  message.left_chat_member !== undefined ||
  message.pinned_message !== undefined ||
  message.migrate_to_chat_id !== undefined ||
  message.migrate_from_chat_id !== undefined

/** A bare command counts for every bot here; the real service sends it to the bot that spoke last. */
function isMeantFor(bot: Bot, { message }: Stored): boolean {
  if (message.reply_to_message?.from?.id === bot.user.id) return true
  const text = message.text ?? message.caption ?? ''
  const name = bot.user.username.toLowerCase()
  for (const entity of message.entities ?? message.caption_entities ?? []) {
    const word = text.slice(entity.offset, entity.offset + entity.length).toLowerCase()
    if (entity.type === 'mention' && word === `@${name}`) return true
    if (entity.type === 'text_mention' && entity.user.id === bot.user.id) return true
    if (entity.type === 'bot_command') {
      const addressee = word.split('@')[1]
      if (addressee === undefined || addressee === name) return true
    }
  }
  return false
}
