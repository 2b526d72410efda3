/** @module Who asks, and where the answer goes, from a handler's context. */
import type { Message } from 'grammy/types'
import type { Ctx } from '../context.ts'
import type { Place } from '../place.ts'
import type { Asker } from './requests.ts'

/** `source`: the message that gets the reply. `tag`: empty, or the press that asks again. */
export function askerOf(ctx: Ctx, source: Message, tag = ''): Asker {
  return {
    place: placeOf(ctx, source),
    settings: ctx.settings,
    ui: ctx.ui,
    texts: ctx.texts,
    track: ctx.track,
    tag,
    ...(ctx.from?.language_code !== undefined && { languageCode: ctx.from.language_code }),
    class: 'interactive',
  }
}

export function placeOf(ctx: Ctx, source: Message): Place {
  const { chat } = source
  return {
    kind: chat.type === 'private' ? 'private' : 'group',
    chatId: chat.id,
    ...(source.is_topic_message === true &&
      source.message_thread_id !== undefined && { threadId: source.message_thread_id }),
    replyTo: source.message_id,
    ...(ctx.from && { userId: ctx.from.id }),
  }
}
