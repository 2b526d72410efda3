/** @module The world a newcomer finds: two people, a group, a forum, and a channel with its discussion group. */
import { createPerson, createRoom, mainBot } from './rooms.ts'
import type { Sim } from './sim.ts'
import { allRights } from './world.ts'

/** Fills an empty world. The bot is in the groups, as admin in the discussion group, and not yet in the channel. */
export function fillSampleWorld(sim: Sim): void {
  const { world } = sim
  const bot = mainBot(world).user.id
  const anna = createPerson(world, {
    firstName: 'Anna',
    lastName: 'Reed',
    username: 'anna_reed',
    language: 'en',
  })
  const lev = createPerson(world, {
    firstName: 'Лев',
    lastName: 'Орлов',
    username: 'lev_orlov',
    language: 'ru',
  })
  const [a, l] = [anna.user.id, lev.user.id]
  createRoom(world, { type: 'group', title: 'Weekend hikers', admins: [a], members: [l, bot] })
  const forum = createRoom(world, {
    type: 'supergroup',
    title: 'Neighbours',
    forum: true,
    admins: [a],
    members: [l, bot],
  })
  for (const [place, name] of ['Announcements', 'Small talk'].entries()) {
    const id = forum.nextMessageId + place
    forum.topics.set(id, { id, name, closed: false })
  }
  forum.nextMessageId += forum.topics.size
  const talk = createRoom(world, {
    type: 'supergroup',
    title: 'Slow Science talk',
    admins: [a],
    members: [l],
  })
  talk.members.set(bot, {
    id: bot,
    status: 'administrator',
    rights: { ...allRights },
    anonymous: false,
  })
  const channel = createRoom(world, {
    type: 'channel',
    title: 'Slow Science',
    username: 'slow_science',
    admins: [a],
    members: [l],
  })
  channel.linked = talk.chat.id
  talk.linked = channel.chat.id
}
