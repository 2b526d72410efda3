/** @module Streamed drafts and chat actions: what a private chat shows while an answer is being made. */
import { parseFormatted } from '../formatting.ts'
import { endDraft, maxTextChars } from '../outgoing.ts'
import { badRequest } from '../refusal.ts'
import { flatBlocks, parseRich } from '../rich.ts'
import { roomForSending } from '../rooms.ts'
import type { Sim } from '../sim.ts'
import type { Draft, Room } from '../world.ts'
import type { Method, MethodCall } from './call.ts'

/** A draft vanishes 30 s after its last frame; "typing…" after 5 s. */
const draftMs = 30_000
const actionMs = 5000
/** Frames remembered per chat, for tests. */
const keptFrames = 1000

type DraftContent = Pick<Draft, 'text' | 'rich'>

const sendRichMessageDraft: Method = (call) => {
  const rich = parseRich(call.params.json('rich_message'), { draft: true, privateChat: true })
  return showDraft(call, { text: undefined, rich })
}

const sendMessageDraft: Method = (call) => {
  const { params } = call
  const { text } = parseFormatted(
    params.optionalText('text') ?? '',
    params.optionalText('parse_mode') ?? '',
  )
  params.raw('entities')
  if (text.length > maxTextChars) throw badRequest('message is too long')
  return showDraft(call, { text, rich: undefined })
}

function showDraft(call: MethodCall, content: DraftContent): true {
  const { sim, bot, params } = call
  const room = roomForSending(sim, bot, params.text('chat_id'))
  if (room.chat.type !== 'private') throw badRequest('drafts can be sent to private chats only')
  const draftId = params.int('draft_id')
  if (draftId === 0) throw badRequest('draft_id must be non-zero')
  const threadId = params.optionalInt('message_thread_id')
  if (threadId !== undefined && !room.topics.has(threadId))
    throw badRequest('message thread not found')
  const draft: Draft = {
    draftId,
    botId: bot.user.id,
    ...content,
    canStop: params.flag('can_stop'),
    keepOnStop: params.flag('keep_on_stop'),
    expiresAt: sim.now() + draftMs,
    threadId,
  }
  const ignored = room.stoppedDrafts.includes(draftId)
  remember(room, draft, { at: sim.now(), ignored })
  if (ignored) return true
  room.draft = draft
  sim.events.send({ type: 'draft', room: room.key, draft })
  sim.clock.after(draftMs, () => expireDraft(sim, room))
  return true
}

function remember(room: Room, draft: Draft, it: { at: number; ignored: boolean }): void {
  const text = draft.text ?? flatBlocks(draft.rich?.blocks)
  room.frames.push({ ...it, draftId: draft.draftId, text })
  if (room.frames.length > keptFrames) room.frames.shift()
}

/** Removes a draft whose time is over, and tells the page. */
export function expireDraft(sim: Sim, room: Room): void {
  if (room.draft === undefined || room.draft.expiresAt > sim.now()) return
  room.draft = undefined
  sim.events.send({ type: 'draft', room: room.key, draft: null })
}

/** The person pressed Stop: the bot is told, and the draft goes unless it was to be kept. */
export function stopDraft(sim: Sim, room: Room): number {
  const { draft } = room
  const bot = draft === undefined ? undefined : sim.world.bots.get(draft.botId)
  if (draft === undefined || bot === undefined || room.chat.type !== 'private') {
    throw badRequest('there is no draft to stop')
  }
  if (!draft.canStop) throw badRequest('this draft cannot be stopped')
  room.stoppedDrafts.push(draft.draftId)
  if (!draft.keepOnStop) endDraft(sim, room, bot)
  sim.mail.push(bot, {
    stopped_message_generation: {
      chat: room.chat,
      draft_id: draft.draftId,
      ...(draft.threadId !== undefined && { message_thread_id: draft.threadId }),
    },
  })
  return draft.draftId
}

const actions = new Set(
  'typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker find_location record_video_note upload_video_note'.split(
    ' ',
  ),
)

const sendChatAction: Method = ({ sim, bot, params }) => {
  const room = roomForSending(sim, bot, params.text('chat_id'))
  const action = params.text('action')
  params.raw('message_thread_id')
  if (!actions.has(action)) throw badRequest('wrong parameter action in request')
  if (room.chat.type === 'channel') throw badRequest("chat actions can't be sent to channels")
  room.action = { action, until: sim.now() + actionMs }
  sim.events.send({ type: 'action', room: room.key, action: room.action })
  return true
}

export const draftMethods: Readonly<Record<string, Method>> = {
  sendrichmessagedraft: sendRichMessageDraft,
  sendmessagedraft: sendMessageDraft,
  sendchataction: sendChatAction,
}
