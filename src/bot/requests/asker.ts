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
    tag: `${tag}${asideTag(source)}`,
    ...(ctx.from?.language_code !== undefined && { languageCode: ctx.from.language_code }),
    class: 'interactive',
    ...(ctx.isPriceAgreed === true && { isPriceAgreed: true }),
  }
}

/** Tells messages without a number apart; they are numbered anew after a while, so the time counts too. */
const asideTag = ({ ephemeral_message_id: id, date }: Message): string =>
  id === undefined ? '' : `e${id}.${date}`

export function placeOf(ctx: Ctx, source: Message): Place {
  const { chat } = source
  const { answersIn } = ctx
  const user = ctx.from && { userId: ctx.from.id }
  if (answersIn?.kind === 'private') return { ...answersIn, ...user }
  return {
    kind: chat.type === 'private' ? 'private' : 'group',
    chatId: chat.id,
    ...(source.is_topic_message === true &&
      source.message_thread_id !== undefined && { threadId: source.message_thread_id }),
    // A message only its sender sees has no number of its own.
    ...(source.message_id > 0 && { replyTo: source.message_id }),
    ...user,
    ...answersIn,
  }
}
