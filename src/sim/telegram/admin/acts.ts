/** @module Admin calls for what people do: write, send, press, stop, edit, delete, react, share. */
import { isRecord } from '../body.ts'
import { type MediaKind, mediaKinds, storeFile } from '../files.ts'
import { forwardOf, press, react, rewrite, shareChat, type Writing, write } from '../incoming.ts'
import { type Content, dropMessage } from '../messages.ts'
import { stopDraft } from '../methods/drafts.ts'
import { parseReaction } from '../methods/editing.ts'
import { Params } from '../params.ts'
import { badRequest } from '../refusal.ts'
import { userOf } from '../rooms.ts'
import { unixTime } from '../sim.ts'
import { isWebm, webmToOgg } from '../webm-to-ogg.ts'
import { isAdmin, type Room } from '../world.ts'
import {
  type AdminCall,
  messageNamed,
  personNamed,
  type Route,
  roomById,
  roomNamed,
} from './call.ts'

function postMessage(call: AdminCall): unknown {
  const { sim, params } = call
  const room = roomNamed(call, 'chat')
  const from = personNamed(call, 'from')
  const writing: Writing = {
    from,
    text: params.optionalText('text'),
    caption: params.optionalText('caption'),
    replyTo: params.optionalInt('reply_to'),
    quote: params.optionalText('quote'),
    threadId: params.optionalInt('thread'),
    albumId: params.optionalText('album'),
    ephemeral: params.flag('ephemeral'),
    forward: forwardFrom(call),
    media: mediaOf(call),
  }
  const { message } = write(sim, room, writing)
  return {
    message_id: message.message_id,
    ...(message.ephemeral_message_id !== undefined && {
      ephemeral_message_id: message.ephemeral_message_id,
    }),
  }
}

/** The one media part of a multipart request. `size` pretends a bigger file, `file_name` a name. */
function mediaOf({ sim, params, files }: AdminCall): Writing['media'] {
  const kind = mediaKinds.find((it) => files.has(it))
  const upload = kind === undefined ? undefined : files.get(kind)
  if (kind === undefined || upload === undefined) return undefined
  const name = params.optionalText('file_name') ?? upload.fileName
  const repacked = kind === 'voice' && isWebm(upload.bytes) ? webmToOgg(upload.bytes) : undefined
  const file = storeFile(sim, {
    kind,
    name: name === '' || repacked !== undefined ? nameless(kind) : name,
    type: repacked === undefined ? upload.type : 'audio/ogg',
    bytes: repacked ?? upload.bytes,
    pretendedSize: params.optionalInt('size'),
  })
  const facts = { duration: params.optionalInt('duration'), title: params.optionalText('title') }
  return { kind, file, facts }
}

const nameless = (kind: MediaKind): string => (kind === 'voice' ? 'voice.ogg' : kind)

/**
 * `forward_from`: a person's id, a hidden sender's name, or `{chat, message_id}` of a message to forward whole.
 */
function forwardFrom(call: AdminCall): Content | undefined {
  const { sim, params } = call
  const given = params.raw('forward_from')
  if (given === undefined) return undefined
  const date = unixTime(sim)
  const value = typeof given === 'string' ? (asId(given) ?? params.json('forward_from')) : given
  if (typeof value === 'number') {
    const sender = sim.world.people.get(value)
    if (sender === undefined) throw badRequest('forward_from: unknown user')
    return { forward_origin: { type: 'user', sender_user: sender.user, date } }
  }
  if (isRecord(value)) return wholeForward(call, value)
  throw badRequest('forward_from: user id or {chat, message_id} or {name} expected')
}

const asId = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined)

function wholeForward(call: AdminCall, value: Record<string, unknown>): Content {
  const { sim } = call
  const inner = new Params(value)
  const name = inner.optionalText('name')
  if (name !== undefined) {
    return { forward_origin: { type: 'hidden_user', sender_user_name: name, date: unixTime(sim) } }
  }
  const source = roomById(call, inner.text('chat'), 'forward_from')
  const id = inner.optionalInt('message_id')
  const stored = id === undefined ? undefined : source.messages.get(id)
  if (stored !== undefined) return forwardOf(sim, stored.message)
  if (id !== undefined) throw badRequest('forward_from: unknown message')
  return { forward_origin: fromChat(source, unixTime(sim)) }
}

