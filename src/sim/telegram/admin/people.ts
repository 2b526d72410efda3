/** @module Admin calls that build the world: people, bots, rooms, membership. */
import { changeMember, setBlocked } from '../membership.ts'
import { addMessage } from '../messages.ts'
import type { Params } from '../params.ts'
import { badRequest } from '../refusal.ts'
import { createBot, createPerson, createRoom, emptyRoom, userOf } from '../rooms.ts'
import { allRights, type Member, noRights, type Rights, type Room, roomOf } from '../world.ts'
import { type AdminCall, botOf, personNamed, type Route, roomById, roomNamed } from './call.ts'

function createUser({ sim, params }: AdminCall): unknown {
  const person = createPerson(sim.world, {
    firstName: params.text('first_name'),
    lastName: params.optionalText('last_name'),
    username: params.optionalText('username'),
    language: params.optionalText('language_code') ?? 'en',
    premium: params.flag('is_premium'),
  })
  sim.events.send({ type: 'world' })
  return { ...person.user }
}

const roomTypes = ['group', 'supergroup', 'channel'] as const
const isRoomType = (text: string): text is (typeof roomTypes)[number] =>
  roomTypes.some((it) => it === text)

function ids(params: Params, name: string): number[] {
  const list = params.list(name) ?? []
  if (!list.every((it) => typeof it === 'number')) throw badRequest(`${name}: list of ids expected`)
  return list
}

/** The first admin (or, without admins, the first member) becomes the creator. */
function createChat(call: AdminCall): unknown {
  const { sim, params } = call
  const type = params.text('type')
  if (!isRoomType(type)) throw badRequest('type: group, supergroup or channel expected')
  const members = ids(params, 'members')
  const admins = ids(params, 'admins')
  for (const id of [...members, ...admins]) {
    if (!sim.world.people.has(id) && !sim.world.bots.has(id))
      throw badRequest('members: unknown user')
  }
  const people = admins.filter((id) => sim.world.people.has(id))
  const creator = people[0] ?? members.find((id) => sim.world.people.has(id))
  const botAdmins = admins.filter((id) => sim.world.bots.has(id))
  const botMembers = members.filter((id) => sim.world.bots.has(id) && !botAdmins.includes(id))
  const room = createRoom(sim.world, {
    type,
    title: params.text('title'),
    username: params.optionalText('username'),
    forum: params.flag('is_forum'),
    admins: creator === undefined ? [] : [...new Set([creator, ...people])],
    members: members.filter((id) => sim.world.people.has(id)),
  })
  const by = creator ?? 0
  for (const id of botAdmins) {
    changeMember(sim, room, { id, status: 'administrator', rights: allRights, by })
  }
  for (const id of botMembers) changeMember(sim, room, { id, status: 'member', by })
  const linked = params.optionalInt('linked')
  if (linked !== undefined) link(room, roomOf(sim.world, linked))
  sim.events.send({ type: 'world' })
  return { id: room.chat.id }
}

function link(channel: Room, group: Room | undefined): void {
  if (channel.chat.type !== 'channel' || group?.chat.type !== 'supergroup') {
    throw badRequest('linked: a channel is linked to a supergroup')
  }
  channel.linked = group.chat.id
  group.linked = channel.chat.id
}

const statuses = ['creator', 'administrator', 'member', 'left', 'kicked'] as const
const isStatus = (text: string): text is Member['status'] => statuses.some((it) => it === text)

/** Adds, promotes, demotes or removes a person or bot; `rights` is an object, `all` or absent (none but being admin). */
function setMember(call: AdminCall): unknown {
  const { sim, params, path } = call
  const room = roomById(call, path)
  const id = params.int('user')
  if (!sim.world.people.has(id) && !sim.world.bots.has(id)) throw badRequest('user: unknown')
  const status = params.optionalText('status') ?? 'member'
  if (!isStatus(status)) throw badRequest('status: unknown')
  const by = params.optionalInt('by') ?? creatorOf(room)
  const anonymous = params.has('anonymous') ? params.flag('anonymous') : undefined
  changeMember(sim, room, { id, status, rights: rightsOf(params), anonymous, by })
  return { ok: true }
}

