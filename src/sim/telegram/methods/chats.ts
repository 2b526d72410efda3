/** @module Methods about chats, members and files. */
import type { ChatMember } from '@grammyjs/types'
import { openLink } from '../files.ts'
import { changeMember, memberOf } from '../membership.ts'
import { addMessage } from '../messages.ts'
import { badRequest } from '../refusal.ts'
import { roomForBot } from '../rooms.ts'
import { isAdmin, type Room } from '../world.ts'
import type { Method, MethodCall } from './call.ts'

const roomOfCall = ({ sim, bot, params }: MethodCall): Room =>
  roomForBot(sim, bot, params.text('chat_id'))

const getChat: Method = (call) => {
  const room = roomOfCall(call)
  const pinned = room.messages.get(room.pinned.at(-1) ?? 0)
  const base = { ...room.chat, accent_color_id: 0, max_reaction_count: 11 }
  return {
    ...base,
    ...(room.linked !== undefined && { linked_chat_id: room.linked }),
    ...(pinned !== undefined && { pinned_message: pinned.message }),
  }
}

const getChatMember: Method = (call) => {
  const room = roomOfCall(call)
  return memberOf(call.sim, room, call.params.int('user_id'))
}

const getChatAdministrators: Method = (call): ChatMember[] => {
  const { sim, bot } = call
  const room = roomOfCall(call)
  if (room.chat.type === 'private')
    throw badRequest('there are no administrators in the private chat')
  return [...room.members.values()]
    .filter((it) => isAdmin(it) && (it.id === bot.user.id || !sim.world.bots.has(it.id)))
    .map((it) => memberOf(sim, room, it.id))
}

const leaveChat: Method = (call) => {
  const room = roomOfCall(call)
  if (room.chat.type === 'private')
    throw badRequest("chat member status can't be changed in private chats")
  changeMember(call.sim, room, { id: call.bot.user.id, status: 'left', by: call.bot.user.id })
  return true
}

const pinChatMessage: Method = (call) => {
  const { sim, bot, params } = call
  const room = roomOfCall(call)
  const stored = room.messages.get(params.int('message_id'))
  if (stored === undefined) throw badRequest('message to pin not found')
  params.raw('disable_notification')
  checkMayPin(room, bot.user.id)
  room.pinned.push(stored.message.message_id)
  addMessage(sim, room, {
    botId: bot.user.id,
    content: {
      ...(room.chat.type !== 'channel' && { from: bot.user }),
      pinned_message: stored.message,
    },
  })
  return true
}

const unpinChatMessage: Method = (call) => {
  const room = roomOfCall(call)
  checkMayPin(room, call.bot.user.id)
  const id = call.params.optionalInt('message_id') ?? room.pinned.at(-1)
  room.pinned = room.pinned.filter((it) => it !== id)
  return true
}

function checkMayPin(room: Room, botId: number): void {
  if (room.chat.type === 'private') return
  const rights = room.members.get(botId)?.rights
  const right = room.chat.type === 'channel' ? rights?.can_edit_messages : rights?.can_pin_messages
  if (right !== true) throw badRequest('not enough rights to manage pinned messages in the chat')
}

const getFile: Method = ({ sim, params }) => {
  const file = openLink(sim, params.text('file_id'))
  return {
    file_id: file.id,
    file_unique_id: file.uniqueId,
    file_size: file.size,
    file_path: file.path,
  }
}

export const chatMethods: Readonly<Record<string, Method>> = {
  getchat: getChat,
  getchatmember: getChatMember,
  getchatadministrators: getChatAdministrators,
  leavechat: leaveChat,
  pinchatmessage: pinChatMessage,
  unpinchatmessage: unpinChatMessage,
  getfile: getFile,
}