/** A forward of something the simulator does not hold, out of a chat it knows. */
function fromChat({ chat }: Room, date: number): NonNullable<Content['forward_origin']> {
  return chat.type === 'channel'
    ? { type: 'channel', chat, message_id: 1, date }
    : { type: 'chat', sender_chat: chat, date }
}

function postCallback(call: AdminCall): unknown {
  const room = roomNamed(call, 'chat')
  const made = press(call.sim, room, {
    from: personNamed(call, 'from'),
    messageId: call.params.optionalInt('message_id'),
    ephemeralId: call.params.optionalInt('ephemeral_message_id'),
    data: call.params.text('data'),
  })
  return { id: made.id }
}

function callbackAnswer({ sim, path }: AdminCall): unknown {
  const found = sim.world.presses.get(path)
  if (found === undefined) throw badRequest('id: unknown callback')
  return { id: found.id, answered: found.answer !== undefined, ...found.answer }
}

function deleteByPerson(call: AdminCall): unknown {
  const room = roomNamed(call, 'chat')
  const from = personNamed(call, 'from')
  const stored = messageNamed(call, room)
  const allowed =
    stored.author === from || room.chat.type === 'private' || isAdmin(room.members.get(from))
  if (!allowed) throw badRequest('from: may not delete this message')
  dropMessage(call.sim, room, stored)
  return { ok: true }
}

function reactByPerson(call: AdminCall): unknown {
  const room = roomNamed(call, 'chat')
  const actor = personNamed(call, 'from')
  const emoji = call.params.optionalText('emoji') ?? ''
  const types = emoji === '' ? [] : [parseReaction({ type: 'emoji', emoji })]
  react(call.sim, room, { stored: messageNamed(call, room), reaction: { actor, types } })
  return { ok: true }
}

/** The Start button of a private chat: sends `/start`, with a deep link's parameter if given. */
function start(call: AdminCall): unknown {
  const from = personNamed(call, 'from')
  const parameter = call.params.optionalText('parameter')
  if (parameter !== undefined && !/^[A-Za-z0-9_-]{1,64}$/.test(parameter)) {
    throw badRequest('parameter: 1 to 64 of A-Z, a-z, 0-9, _ and - expected')
  }
  const text = parameter === undefined ? '/start' : `/start ${parameter}`
  const { message } = write(call.sim, roomById(call, String(from)), { from, text })
  return { message_id: message.message_id, name: userOf(call.sim.world, from).first_name }
}

export const actRoutes: readonly Route[] = [
  { verb: 'POST', pattern: /^\/sim\/messages$/, run: postMessage },
  { verb: 'POST', pattern: /^\/sim\/start$/, run: start },
  { verb: 'POST', pattern: /^\/sim\/callbacks$/, run: postCallback },
  { verb: 'GET', pattern: /^\/sim\/callbacks\/(\d+)$/, run: callbackAnswer },
  {
    verb: 'POST',
    pattern: /^\/sim\/edits$/,
    run: (call) => {
      const room = roomNamed(call, 'chat')
      const from = personNamed(call, 'from')
      rewrite(call.sim, room, {
        from,
        stored: messageNamed(call, room),
        text: call.params.text('text'),
      })
      return { ok: true }
    },
  },
  { verb: 'POST', pattern: /^\/sim\/deletions$/, run: deleteByPerson },
  { verb: 'POST', pattern: /^\/sim\/reactions$/, run: reactByPerson },
  {
    verb: 'POST',
    pattern: /^\/sim\/stop$/,
    run: (call) => ({ draft_id: stopDraft(call.sim, roomNamed(call, 'chat')) }),
  },
  {
    verb: 'POST',
    pattern: /^\/sim\/shares$/,
    run: (call) => {
      const from = personNamed(call, 'from')
      const stored = shareChat(call.sim, roomById(call, String(from)), {
        from,
        requestId: call.params.int('request_id'),
        shared: roomNamed(call, 'chat'),
      })
      return { message_id: stored.message.message_id }
    },
  },
]
