/** @module What survives a restart of the simulator: who is where, by numbers. No name, no title and no message is ever written. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import type { ChatAdministratorRights } from '@grammyjs/types'
import { z } from 'zod'
import { describe } from '../../core/describe.ts'
import { parseJson } from './body.ts'
import { emptyRoom, newChat } from './rooms.ts'
import type { Sim } from './sim.ts'
import { noRights, type Room, roomOf, type World } from './world.ts'

const memberSchema = z.object({
  id: z.number(),
  status: z.enum(['creator', 'administrator', 'member', 'left', 'kicked']),
  rights: z.record(z.string(), z.boolean()).optional(),
  anonymous: z.boolean(),
})
const lineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('person'), id: z.number(), language: z.string().max(16) }),
  z.object({
    kind: z.literal('private'),
    key: z.string(),
    started: z.boolean(),
    blocked: z.boolean(),
  }),
  z.object({
    kind: z.literal('room'),
    id: z.number(),
    type: z.enum(['group', 'supergroup', 'channel']),
    forum: z.boolean(),
    linked: z.number().optional(),
    migratedTo: z.number().optional(),
    members: z.array(memberSchema),
  }),
])
type Line = z.infer<typeof lineSchema>

/**
 * Restores people and rooms from `file` into a world that may hold the sample already, then keeps `file` up to date:
 * one JSON line for each change, written before the caller hears of it, so that also a killed process loses none.
 * People come back as "Person", rooms as "Group" and "Channel": their words were never kept. The file is 0600.
 */
export function keepMemory(sim: Sim, file: string): void {
  for (const line of readLines(file)) restore(sim.world, line)
  const written = new Map<string, string>()
  const changes = (): string => {
    let text = ''
    for (const line of linesOf(sim.world)) {
      const id = line.kind === 'private' ? line.key : `${line.kind} ${line.id}`
      // People never change, and there may be thousands.
      if (line.kind === 'person' && written.has(id)) continue
      const json = JSON.stringify(line)
      if (written.get(id) === json) continue
      written.set(id, json)
      text += `${json}\n`
    }
    return text
  }
  writeFileSync(file, changes(), { mode: 0o600 })
  sim.events.listen((event) => {
    if (event.type !== 'world' && event.type !== 'message') return
    if (event.type === 'message' && !isNews(sim.world, written, event['room'])) return
    const text = changes()
    if (text !== '') append(sim, file, text)
  })
}

/** A full disk must not stop the chat: it only forgets more at the next start. */
function append(sim: Sim, file: string, text: string): void {
  try {
    appendFileSync(file, text)
  } catch (error) {
    sim.log.failure('memory.write-failed', describe(error))
  }
}

/** Messages come by the thousand: only the first one of a private chat changes what is kept. */
function isNews(world: World, written: ReadonlyMap<string, string>, key: unknown): boolean {
  const room = typeof key === 'string' ? world.rooms.get(key) : undefined
  if (room?.chat.type !== 'private') return false
  return written.get(room.key) !== JSON.stringify(privateLine(room))
}

/** Lines of a file that may be missing, or cut in its last line by a kill. */
function readLines(file: string): Line[] {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => {
    const parsed = lineSchema.safeParse(parseJson(line))
    return parsed.success ? [parsed.data] : []
  })
}

function* linesOf(world: World): Generator<Line> {
  for (const { user } of world.people.values()) {
    yield { kind: 'person', id: user.id, language: user.language_code ?? 'en' }
  }
  for (const room of world.rooms.values()) {
    if (room.chat.type !== 'private') yield roomLine(room)
    else if (room.started) yield privateLine(room)
  }
}

const privateLine = ({ key, started, blocked }: Room): Line => ({
  kind: 'private',
  key,
  started,
  blocked,
})

function roomLine(room: Room): Line {
  const { chat, linked, migratedTo } = room
  return {
    kind: 'room',
    id: chat.id,
    type: chat.type === 'private' ? 'group' : chat.type,
    forum: chat.is_forum === true,
    ...(linked !== undefined && { linked }),
    ...(migratedTo !== undefined && { migratedTo }),
    members: [...room.members.values()].map(({ id, status, rights, anonymous }) => ({
      id,
      status,
      anonymous,
      ...(rights !== undefined && { rights: { ...rights } }),
    })),
  }
}

function restore(world: World, line: Line): void {
  switch (line.kind) {
    case 'person':
      if (!world.people.has(line.id)) {
        const user = {
          id: line.id,
          is_bot: false,
          first_name: 'Person',
          language_code: line.language,
        }
        world.people.set(line.id, { user, deactivated: false })
      }
      return
    case 'private':
      restorePrivate(world, line)
      return
    case 'room':
      restoreRoom(world, line)
  }
}

function restorePrivate(world: World, line: Extract<Line, { kind: 'private' }>): void {
  const [botId, userId] = line.key.split(':').map(Number)
  const person = world.people.get(userId ?? 0)
  if (botId === undefined || person === undefined || !world.bots.has(botId)) return
  const { id, first_name } = person.user
  const room =
    world.rooms.get(line.key) ?? emptyRoom(line.key, { id, type: 'private', first_name }, botId)
  room.nextMessageId = Math.max(room.nextMessageId, world.firstMessageId)
  room.started = line.started
  room.blocked = line.blocked
  world.rooms.set(line.key, room)
}

function restoreRoom(world: World, line: Extract<Line, { kind: 'room' }>): void {
  const { id, type, forum, linked, migratedTo } = line
  const title = type === 'channel' ? 'Channel' : 'Group'
  const room = roomOf(world, id) ?? emptyRoom(String(id), newChat(id, { type, title, forum }))
  room.nextMessageId = Math.max(room.nextMessageId, world.firstMessageId)
  room.linked = linked
  room.migratedTo = migratedTo
  room.members.clear()
  for (const { rights, ...member } of line.members) {
    room.members.set(member.id, { ...member, rights: rights && rightsFrom(rights) })
  }
  world.rooms.set(room.key, room)
}

function rightsFrom(given: Readonly<Record<string, boolean>>): ChatAdministratorRights {
  const rights = { ...noRights }
  for (const name of Object.keys(rights)) {
    if (given[name] !== undefined) Object.assign(rights, { [name]: given[name] })
  }
  return rights
}
