/** @module The ladder of a final answer: rich message, plain parts, file. A step down is taken only when Telegram refuses the form. */
import { type Api, InputFile } from 'grammy'
import type { InlineKeyboardMarkup, InputRichMessage, ReplyParameters } from 'grammy/types'
import type { Place } from '../place.ts'
import { refusalOf } from '../telegram/refusals.ts'
import type { Answer } from './answer.ts'
import { type Block, paragraph, renderBlocks } from './blocks.ts'
import { splitText } from './split.ts'

/** Telegram takes 32,768 characters in all; footer, notes and details need the rest. */
const maxRichUnits = 30_000
const beginningUnits = 3000
const maxPartUnits = 4000
/** In groups, longer text is folded so that it does not fill everybody's screen. */
const foldFromUnits = 700
const maxFoldedUnits = 20_000

export interface Progress {
  /** Messages of this answer that went out before a crash. */
  readonly parts: number
  /** Called after each message. */
  readonly report: (parts: number) => Promise<void>
}

type Message = { readonly message_id: number }

/** Sends `answer` to `place`; gives back the id of its last message. Throws what Telegram threw when no step could be taken. */
export async function sendAnswer(
  api: Api,
  target: { place: Place; progress: Progress },
  answer: Answer,
): Promise<number | undefined> {
  const { place, progress } = target
  const markup = { inline_keyboard: answer.keyboard.map((row) => [...row]) }
  if (answer.text.length > maxRichUnits) return sendBeginningAndFile(api, target, answer)
  const steps: readonly (readonly (() => Promise<Message>)[])[] = [
    [() => sendRich(api, place, answer)],
    plainParts(answer).map((part, index, parts) => () => {
      const isLast = index === parts.length - 1
      return api.sendMessage(place.chatId, part, optionsOf(place, isLast ? markup : undefined))
    }),
    [() => sendFile(api, place, answer)],
  ]
  for (const [index, step] of steps.entries()) {
    try {
      return await sendAll(step, progress)
    } catch (error) {
      if (refusalOf(error)?.kind !== 'refused' || index === steps.length - 1) throw error
    }
  }
  return undefined
}

async function sendBeginningAndFile(
  api: Api,
  { place, progress }: { place: Place; progress: Progress },
  answer: Answer,
): Promise<number | undefined> {
  const [beginning = ''] = splitText(answer.text, beginningUnits)
  const short = { ...answer, text: beginning, notes: [...answer.notes, answer.wholeInFile] }
  return sendAll(
    [() => sendRich(api, place, { ...short, keyboard: [] }), () => sendFile(api, place, answer)],
    progress,
  )
}

/** As much of an answer as one rich message holds; what is missing is said. */
export const richBeginning = (answer: Answer): InputRichMessage =>
  answer.text.length <= maxRichUnits
    ? richOf(answer)
    : richOf({
        ...answer,
        text: splitText(answer.text, beginningUnits)[0] ?? '',
        notes: [...answer.notes, answer.wholeInFile],
      })

/** The same as plain text. */
export function plainBeginning(answer: Answer): string {
  const [first = '', ...more] = plainParts(answer)
  return more.length === 0 ? first : `${splitText(first, 3000)[0] ?? ''}\n\n${answer.wholeInFile}`
}

async function sendAll(
  sends: readonly (() => Promise<Message>)[],
  progress: Progress,
): Promise<number | undefined> {
  let last: number | undefined
  for (const [index, send] of sends.entries()) {
    // What went out before a crash is not sent again; the last message always is, its id is needed.
    if (index < progress.parts && index < sends.length - 1) continue
    last = (await send()).message_id
    await progress.report(index + 1)
  }
  return last
}

function sendRich(api: Api, place: Place, answer: Answer): Promise<Message> {
  return api.sendRichMessage(
    place.chatId,
    richOf(answer),
    optionsOf(place, { inline_keyboard: answer.keyboard.map((row) => [...row]) }),
  )
}

const richOf = (answer: Answer): InputRichMessage => ({
  blocks: answerBlocks(answer),
  ...(answer.isRtl && { is_rtl: true }),
})

/** Blocks of a whole answer: its text, our notes, the footer and the collapsed details. */
function answerBlocks(answer: Answer): Block[] {
  return [
    ...(isFoldable(answer) ? [folded(answer.text)] : renderBlocks(answer.text, answer.style)),
    ...answer.notes.map(paragraph),
    { type: 'footer', text: answer.footer },
    {
      type: 'details',
      summary: answer.details.summary,
      blocks: answer.details.lines.map(paragraph),
    },
  ]
}

const isFoldable = ({ isFolded, text }: Answer): boolean =>
  isFolded === true && text.length >= foldFromUnits && text.length <= maxFoldedUnits

const folded = (text: string): Block => ({
  type: 'expandable_blockquote',
  text: text.toWellFormed(),
})

function plainParts(answer: Answer): string[] {
  const tail = [...answer.notes, answer.footer].join('\n')
  const parts = splitText(answer.text.toWellFormed(), maxPartUnits)
  const last = parts.at(-1) ?? ''
  if (last.length + tail.length + 2 > maxPartUnits) return [...parts, tail]
  return [...parts.slice(0, -1), `${last}\n\n${tail}`]
}

function sendFile(api: Api, place: Place, answer: Answer): Promise<Message> {
  const file = new InputFile(new TextEncoder().encode(answer.text.toWellFormed()), answer.fileName)
  return api.sendDocument(place.chatId, file, {
    ...optionsOf(place, { inline_keyboard: answer.keyboard.map((row) => [...row]) }),
    caption: answer.footer.slice(0, 1000),
  })
}

interface SendOptions {
  reply_parameters?: ReplyParameters
  message_thread_id?: number
  reply_markup?: InlineKeyboardMarkup
}

/** Same topic, reply to the source if it still exists, buttons if there are any. */
export function optionsOf(place: Place, markup?: InlineKeyboardMarkup): SendOptions {
  return {
    ...(place.threadId !== undefined && { message_thread_id: place.threadId }),
    ...(place.replyTo !== undefined && {
      reply_parameters: { message_id: place.replyTo, allow_sending_without_reply: true },
    }),
    ...(markup && markup.inline_keyboard.length > 0 && { reply_markup: markup }),
  }
}
