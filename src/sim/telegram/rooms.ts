/** @module People, bots and rooms: how they come into the world and how a bot finds them. */
import type { Chat, User } from '@grammyjs/types'
import { badRequest, forbidden } from './refusal.ts'
import type { Sim } from './sim.ts'
import {
  allRights,
  type Bot,
  isBusy,
  type Member,
  type Person,
  privateKey,
  type Room,
  roomOf,
  type World,
} from './world.ts'

export interface NewPerson {
  readonly firstName: string
  readonly lastName?: string | undefined
  readonly username?: string | undefined
  readonly language: string
  readonly premium?: boolean | undefined
}

export function createPerson(world: World, it: NewPerson): Person {
  const user: User = {
    id: world.nextUser,
    is_bot: false,
    first_name: it.firstName,
    ...(it.lastName !== undefined && { last_name: it.lastName }),
    ...(it.username !== undefined && { username: it.username }),
    language_code: it.language,
    ...(it.premium === true && { is_premium: true as const }),
  }
  world.nextUser += 1
  const person: Person = { user, deactivated: false }
  world.people.set(user.id, person)
  return person
}

export interface NewBot {
  readonly token: string
  readonly username: string
  readonly name: string
}

/** A bot as its token names it: the id is the number before the colon. */
export function createBot(world: World, it: NewBot): Bot {
  const id = Number(it.token.split(':')[0])
  const bot: Bot = {
    token: it.token,
    user: { id, is_bot: true, first_name: it.name, username: it.username },
    privacy: true,
    inlineMode: true,
    guestMode: true,
    topicsMode: false,
    inlineFeedback: true,
    allowedUpdates: undefined,
    webhook: undefined,
    nextUpdateId: 100_000_001,
    waiting: [],
    commands: new Map(),
    profile: new Map(),
    menuButtons: new Map(),
    defaultRights: new Map(),
  }
  world.bots.set(id, bot)
  return bot
}

export interface NewRoom {
  readonly type: 'group' | 'supergroup' | 'channel'
  readonly title: string
  readonly username?: string | undefined
  readonly forum?: boolean | undefined
  /** The first is the creator. */
  readonly admins: readonly number[]
  readonly members: readonly number[]
}

/** Ids as in the real API: groups negative, supergroups and channels −100…. */
export function createRoom(world: World, it: NewRoom): Room {
  const id = it.type === 'group' ? -world.nextChat : -1_000_000_000_000 - world.nextChat
  world.nextChat += 1
  const room = emptyRoom(String(id), newChat(id, it))
  room.nextMessageId = world.firstMessageId
  for (const [place, admin] of it.admins.entries()) {
    const status = place === 0 ? 'creator' : 'administrator'
    room.members.set(admin, { id: admin, status, rights: { ...allRights }, anonymous: false })
  }
  for (const member of it.members) {
    if (!room.members.has(member)) room.members.set(member, plainMember(member))
  }
  world.rooms.set(room.key, room)
  return room
}

/** The chat of a group or channel as the Bot API describes it. */
export function newChat(
  id: number,
  { type, title, username, forum }: Pick<NewRoom, 'type' | 'title' | 'username' | 'forum'>,
): Chat {
  switch (type) {
    case 'group':
      return { id, type, title }
    case 'channel':
      return { id, type, title, ...(username !== undefined && { username }) }
    case 'supergroup':
      return {
        id,
        type,
        title,
        ...(username !== undefined && { username }),
        ...(forum === true && { is_forum: true as const }),
      }
  }
}

const plainMember = (id: number): Member => ({
  id,
  status: 'member',
  rights: undefined,
  anonymous: false,
})

export function emptyRoom(key: string, chat: Chat, botId?: number): Room {
  return {
    key,
    chat,
    botId,
    members: new Map(),
    messages: new Map(),
    ephemerals: new Map(),
    topics: new Map(),
    nextMessageId: 1,
    linked: undefined,
    migratedTo: undefined,
    started: false,
    blocked: false,
    pinned: [],
    keyboard: undefined,
    draft: undefined,
    stoppedDrafts: [],
    frames: [],
    action: undefined,
  }
}

/** The private chat of a person and a bot; made when first looked at. */
export function privateRoom(world: World, bot: Bot, person: Person): Room {
  const { id, first_name, last_name, username } = person.user
  const key = privateKey(bot.user.id, id)
  const found = world.rooms.get(key)
  if (found !== undefined) return found
  const chat: Chat = {
    id,
    type: 'private',
    first_name,
    ...(last_name !== undefined && { last_name }),
    ...(username !== undefined && { username }),
  }
  const room = emptyRoom(key, chat, bot.user.id)
  room.nextMessageId = world.firstMessageId
  world.rooms.set(key, room)
  return room
}

/** The first bot: the one admin calls mean unless they name another. */
export function mainBot(world: World): Bot {
  const bot = world.bots.values().next().value
  if (bot === undefined) throw badRequest('there is no bot')
  return bot
}

const kindOf = (room: Room): string =>
  room.chat.type === 'private' ? 'private chat' : `${room.chat.type} chat`

/** The user object of a person or bot; a nameless one for an id nobody has. */
export function userOf(world: World, id: number): User {
  return (
    world.people.get(id)?.user ??
    world.bots.get(id)?.user ?? { id, is_bot: false, first_name: 'Unknown' }
  )
}

/** Finds a chat by the bot's `chat_id` (number or @name) and checks that the bot may look at it. */
export function roomForBot(sim: Sim, bot: Bot, chatId: string): Room {
  const room = findRoom(sim.world, bot, chatId)
  if (room === undefined) throw badRequest('chat not found')
  if (room.migratedTo !== undefined) {
    throw badRequest('group chat was upgraded to a supergroup chat', {
      migrate_to_chat_id: room.migratedTo,
    })
  }
  if (room.chat.type !== 'private') checkMembership(room, bot)
  return room
}

function findRoom(world: World, bot: Bot, chatId: string): Room | undefined {
  if (chatId.startsWith('@')) {
    const name = chatId.slice(1).toLowerCase()
    return [...world.rooms.values()].find(
      (it) => it.chat.type !== 'private' && it.chat.username?.toLowerCase() === name,
    )
  }
  const id = Number(chatId)
  if (!Number.isSafeInteger(id) || id === 0) throw badRequest('chat not found')
  if (id < 0) return roomOf(world, id)
  const person = world.people.get(id)
  return person === undefined ? undefined : privateRoom(world, bot, person)
}

function checkMembership(room: Room, bot: Bot): void {
  const member = room.members.get(bot.user.id)
  if (member?.status === 'kicked') throw forbidden(`bot was kicked from the ${kindOf(room)}`)
  if (!isBusy(member)) throw forbidden(`bot is not a member of the ${kindOf(room)}`)
}

/** Like `roomForBot`, and the bot may write there. */
export function roomForSending(sim: Sim, bot: Bot, chatId: string): Room {
  const room = roomForBot(sim, bot, chatId)
  if (room.chat.type === 'private') {
    const person = sim.world.people.get(room.chat.id)
    if (person?.deactivated === true) throw forbidden('user is deactivated')
    if (room.blocked) throw forbidden('bot was blocked by the user')
    if (!room.started) throw forbidden("bot can't initiate conversation with a user")
  }
  if (room.chat.type === 'channel') {
    const member = room.members.get(bot.user.id)
    if (member?.rights?.can_post_messages !== true) {
      throw badRequest('not enough rights to send text messages to the chat')
    }
  }
  return room
}
