/** @module Answers in a private chat: typing, a draft that grows and can be stopped, then a reply to the source. */
import type { Api } from 'grammy'
import type { Delivery } from '../delivery/delivery.ts'
import { refusalOf } from '../telegram/refusals.ts'
import { renderBlocks } from './blocks.ts'
import type { FrameResult, Publisher, View } from './publisher.ts'
import { optionsOf, sendAnswer } from './send.ts'
import { workingText } from './working.ts'

/** What a draft shows of a long text: its end, where it grows. */
const maxDraftUnits = 8000

/** `frameApi`: a client with a short timeout, since a frame that takes long has been overtaken by the text. */
export function createPrivatePublisher({ api, frameApi }: { api: Api; frameApi: Api }): Publisher {
  return {
    accepted: async ({ place }) => {
      await api.sendChatAction(place.chatId, 'typing', threadOf(place.threadId))
    },
    frame: async (delivery, view, canStop) => {
      try {
        await frameApi.sendRichMessageDraft(
          delivery.place.chatId,
          delivery.draftId,
          { blocks: draftBlocks(delivery, view) },
          { ...threadOf(delivery.place.threadId), can_stop: canStop, keep_on_stop: false },
        )
        return 'shown'
      } catch (error) {
        return frameRefused(error)
      }
    },
    final: (delivery, answer, progress) =>
      sendAnswer(api, { place: delivery.place, progress }, answer),
    failed: async ({ place }, sentence, keyboard) => {
      const markup = { inline_keyboard: keyboard.map((row) => [...row]) }
      const sent = await api.sendMessage(place.chatId, sentence, optionsOf(place, markup))
      return sent.message_id
    },
  }
}

const threadOf = (threadId: number | undefined) =>
  threadId === undefined ? {} : { message_thread_id: threadId }

/** A lost frame never matters: the next one or the final replaces it. */
function frameRefused(error: unknown): FrameResult {
  const refusal = refusalOf(error)
  if (refusal?.kind === 'flood') return { slowMs: refusal.retryAfterMs }
  if (refusal?.kind === 'gone' || refusal?.kind === 'refused') return 'off'
  return { slowMs: 0 }
}

function draftBlocks(delivery: Delivery, view: View) {
  if (view.kind !== 'text' || view.text.trim() === '')
    return [{ type: 'thinking', text: workingText(delivery, view) } as const]
  const style = delivery.task === 'summarize' ? 'outline' : 'plain'
  return renderBlocks(view.text.slice(-maxDraftUnits), style)
}
