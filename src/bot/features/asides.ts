/** @module Answers only the asker sees: opened at once when a command comes, shown to all or sent to the asker by a press. */
import type { Message, RichBlock } from 'grammy/types'
import type { JobId } from '../../core/ids.ts'
import { isRightToLeft } from '../../tasks/languages.ts'
import { type Press, parsePress } from '../buttons.ts'
import type { Ctx, Services } from '../context.ts'
import { isAnonymousAdmin } from '../groups/address.ts'
import type { Place } from '../place.ts'
import type { Answer, Keyboard } from '../replies/answer.ts'
import { besides } from '../replies/aside.ts'
import { sendAnswer } from '../replies/send.ts'
import { refusalOf } from '../telegram/refusals.ts'
import { shownText } from './follow-ups.ts'
import type { Reply } from './press-reply.ts'

/**
 * Telegram takes such a message for 15 s after the command, so it is sent before anything else is done. Where it is
 * refused, the answers of this update go to the asker's private chat, else into the group as usual; anonymous admins
 * have no name it could be shown to.
 */
export async function openAside(
  { api }: Pick<Services, 'api'>,
  ctx: Ctx,
  message: Message,
): Promise<void> {
  if (isAnonymousAdmin(message) || !ctx.from) return
  const place: Place = { kind: 'group', chatId: message.chat.id, userId: ctx.from.id }
  try {
    const { ephemeral_message_id: ephemeralId } = await api.sendMessage(
      place.chatId,
      ctx.texts.working.waiting(0),
      {
        ...(message.is_topic_message === true &&
          message.message_thread_id !== undefined && {
            message_thread_id: message.message_thread_id,
          }),
        ...(message.ephemeral_message_id !== undefined && {
          reply_parameters: { ephemeral_message_id: message.ephemeral_message_id },
        }),
        ephemeral_message_parameters: { receiver_user_id: ctx.from.id },
      },
    )
    if (ephemeralId !== undefined) ctx.answersIn = { kind: 'aside', ephemeralId }
  } catch (error) {
    const refusal = refusalOf(error)
    if (!refusal || refusal.kind === 'lost') throw error
    const { kind, chatId } = await besides(api, place)
    if (kind === 'private') ctx.answersIn = { kind, chatId }
  }
}

type AsidePress = Extract<Press, { kind: 'aside' }>

/** A press under an answer that only this person sees: everybody else's is forged. */
export async function pressAside(
  { api, copies, deliveries, me }: Pick<Services, 'api' | 'copies' | 'deliveries' | 'me'>,
  ctx: Ctx,
  { press, message }: { press: AsidePress; message: Message },
): Promise<Reply> {
  const { texts, from } = ctx
  const ephemeralId = message.ephemeral_message_id
  if (!from || message.receiver_user?.id !== from.id || ephemeralId === undefined)
    return { text: texts.say['too-old'], isAlert: true }
  const content = (press.copy && (await copies.open(press.copy))) ?? shownText(message, ctx)
  if (!content) return { text: texts.input.sendAgain, isAlert: true }
  const keyboard = keyboardOf(message)
  const answer = { ...answerOf(message, ctx), keyboard: keyboard.map(factsOnly), isFolded: true }
  const job = jobOf(keyboard)
  const source = job && (await deliveries.get(job))?.place.replyTo
  const place = placeFor(press, message, from.id)
  const isReply = place.kind === 'group' && source !== undefined
  const target = { place: isReply ? { ...place, replyTo: source } : place, progress }
  try {
    await sendAnswer(api, target, {
      ...answer,
      text: content.text,
      isRtl: isRightToLeft(content.language),
    })
  } catch (error) {
    if (press.action === 'send' && refusalOf(error)?.kind === 'gone')
      return { text: texts.group.startFirst(me.username), isAlert: true }
    throw error
  }
  // What was done once is not offered again.
  const rest = keyboard.map((row) => row.filter((it) => !isSame(it, ctx.callbackQuery?.data)))
  await api
    .editEphemeralMessageReplyMarkup(message.chat.id, from.id, ephemeralId, {
      reply_markup: { inline_keyboard: rest.filter((row) => row.length > 0) },
    })
    .catch((error: unknown) => {
      if (!refusalOf(error)) throw error
    })
  return { text: texts.group[press.action === 'show' ? 'shown' : 'sent'], isAlert: false }
}

const progress = { parts: 0, report: () => Promise.resolve() }

function placeFor({ action }: AsidePress, message: Message, userId: number): Place {
  if (action === 'send') return { kind: 'private', chatId: userId, userId }
  return {
    kind: 'group',
    chatId: message.chat.id,
    ...(message.is_topic_message === true &&
      message.message_thread_id !== undefined && { threadId: message.message_thread_id }),
    userId,
  }
}

const keyboardOf = (message: Message): Keyboard => message.reply_markup?.inline_keyboard ?? []

type Button = Keyboard[number][number]

const dataOf = (button: Button): string => ('callback_data' in button ? button.callback_data : '')
const isSame = (button: Button, data: string | undefined): boolean => dataOf(button) === data
/** The job behind the Details button: its row knows which message was asked about. */
function jobOf(keyboard: Keyboard): JobId | undefined {
  const presses = keyboard.flat().map((button) => parsePress(dataOf(button)))
  return presses.find((press) => press?.kind === 'details')?.job
}

const factsOnly = (row: readonly Button[]): readonly Button[] =>
  row.filter((button) => dataOf(button).startsWith('i'))

/** Footer and details as the asker's message shows them. */
function answerOf(message: Message, { texts }: Ctx): Omit<Answer, 'text' | 'isRtl' | 'keyboard'> {
  const blocks = message.rich_message?.blocks ?? []
  const footer = blocks.find((block) => block.type === 'footer')
  const details = blocks.find((block) => block.type === 'details')
  const isOutline = blocks.some(({ type }) => type === 'list' || type === 'heading')
  return {
    style: isOutline ? 'outline' : 'plain',
    notes: [],
    footer: wordsOf(footer) || texts.footer.aiMade,
    details: {
      summary: texts.details.summary,
      lines: details?.blocks.map(wordsOf) ?? [texts.answer.noFacts],
    },
    fileName: 'answer.txt',
    wholeInFile: texts.answer.wholeInFile,
  }
}

const wordsOf = (block: RichBlock | undefined): string =>
  block && 'text' in block && typeof block.text === 'string' ? block.text : ''
