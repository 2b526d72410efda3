/** @module A call of the admin side, and how its fields name rooms, people and messages. */
import type { Upload } from '../multipart.ts'
import type { Params } from '../params.ts'
import { badRequest } from '../refusal.ts'
import { mainBot, privateRoom } from '../rooms.ts'
import type { Sim } from '../sim.ts'
import type { Bot, Room, Stored } from '../world.ts'

export interface AdminCall {
  readonly sim: Sim
  readonly params: Params
  readonly files: Map<string, Upload>
  /** The variable part of the path, e.g. the chat's id. */
  readonly path: string
  /** `http://127.0.0.1:4800`, for absolute links in answers. */
  readonly base: string
}

export interface Route {
  readonly verb: 'GET' | 'POST' | 'DELETE'
  /** Its one group is `path` of the call. */
  readonly pattern: RegExp
  readonly run: (call: AdminCall) => unknown
}

/** The bot a call means: `bot` by id, else the first one. */
export function botOf({ sim, params }: AdminCall): Bot {
  const id = params.optionalInt('bot')
  if (id === undefined) return mainBot(sim.world)
  const bot = sim.world.bots.get(id)
  if (bot === undefined) throw badRequest('bot: unknown')
  return bot
}

/** A room by id: a person's id is their private chat with the bot; a key `<bot>:<user>` works too. */
export function roomNamed(call: AdminCall, name: string): Room {
  return roomById(call, call.params.text(name), name)
}

export function roomById(call: AdminCall, id: string, field = 'chat'): Room {
  const { world } = call.sim
  const known = world.rooms.get(id)
  if (known !== undefined) return known
  const [first = '', second] = id.split(':')
  const person = world.people.get(Number(second ?? first))
  const bot = second === undefined ? botOf(call) : world.bots.get(Number(first))
  if (person === undefined || bot === undefined) throw badRequest(`${field}: unknown`)
  return privateRoom(world, bot, person)
}

export function messageNamed({ params }: AdminCall, room: Room): Stored {
  const ephemeral = params.optionalInt('ephemeral_message_id')
  const stored =
    ephemeral === undefined
      ? room.messages.get(params.int('message_id'))
      : room.ephemerals.get(ephemeral)
  if (stored === undefined) throw badRequest('message_id: unknown')
  return stored
}

export function personNamed({ sim, params }: AdminCall, name: string): number {
  const id = params.int(name)
  if (!sim.world.people.has(id)) throw badRequest(`${name}: unknown user`)
  return id
}