const creatorOf = (room: Room): number =>
  room.members.values().find((it) => it.status === 'creator')?.id ?? 0

function rightsOf(params: Params): Rights | undefined {
  if (params.raw('rights') === 'all') return allRights
  const given = params.optionalObject('rights')
  if (given === undefined) return undefined
  const rights = { ...noRights }
  for (const name of Object.keys(allRights)) {
    if (given.has(name)) Object.assign(rights, { [name]: given.flag(name) })
  }
  return rights
}

function addTopic(call: AdminCall): unknown {
  const { sim, params, path } = call
  const room = roomById(call, path)
  if (room.chat.is_forum !== true) throw badRequest('chat: not a forum')
  const name = params.text('name')
  const by = creatorOf(room)
  const created = addMessage(sim, room, {
    author: by,
    content: { from: userOf(sim.world, by), forum_topic_created: { name, icon_color: 7_322_096 } },
  })
  const id = created.message.message_id
  room.topics.set(id, { id, name, closed: false })
  sim.events.send({ type: 'world' })
  return { id }
}

/** A group becomes a supergroup with the same members; the old room only points to the new one. */
function migrate(call: AdminCall): unknown {
  const { sim, path } = call
  const old = roomById(call, path)
  if (old.chat.type !== 'group') throw badRequest('chat: not a group')
  const { id: oldId, title } = old.chat
  const id = -1_000_000_000_000 - sim.world.nextChat
  sim.world.nextChat += 1
  const room = emptyRoom(String(id), { id, type: 'supergroup', title })
  for (const [memberId, member] of old.members) room.members.set(memberId, { ...member })
  sim.world.rooms.set(room.key, room)
  const from = userOf(sim.world, creatorOf(old))
  addMessage(sim, old, { author: from.id, content: { from, migrate_to_chat_id: id } })
  addMessage(sim, room, { author: from.id, content: { from, migrate_from_chat_id: oldId } })
  old.migratedTo = id
  sim.events.send({ type: 'world' })
  return { id }
}

/** A second bot, or changed switches of a known one. */
function setBot(call: AdminCall): unknown {
  const { sim, params } = call
  const token = params.optionalText('token')
  const bot =
    token === undefined
      ? botOf(call)
      : createBot(sim.world, {
          token,
          username: params.text('username'),
          name: params.text('name'),
        })
  if (params.has('privacy')) bot.privacy = params.flag('privacy')
  if (params.has('inline_mode')) bot.inlineMode = params.flag('inline_mode')
  if (params.has('guest_mode')) bot.guestMode = params.flag('guest_mode')
  sim.events.send({ type: 'world' })
  return { id: bot.user.id, username: bot.user.username }
}

export const peopleRoutes: readonly Route[] = [
  { verb: 'POST', pattern: /^\/sim\/users$/, run: createUser },
  {
    verb: 'POST',
    pattern: /^\/sim\/users\/(\d+)\/deactivate$/,
    run: ({ sim, path }) => {
      const person = sim.world.people.get(Number(path))
      if (person === undefined) throw badRequest('user: unknown')
      person.deactivated = true
      return { ok: true }
    },
  },
  { verb: 'POST', pattern: /^\/sim\/bots$/, run: setBot },
  { verb: 'POST', pattern: /^\/sim\/chats$/, run: createChat },
  { verb: 'POST', pattern: /^\/sim\/chats\/(-?[\d:]+)\/members$/, run: setMember },
  { verb: 'POST', pattern: /^\/sim\/chats\/(-?[\d:]+)\/topics$/, run: addTopic },
  { verb: 'POST', pattern: /^\/sim\/chats\/(-?[\d:]+)\/migrate$/, run: migrate },
  {
    verb: 'POST',
    pattern: /^\/sim\/block$/,
    run: (call) => {
      const id = personNamed(call, 'from')
      setBlocked(
        call.sim,
        roomById(call, String(id)),
        !call.params.has('blocked') || call.params.flag('blocked'),
      )
      return { ok: true }
    },
  },
  {
    verb: 'POST',
    pattern: /^\/sim\/links$/,
    run: (call) => {
      link(roomNamed(call, 'channel'), roomNamed(call, 'group'))
      return { ok: true }
    },
  },
]
