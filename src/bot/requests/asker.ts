/** @module Who asks, and where the answer goes, from a handler's context. */
import type { Message } from 'grammy/types'
import type { Who } from '../../payments/stars/stars-desk-port.ts'
import type { JobClass } from '../../queue/desk-port.ts'
import type { WorkPress } from '../buttons.ts'
import type { Ctx, PersonFlavor, Services } from '../context.ts'
import type { Place } from '../place.ts'
import type { Keyboard } from '../replies/answer.ts'
import { say } from '../replies/say.ts'

/** For whom, where, and what makes it another request than the first. */
export interface Asker extends Pick<PersonFlavor, 'settings' | 'ui' | 'texts' | 'track'> {
  readonly place: Place
  readonly tag: string
  readonly languageCode?: string
  readonly class: JobClass
  /** Nobody asked: what cannot be done is not mentioned. */
  readonly isSilent?: boolean
  /** For an admin who tries out what a channel would get. */
  readonly isPreview?: boolean
  /** They have seen what it costs. */
  readonly isPriceAgreed?: boolean
  /** The press that asks again what was asked, where the source message alone does not say it. */
  readonly pressed?: WorkPress
  /** Absent: the asker. */
  readonly payer?: Who
}

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

/** Says something to the asker; choices only where a press can be told to be theirs. */
export async function tell(
  api: Services['api'],
  asker: Asker,
  message: { text: string; keyboard?: Keyboard },
): Promise<void> {
  if (asker.isSilent === true) return
  const { keyboard = [] } = message
  const choices = asker.place.kind === 'private' ? keyboard : []
  await say(api, asker.place, { text: message.text, keyboard: choices })
}
