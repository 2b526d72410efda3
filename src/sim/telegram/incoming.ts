/** @module What people do in their client: write, send files, reply, forward, edit, press, share, react. */
import type { ChatAdministratorRights, Message, User } from '@grammyjs/types'
import { isRecord } from './body.ts'
import { detectEntities } from './entities.ts'
import { type MediaFacts, type MediaKind, mediaContent } from './files.ts'
import { changeMember } from './membership.ts'
import {
  addMessage,
  type Content,
  contentOf,
  editMessage,
  invoiceOf,
  originOf,
  showMessage,
} from './messages.ts'
import { quoteOf, replyContent, threadOf } from './outgoing.ts'
import { badRequest } from './refusal.ts'
import { userOf } from './rooms.ts'
import { type Sim, unixTime } from './sim.ts'
import {
  type Bot,
  isAdmin,
  isBusy,
  noRights,
  type Press,
  type Reaction,
  type Room,
  type Stored,
  type StoredFile,
} from './world.ts'

export interface Writing {
  readonly from: number
  readonly text?: string | undefined
  readonly caption?: string | undefined
  readonly media?: { kind: MediaKind; file: StoredFile; facts: MediaFacts } | undefined
  readonly replyTo?: number | undefined
  readonly quote?: string | undefined
  readonly forward?: Content | undefined
  readonly threadId?: number | undefined
  readonly albumId?: string | undefined
  /** Seen by the writer and bots only. Commands a bot declared ephemeral are so without asking. */
  readonly ephemeral?: boolean | undefined
}

/** The account the real service shows for anonymous admins. */
const anonymousAdmin: User = {
  id: 1_087_968_824,
  is_bot: true,
  first_name: 'Group',
  username: 'GroupAnonymousBot',
}

const maxTextChars = 4096

/** A person's message. Throws 400 for who may not write there and for empty or overlong texts. */
export function write(sim: Sim, room: Room, it: Writing): Stored {
  const sender = senderIn(sim, room, it.from)
  const body = bodyOf(it)
  const reply = replyIn(room, it)
  const thread = threadOf(room, undefined, { wanted: it.threadId, reply })
  if (room.chat.type === 'private') {
    room.started = true
    room.blocked = false
  }
  const receiver =
    it.ephemeral === true || isEphemeralCommand(sim, room, it.text) ? it.from : undefined
  return addMessage(sim, room, {
    author: it.from,
    receiver,
    content: {
      ...sender,
      ...thread,
      ...reply,
      ...body,
      ...(it.albumId !== undefined && { media_group_id: it.albumId }),
    },
  })
}

function senderIn(sim: Sim, room: Room, from: number): Content {
  const person = sim.world.people.get(from)
  if (person === undefined) throw badRequest('from: unknown user')
  if (room.chat.type === 'private') {
    if (room.chat.id !== from) throw badRequest('from: not a person of this private chat')
    return { from: person.user }
  }
  const member = room.members.get(from)
  if (!isBusy(member)) throw badRequest('from: not a member of the chat')
  if (room.chat.type === 'channel') {
    if (!isAdmin(member)) throw badRequest('from: only admins post in a channel')
    return { sender_chat: room.chat }
  }
  return member?.anonymous === true
    ? { from: anonymousAdmin, sender_chat: room.chat }
    : { from: person.user }
}

function bodyOf(it: Writing): Content {
  if (it.forward !== undefined && it.text === undefined && it.media === undefined) return it.forward
  const words = it.media === undefined ? it.text : (it.caption ?? it.text)
  const limit = it.media === undefined ? maxTextChars : 1024
  if (words !== undefined && words.length > limit) throw badRequest('text: message is too long')
  const origin = it.forward?.forward_origin
  const forwarded = origin === undefined ? {} : { forward_origin: origin }
  if (it.media === undefined) {
    if (words === undefined || words.trim() === '') throw badRequest('text: message text is empty')
    const text = words.trim()
    const entities = detectEntities(text)
    return { ...forwarded, text, ...(entities.length > 0 && { entities }) }
  }
  const { kind, file, facts } = it.media
  const caption = words?.trim() ?? ''
  const entities = detectEntities(caption)
  return {
    ...forwarded,
    ...mediaContent(kind, file, facts),
    ...(caption !== '' && { caption }),
    ...(entities.length > 0 && { caption_entities: entities }),
  }
}

