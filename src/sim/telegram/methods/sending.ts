/** @module Methods that put a new message into a chat. */
import type { Message } from '@grammyjs/types'
import { isRecord } from '../body.ts'
import { fileParameter, type MediaKind, mediaContent } from '../files.ts'
import { addMessage, type Content, contentOf, invoiceOf, originOf } from '../messages.ts'
import {
  countSend,
  endDraft,
  maxCaptionChars,
  maxTextChars,
  send,
  senderOf,
  targetRoom,
  textContent,
  threadOf,
} from '../outgoing.ts'
import { Params } from '../params.ts'
import { badRequest } from '../refusal.ts'
import { parseRich } from '../rich.ts'
import { roomForBot } from '../rooms.ts'
import type { Room, Stored } from '../world.ts'
import type { Method, MethodCall } from './call.ts'

const sendMessage: Method = (call) => {
  const room = targetRoom(call)
  return send(
    call,
    room,
    textContent(call.params, { text: 'text', entities: 'entities' }, maxTextChars),
  )
}

const sendRichMessage: Method = (call) => {
  const room = targetRoom(call)
  const where = { draft: false, privateChat: room.chat.type === 'private' }
  return send(call, room, { rich_message: parseRich(call.params.json('rich_message'), where) })
}

/** A method that sends one file of `kind` with an optional caption. */
const sendMedia =
  (kind: MediaKind): Method =>
  (call) => {
    const { sim, params, files } = call
    const room = targetRoom(call)
    const caption = captionOf(params)
    const file = fileParameter(sim, kind, { value: params.optionalText(kind), files })
    params.raw('thumbnail')
    params.raw('disable_content_type_detection')
    const facts = {
      duration: params.optionalInt('duration'),
      length: params.optionalInt('length'),
      title: params.optionalText('title'),
      performer: params.optionalText('performer'),
    }
    return send(call, room, { ...mediaContent(kind, file, facts), ...caption })
  }

const captionOf = (params: Params): Content =>
  textContent(params, { text: 'caption', entities: 'caption_entities' }, maxCaptionChars)

const albumKinds: Readonly<Record<string, MediaKind>> = {
  photo: 'photo',
  video: 'video',
  audio: 'audio',
  document: 'document',
}

const sendMediaGroup: Method = (call) => {
  const { sim, params, files } = call
  const room = targetRoom(call)
  const media = params.list('media') ?? []
  if (media.length < 2 || media.length > 10)
    throw badRequest('album must contain from 2 to 10 media')
  const group = `${sim.now()}${sim.world.nextSerial}`
  const contents = media.map((it) => albumPart(call, it))
  return contents.map((content) =>
    send({ ...call, files }, room, { ...content, media_group_id: group }),
  )
}

function albumPart({ sim, files }: MethodCall, value: unknown): Content {
  const part = new Params(isRecord(value) ? value : {})
  const kind = albumKinds[part.text('type')]
  if (kind === undefined) throw badRequest('unsupported media type in an album')
  const file = fileParameter(sim, kind, { value: part.text('media'), files })
  return { ...mediaContent(kind, file, {}), ...captionOf(part) }
}

/** The message a forward or copy takes: from another chat the bot can see. */
function sourceOf({ sim, bot, params }: MethodCall, id: number, name: 'forward' | 'copy'): Stored {
  const from = roomForBot(sim, bot, params.text('from_chat_id'))
  const stored = from.messages.get(id)
  if (stored === undefined) throw badRequest(`message to ${name} not found`)
  if (stored.message.has_protected_content === true) {
    throw badRequest("message has protected content and can't be forwarded")
  }
  return stored
}

function forwardOne(call: MethodCall, room: Room, id: number): Message {
  const { sim, bot, params } = call
  const { message } = sourceOf(call, id, 'forward')
  countSend(sim, bot, room)
  const thread = threadOf(room, bot, { wanted: params.optionalInt('message_thread_id'), reply: {} })
  const stored = addMessage(sim, room, {
    botId: bot.user.id,
    content: {
      ...senderOf(bot, room),
      ...thread,
      forward_origin: originOf(sim, message),
      ...contentOf(message),
      ...invoiceOf(message),
    },
  })
  endDraft(sim, room, bot)
  return stored.message
}

function copyOne(call: MethodCall, room: Room, id: number): { message_id: number } {
  const content = contentOf(sourceOf(call, id, 'copy').message)
  const caption = call.params.has('caption') ? captionOf(call.params) : {}
  return { message_id: send(call, room, { ...content, ...caption }).message_id }
}

const idsOf = (params: Params): number[] =>
  (params.list('message_ids') ?? []).map((it) => new Params({ id: it }).int('id'))

export const sendingMethods: Readonly<Record<string, Method>> = {
  sendmessage: sendMessage,
  sendrichmessage: sendRichMessage,
  senddocument: sendMedia('document'),
  sendvoice: sendMedia('voice'),
  sendaudio: sendMedia('audio'),
  sendvideo: sendMedia('video'),
  sendphoto: sendMedia('photo'),
  sendmediagroup: sendMediaGroup,
  forwardmessage: (call) => forwardOne(call, targetRoom(call), call.params.int('message_id')),
  copymessage: (call) => copyOne(call, targetRoom(call), call.params.int('message_id')),
  forwardmessages: (call) => {
    const room = targetRoom(call)
    return idsOf(call.params).map((id) => ({ message_id: forwardOne(call, room, id).message_id }))
  },
  copymessages: (call) => {
    const room = targetRoom(call)
    return idsOf(call.params).map((id) => copyOne(call, room, id))
  },
}
