/** @module Answers in a group: a sign on the message, then one quiet reply; long text is folded. */
import type { Api } from 'grammy'
import type { Place } from '../place.ts'
import { refusalOf } from '../telegram/refusals.ts'
import type { Publisher } from './publisher.ts'
import { optionsOf, sendAnswer } from './send.ts'

export function createGroupPublisher(api: Api): Publisher {
  return {
    accepted: ({ place }) => react(api, place, '👀'),
    frame: () => Promise.resolve('off'),
    final: async ({ place }, answer, progress) => {
      const folded = { ...answer, isFolded: true }
      const messageId = await sendAnswer(api, { place, progress }, folded)
      await react(api, place, '👌')
      return messageId
    },
    failed: async ({ place }, sentence) => {
      const sent = await api.sendMessage(place.chatId, sentence, {
        ...optionsOf(place),
        disable_notification: true,
      })
      return sent.message_id
    },
  }
}

/** A reaction is a courtesy: where it is not allowed, nothing is missing. */
async function react(api: Api, { chatId, replyTo }: Place, emoji: '👀' | '👌'): Promise<void> {
  if (replyTo === undefined) return
  try {
    await api.setMessageReaction(chatId, replyTo, [{ type: 'emoji', emoji }])
  } catch (error) {
    if (!refusalOf(error)) throw error
  }
}