function replyIn(room: Room, it: Writing): Content {
  if (it.replyTo === undefined) return {}
  const target = room.messages.get(it.replyTo)
  if (target === undefined) throw badRequest('reply_to: unknown message')
  return {
    ...replyContent(target),
    ...(it.quote !== undefined && quoteOf(target.message, it.quote)),
  }
}

function isEphemeralCommand(sim: Sim, room: Room, text: string | undefined): boolean {
  if (room.chat.type !== 'group' && room.chat.type !== 'supergroup') return false
  const command = /^\/([a-z0-9_]{1,32})(?:@\w+)?(?:\s|$)/i.exec(text ?? '')?.[1]?.toLowerCase()
  if (command === undefined) return false
  return sim.world.bots
    .values()
    .some((bot) =>
      [...bot.commands.values()]
        .flat()
        .some((it) => it.command === command && it.is_ephemeral === true),
    )
}

/** The content of a forward of a stored message. */
export const forwardOf = (sim: Sim, message: Message): Content => ({
  forward_origin: originOf(sim, message),
  ...contentOf(message),
  ...invoiceOf(message),
})

/** The author, or in a channel any admin, changes text or caption. */
export function rewrite(
  sim: Sim,
  room: Room,
  it: { from: number; stored: Stored; text: string },
): void {
  const { from, stored, text } = it
  const admin = room.chat.type === 'channel' && isAdmin(room.members.get(from))
  if (stored.author !== from && !admin) throw badRequest('from: not the author')
  const { message } = stored
  const entities = detectEntities(text)
  const list = entities.length > 0
  if (message.text !== undefined) {
    editMessage(sim, room, { stored, content: { text, ...(list && { entities }) } })
    return
  }
  const { caption: _caption, caption_entities: _entities, ...media } = contentOf(message)
  const words = { caption: text, ...(list && { caption_entities: entities }) }
  editMessage(sim, room, { stored, content: { ...media, ...words } })
}

export interface Pressing {
  readonly from: number
  readonly messageId?: number | undefined
  readonly ephemeralId?: number | undefined
  readonly data: string
}

/** A press of a callback button; `data` is not compared with the keyboard, since a changed client may forge it. */
export function press(sim: Sim, room: Room, it: Pressing): Press {
  const stored =
    it.ephemeralId === undefined
      ? room.messages.get(it.messageId ?? 0)
      : room.ephemerals.get(it.ephemeralId)
  if (stored === undefined) throw badRequest('message_id: unknown message')
  const bot = stored.botId === undefined ? undefined : sim.world.bots.get(stored.botId)
  if (bot === undefined) throw badRequest('message_id: not a message of a bot')
  if (!sim.world.people.has(it.from)) throw badRequest('from: unknown user')
  const serial = sim.world.nextSerial
  sim.world.nextSerial += 1
  const made: Press = {
    id: `${serial}${String(sim.now()).slice(-9)}`,
    botId: bot.user.id,
    at: sim.now(),
    from: it.from,
    room: room.key,
    messageId: it.messageId,
    ephemeralId: it.ephemeralId,
    answer: undefined,
  }
  sim.world.presses.set(made.id, made)
  const inlineId = inlineIdOf(sim, room, stored)
  sim.mail.push(bot, {
    callback_query: {
      id: made.id,
      from: userOf(sim.world, it.from),
      ...(inlineId === undefined
        ? { message: structuredClone(stored.message) }
        : { inline_message_id: inlineId }),
      chat_instance: room.key,
      data: it.data,
    },
  })
  return made
}

