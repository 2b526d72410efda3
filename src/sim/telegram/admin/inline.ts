/** @module Admin calls for inline and guest mode: type a query, choose a result, mention a bot as a guest. */
import { isRecord } from '../body.ts'
import { write } from '../incoming.ts'
import { outsideChannel } from '../mail.ts'
import { addMessage } from '../messages.ts'
import { contentOfResult, openAsk, register } from '../methods/inline.ts'
import { Params } from '../params.ts'
import { badRequest } from '../refusal.ts'
import { userOf } from '../rooms.ts'
import type { Ask } from '../world.ts'
import { type AdminCall, botOf, personNamed, type Route, roomNamed } from './call.ts'

const maxQueryChars = 256

function ask(call: AdminCall): unknown {
  const { sim, params } = call
  const bot = botOf(call)
  const from = personNamed(call, 'from')
  const query = params.optionalText('query') ?? ''
  if (query.length > maxQueryChars) throw badRequest('query: at most 256 characters')
  if (!bot.inlineMode) throw badRequest('bot: inline mode is off')
  const made = openAsk(sim, 'inline', { from, bot, text: query })
  sim.mail.push(bot, {
    inline_query: { id: made.id, from: userOf(sim.world, from), query, offset: '' },
  })
  return { id: made.id }
}

function asked({ sim, path }: AdminCall): Ask {
  const found = sim.world.asks.get(path)
  if (found === undefined) throw badRequest('id: unknown query')
  return found
}

/** Sends a chosen result as the person's message "via" the bot. */
function choose(call: AdminCall): unknown {
  const { sim, params } = call
  const found = asked(call)
  const room = roomNamed(call, 'chat')
  const resultId = params.text('result_id')
  const result = found.results?.find((it) => isRecord(it) && it['id'] === resultId)
  const bot = sim.world.bots.get(found.botId)
  if (!isRecord(result) || bot === undefined) throw badRequest('result_id: unknown')
  const content = contentOfResult(new Params(result))
  const { message } = addMessage(sim, room, {
    author: found.from,
    botId: content.reply_markup === undefined ? undefined : bot.user.id,
    content: { from: userOf(sim.world, found.from), via_bot: bot.user, ...content },
  })
  const inlineId = content.reply_markup === undefined ? undefined : register(sim, room, message)
  if (bot.inlineFeedback) {
    sim.mail.push(bot, {
      chosen_inline_result: {
        result_id: resultId,
        from: userOf(sim.world, found.from),
        query: found.query,
        ...(inlineId !== undefined && { inline_message_id: inlineId }),
      },
    })
  }
  return { message_id: message.message_id, inline_message_id: inlineId }
}

/** A mention of the bot in a chat it does not belong to; what is replied to goes with it. */
function mention(call: AdminCall): unknown {
  const { sim, params } = call
  const bot = botOf(call)
  if (!bot.guestMode) throw badRequest('bot: guest mode is off')
  const room = roomNamed(call, 'chat')
  const from = personNamed(call, 'from')
  const text = params.optionalText('text') ?? `@${bot.user.username}`
  const { message } = write(sim, room, { from, text, replyTo: params.optionalInt('reply_to') })
  const place = { room: room.key, messageId: message.message_id }
  const made = openAsk(sim, 'guest', { from, bot, text, ...place })
  const guest = { ...structuredClone(message), guest_query_id: made.id }
  if (outsideChannel(guest)) sim.mail.push(bot, { guest_message: guest })
  return { message_id: message.message_id, guest_query_id: made.id }
}

export const inlineRoutes: readonly Route[] = [
  { verb: 'POST', pattern: /^\/sim\/inline$/, run: ask },
  {
    verb: 'GET',
    pattern: /^\/sim\/inline\/(\d+)$/,
    run: (call) => {
      const { results } = asked(call)
      return { answered: results !== undefined, results: results ?? [] }
    },
  },
  { verb: 'POST', pattern: /^\/sim\/inline\/(\d+)\/choose$/, run: choose },
  { verb: 'POST', pattern: /^\/sim\/guests$/, run: mention },
]
