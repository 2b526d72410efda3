/** @module Inline and guest mode: answers to queries become messages in chats the bot need not belong to. */
import type { Message } from '@grammyjs/types'
import { isRecord } from '../body.ts'
import { parseMarkup } from '../markup.ts'
import { addMessage, type Content } from '../messages.ts'
import { maxTextChars, replyContent, textContent } from '../outgoing.ts'
import { Params } from '../params.ts'
import { badRequest } from '../refusal.ts'
import { parseRich } from '../rich.ts'
import type { Sim } from '../sim.ts'
import type { Ask, Bot, Room } from '../world.ts'
import type { Method, MethodCall } from './call.ts'

const inlineMs = 30_000
const maxResults = 50

const tooOld = () =>
  badRequest('query is too old and response timeout expired or query ID is invalid')

/** The open query of this bot that a call answers. Throws 400 for unknown, foreign, answered and late ones. */
function askOf({ sim, bot }: MethodCall, it: { id: string; kind: Ask['kind'] }): Ask {
  const ask = sim.world.asks.get(it.id)
  const late = ask?.kind === 'inline' && sim.now() - ask.at > inlineMs
  if (ask === undefined || ask.kind !== it.kind || ask.botId !== bot.user.id) throw tooOld()
  if (late || ask.results !== undefined) throw tooOld()
  return ask
}

const answerInlineQuery: Method = (call) => {
  const { sim, params } = call
  const ask = askOf(call, { id: params.text('inline_query_id'), kind: 'inline' })
  const results = params.list('results') ?? []
  if (results.length > maxResults) throw badRequest('RESULTS_TOO_MUCH')
  for (const name of ['cache_time', 'is_personal', 'next_offset', 'button']) params.raw(name)
  const ids = results.map((it) => {
    const result = new Params(isRecord(it) ? it : {})
    contentOfResult(result)
    return result.text('id')
  })
  if (new Set(ids).size !== ids.length) throw badRequest('RESULT_ID_DUPLICATE')
  ask.results = results
  sim.events.send({ type: 'inline', id: ask.id, from: ask.from, results })
  return true
}

const answerGuestQuery: Method = (call) => {
  const { sim, bot, params } = call
  const ask = askOf(call, { id: params.text('guest_query_id'), kind: 'guest' })
  const room = ask.room === undefined ? undefined : sim.world.rooms.get(ask.room)
  const result = params.optionalObject('result')
  if (room === undefined || result === undefined) throw tooOld()
  const content = contentOfResult(result)
  ask.results = [params.json('result')]
  const asked = room.messages.get(ask.messageId ?? 0)
  const posted = addMessage(sim, room, {
    botId: bot.user.id,
    content: { from: bot.user, ...(asked !== undefined && replyContent(asked)), ...content },
  })
  return { inline_message_id: register(sim, room, posted.message) }
}

/** The message a result stands for: text or rich content, with its keyboard. Throws 400 for anything else. */
export function contentOfResult(result: Params): Content {
  const inner = result.optionalObject('input_message_content')
  if (inner === undefined)
    throw badRequest('inline results are simulated with input_message_content only')
  const rich = inner.json('rich_message')
  const words: Content =
    rich === undefined
      ? textContent(
          new Params({ ...inner.values(), text: inner.raw('message_text') }),
          { text: 'text', entities: 'entities' },
          maxTextChars,
        )
      : { rich_message: parseRich(rich, { draft: false, privateChat: false }) }
  const markup = parseMarkup(result.json('reply_markup'), false)
  return { ...words, ...(markup.kind === 'inline' && { reply_markup: markup.markup }) }
}

/** Gives a message the id by which its bot may edit it without belonging to the chat. */
export function register(sim: Sim, room: Room, message: Message): string {
  const id = `IM${sim.world.nextSerial}x${message.message_id}`
  sim.world.nextSerial += 1
  sim.world.inlineMessages.set(id, { room: room.key, messageId: message.message_id })
  return id
}

export interface Asking {
  readonly from: number
  readonly bot: Bot
  readonly text: string
  /** Guest queries: where the bot was mentioned. */
  readonly room?: string
  readonly messageId?: number
}

/** A query a person makes; the answer comes later. */
export function openAsk(sim: Sim, kind: Ask['kind'], it: Asking): Ask {
  const serial = sim.world.nextSerial
  sim.world.nextSerial += 1
  const ask: Ask = {
    id: `${serial}${String(sim.now()).slice(-9)}`,
    kind,
    botId: it.bot.user.id,
    from: it.from,
    query: it.text,
    at: sim.now(),
    room: it.room,
    messageId: it.messageId,
    results: undefined,
  }
  sim.world.asks.set(ask.id, ask)
  return ask
}

export const inlineMethods: Readonly<Record<string, Method>> = {
  answerinlinequery: answerInlineQuery,
  answerguestquery: answerGuestQuery,
}