/** The id of an inline message: its bot never gets the message itself. */
function inlineIdOf(sim: Sim, room: Room, { message }: Stored): string | undefined {
  for (const [id, place] of sim.world.inlineMessages) {
    if (place.room === room.key && place.messageId === message.message_id) return id
  }
  return undefined
}

/** A person answers a `request_chat` button: their rights are checked, the bot is made admin if the button asks for it. */
export function shareChat(
  sim: Sim,
  room: Room,
  it: { from: number; requestId: number; shared: Room },
): Stored {
  const { from, requestId, shared } = it
  const request = requestOf(room, requestId)
  const bot = room.botId === undefined ? undefined : sim.world.bots.get(room.botId)
  if (request === undefined || bot === undefined) throw badRequest('request_id: no such button')
  if ((request['chat_is_channel'] === true) !== (shared.chat.type === 'channel')) {
    throw badRequest('chat: not of the requested kind')
  }
  const asked = request['user_administrator_rights']
  if (isRecord(asked) && !hasRights(shared, from, asked))
    throw badRequest('from: lacks the requested rights')
  promoteByRequest(sim, shared, { bot, from, request })
  const withTitle = request['request_title'] === true && shared.chat.type !== 'private'
  return addMessage(sim, room, {
    author: from,
    content: {
      from: userOf(sim.world, from),
      chat_shared: {
        request_id: requestId,
        chat_id: shared.chat.id,
        ...(withTitle && { title: shared.chat.title }),
      },
    },
  })
}

function requestOf(room: Room, requestId: number): Record<string, unknown> | undefined {
  const buttons: unknown[] = room.keyboard?.keyboard.flat() ?? []
  for (const button of buttons) {
    const request = isRecord(button) ? button['request_chat'] : undefined
    if (isRecord(request) && request['request_id'] === requestId) return request
  }
  return undefined
}

function hasRights(room: Room, id: number, asked: Record<string, unknown>): boolean {
  const member = room.members.get(id)
  if (member?.status === 'creator') return true
  const own: Readonly<Record<string, unknown>> = { ...member?.rights }
  return Object.entries(asked).every(([right, wanted]) => wanted !== true || own[right] === true)
}

function promoteByRequest(
  sim: Sim,
  shared: Room,
  it: { bot: Bot; from: number; request: Record<string, unknown> },
): void {
  const wanted = it.request['bot_administrator_rights']
  const member = shared.members.get(it.bot.user.id)
  if (!isRecord(wanted)) {
    if (it.request['bot_is_member'] === true && !isBusy(member)) {
      changeMember(sim, shared, { id: it.bot.user.id, status: 'member', by: it.from })
    }
    return
  }
  const rights: ChatAdministratorRights = { ...noRights, ...member?.rights }
  for (const [right, on] of Object.entries(wanted))
    if (on === true) Object.assign(rights, { [right]: true })
  changeMember(sim, shared, { id: it.bot.user.id, status: 'administrator', rights, by: it.from })
}

/** A person's reaction; bots that are admins and asked for it are told. */
export function react(sim: Sim, room: Room, it: { stored: Stored; reaction: Reaction }): void {
  const { stored, reaction } = it
  const before = stored.reactions.find((other) => other.actor === reaction.actor)
  stored.reactions = stored.reactions.filter((other) => other.actor !== reaction.actor)
  if (reaction.types.length > 0) stored.reactions.push(reaction)
  showMessage(sim, room, stored)
  for (const bot of sim.world.bots.values()) {
    const told = room.chat.type === 'private' ? false : isAdmin(room.members.get(bot.user.id))
    if (!told) continue
    sim.mail.push(bot, {
      message_reaction: {
        chat: room.chat,
        message_id: stored.message.message_id,
        user: userOf(sim.world, reaction.actor),
        date: unixTime(sim),
        old_reaction: before?.types ?? [],
        new_reaction: reaction.types,
      },
    })
  }
}
