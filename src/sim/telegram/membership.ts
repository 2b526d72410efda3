/** @module Who is in a room and with which rights; changes are told to the bots they concern. */
import type { ChatMember, ChatMemberUpdated } from '@grammyjs/types'
import { addMessage } from './messages.ts'
import { userOf } from './rooms.ts'
import { type Sim, unixTime } from './sim.ts'
import { isAdmin, isBusy, type Member, noRights, type Rights, type Room } from './world.ts'

/** A member as the Bot API describes it; strangers have left. */
export function memberOf(sim: Sim, room: Room, id: number): ChatMember {
  return describeMember(sim, id, room.members.get(id))
}

function describeMember(sim: Sim, id: number, member: Member | undefined): ChatMember {
  const user = userOf(sim.world, id)
  if (member === undefined) return { status: 'left', user }
  switch (member.status) {
    case 'creator':
      return { status: 'creator', user, is_anonymous: member.anonymous }
    case 'administrator': {
      const rights = member.rights ?? noRights
      return {
        status: 'administrator',
        user,
        can_be_edited: false,
        ...rights,
        is_anonymous: member.anonymous,
      }
    }
    case 'member':
      return { status: 'member', user }
    case 'left':
      return { status: 'left', user }
    case 'kicked':
      return { status: 'kicked', user, until_date: 0 }
  }
}

export interface MemberChange {
  readonly id: number
  readonly status: Member['status']
  readonly rights?: Rights | undefined
  readonly anonymous?: boolean | undefined
  /** Who did it. */
  readonly by: number
}

/**
 * Changes a member and tells: the bot itself by `my_chat_member`, bots that are admins by `chat_member`, and
 * groups by a service message when somebody joined or left.
 */
export function changeMember(sim: Sim, room: Room, change: MemberChange): void {
  const before = room.members.get(change.id)
  const after: Member = {
    id: change.id,
    status: change.status,
    rights: change.status === 'administrator' ? (change.rights ?? noRights) : undefined,
    anonymous: change.anonymous ?? before?.anonymous ?? false,
  }
  room.members.set(change.id, after)
  const update: ChatMemberUpdated = {
    chat: room.chat,
    from: userOf(sim.world, change.by),
    date: unixTime(sim),
    old_chat_member: describeMember(sim, change.id, before),
    new_chat_member: describeMember(sim, change.id, after),
  }
  for (const bot of sim.world.bots.values()) {
    if (bot.user.id === change.id) sim.mail.push(bot, { my_chat_member: update })
    else if (isAdmin(room.members.get(bot.user.id))) sim.mail.push(bot, { chat_member: update })
  }
  announceMove(sim, room, { change, was: isBusy(before), is: isBusy(after) })
  sim.events.send({ type: 'world' })
}

function announceMove(
  sim: Sim,
  room: Room,
  it: { change: MemberChange; was: boolean; is: boolean },
): void {
  if (it.was === it.is || room.chat.type === 'channel' || room.chat.type === 'private') return
  const user = userOf(sim.world, it.change.id)
  const from = userOf(sim.world, it.change.by)
  addMessage(sim, room, {
    author: it.change.by,
    content: it.is ? { from, new_chat_members: [user] } : { from, left_chat_member: user },
  })
}

/** A person blocks or unblocks a bot: the bot hears it as a membership change of the private chat. */
export function setBlocked(sim: Sim, room: Room, blocked: boolean): void {
  const bot = room.botId === undefined ? undefined : sim.world.bots.get(room.botId)
  if (bot === undefined || room.blocked === blocked) return
  room.blocked = blocked
  const member: ChatMember = { status: 'member', user: bot.user }
  const kicked: ChatMember = { status: 'kicked', user: bot.user, until_date: 0 }
  sim.mail.push(bot, {
    my_chat_member: {
      chat: room.chat,
      from: userOf(sim.world, room.chat.id),
      date: unixTime(sim),
      old_chat_member: blocked ? member : kicked,
      new_chat_member: blocked ? kicked : member,
    },
  })
  sim.events.send({ type: 'world' })
}
