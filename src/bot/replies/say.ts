/** @module Our own sentences, as replies: plain text, our words only, never content. */
import type { Api } from 'grammy'
import { codeOf } from '../../core/app-error.ts'
import { ERRORS } from '../../core/errors.ts'
import type { Place } from '../place.ts'
import type { Texts } from '../texts/texts.ts'
import type { Keyboard } from './answer.ts'
import { besides, editAside } from './aside.ts'
import { optionsOf } from './send.ts'

export async function say(
  api: Api,
  place: Place,
  message: { text: string; keyboard?: Keyboard },
): Promise<number> {
  if (place.kind === 'aside') return sayAside(api, place, message)
  const markup = { inline_keyboard: (message.keyboard ?? []).map((row) => [...row]) }
  const sent = await api.sendMessage(place.chatId, message.text, {
    ...optionsOf(place, markup),
    link_preview_options: { is_disabled: true },
  })
  return sent.message_id
}

/** The asker's message says it; 0 stands for its id, as Telegram has it. */
async function sayAside(
  api: Api,
  place: Place,
  message: { text: string; keyboard?: Keyboard },
): Promise<number> {
  const { text: content, keyboard = [] } = message
  if (await editAside(api, place, { content, keyboard })) return 0
  return say(api, await besides(api, place), message)
}

/** What an error says to a person, and whether trying again may help. */
export function sentenceOf(error: unknown, texts: Texts): { text: string; mayRetry: boolean } {
  const code = codeOf(error)
  const spec = ERRORS[code]
  const text = texts.say[spec.say]
  return spec.blame === 'user'
    ? { text, mayRetry: code === 'input.too-many' || code.startsWith('page.') }
    : { text: texts.withCode(text, code), mayRetry: spec.retry !== 'never' }
}
