/** @module Messages only one member of a group sees: who may send them, and when. */
import type { User } from '@grammyjs/types'
import type { MethodCall } from './methods/call.ts'
import { badRequest } from './refusal.ts'
import { userOf } from './rooms.ts'
import type { Sim } from './sim.ts'
import { isAdmin, isBusy, type Room, type Stored } from './world.ts'

/** How long a press, a command or an incoming ephemeral message may be answered so. */
const answerMs = 15_000

export interface Ephemeral {
  readonly receiver: number
  readonly user: User
  readonly replaces: number | undefined
}

/** Reads `ephemeral_message_parameters`. Throws 400 outside groups, for strangers, and without a right or a fresh cause. */
export function checkEphemeral(
  { sim, bot, params }: MethodCall,
  room: Room,
): Ephemeral | undefined {
  const given = params.optionalObject('ephemeral_message_parameters')
  if (given === undefined) return undefined
  if (room.chat.type !== 'group' && room.chat.type !== 'supergroup') {
    throw badRequest('ephemeral messages are available in groups and supergroups only')
  }
  const receiver = given.int('receiver_user_id')
  if (!isBusy(room.members.get(receiver))) throw badRequest('receiver is not a member of the chat')
  const pressId = given.optionalText('callback_query_id')
  const press = pressId === undefined ? undefined : sim.world.presses.get(pressId)
  const freshPress = press !== undefined && press.from === receiver && isFresh(sim, press.at)
  if (pressId !== undefined && !freshPress) {
    throw badRequest('query is too old and response timeout expired or query ID is invalid')
  }
  const reply = params.optionalObject('reply_parameters')?.optionalInt('ephemeral_message_id')
  if (reply !== undefined) checkReply(sim, room, { reply, receiver })
  const allowed =
    freshPress ||
    reply !== undefined ||
    isAdmin(room.members.get(bot.user.id)) ||
    spokeLately(sim, room, receiver)
  if (!allowed) throw badRequest('not enough rights to send ephemeral messages')
  const replaces = given.flag('replace_callback_query_message') ? press?.messageId : undefined
  return { receiver, user: userOf(sim.world, receiver), replaces }
}

function checkReply(sim: Sim, room: Room, it: { reply: number; receiver: number }): void {
  const target = room.ephemerals.get(it.reply)
  if (target === undefined) throw badRequest('message to be replied not found')
  if (target.author !== it.receiver || !isFresh(sim, target.message.date * 1000)) {
    throw badRequest('ephemeral message is too old to be replied')
  }
}

const isFresh = (sim: Sim, at: number): boolean => sim.now() - at <= answerMs

/** A command of the receiver within the last 15 s. */
function spokeLately(sim: Sim, room: Room, receiver: number): boolean {
  const isCommand = (it: Stored): boolean =>
    it.author === receiver &&
    isFresh(sim, it.message.date * 1000) &&
    (it.message.entities ?? []).some((entity) => entity.type === 'bot_command')
  return room.messages.values().some(isCommand) || room.ephemerals.values().some(isCommand)
}

/** The ephemeral message a call names by chat, receiver and id. Throws 400. */
export function ephemeralOf({ params }: MethodCall, room: Room): Stored {
  const receiver = params.int('receiver_user_id')
  const stored = room.ephemerals.get(params.int('ephemeral_message_id'))
  if (stored === undefined || stored.receiver !== receiver) {
    throw badRequest('message to edit not found')
  }
  return stored
}
