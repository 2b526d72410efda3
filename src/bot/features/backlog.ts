/** @module What is said after a pause or a failure: requests that waited long, requests that could not be handled. */
import type { Update } from 'grammy/types'
import type { Services } from '../context.ts'
import { defaultSettings, uiOf } from '../people/settings.ts'
import { button } from '../replies/keyboards.ts'
import { type Texts, textsOf } from '../texts/texts.ts'

/** A request failed three times: one sentence, in private chats only. */
export async function apologise(services: Services, update: Update): Promise<void> {
  const { message } = update
  if (message?.chat.type !== 'private') return
  const texts = await textsFor(services, message.from)
  await services.api.sendMessage(
    message.chat.id,
    texts.withCode(texts.say.ours, 'internal.error'),
    {
      reply_parameters: { message_id: message.message_id, allow_sending_without_reply: true },
    },
  )
}

/** "I was away": old requests of one chat are only done when the person still wants them. */
export async function askBacklog(services: Services, stale: readonly Update[]): Promise<void> {
  const message = stale[0]?.message
  if (!message) return
  const texts = await textsFor(services, message.from)
  await services.api.sendMessage(message.chat.id, texts.backlog.text(stale.length), {
    reply_markup: {
      inline_keyboard: [
        [
          button(texts.buttons.process, { kind: 'backlog', choice: 'process' }),
          button(texts.buttons.discard, { kind: 'backlog', choice: 'discard' }),
        ],
      ],
    },
  })
}

async function textsFor(
  { users }: Services,
  from: { id: number; language_code?: string } | undefined,
): Promise<Texts> {
  const settings = from && (await users.get(from.id))
  return textsOf(uiOf(settings ?? defaultSettings(undefined), from?.language_code))
}
