/** @module Answers in a group that only the asker sees: one message, edited from "waiting" to the answer; elsewhere where that is refused. */
import type { Api } from 'grammy'
import type { InlineKeyboardButton, InputRichMessage } from 'grammy/types'
import { pressData } from '../buttons.ts'
import type { Delivery } from '../delivery/delivery.ts'
import type { Place } from '../place.ts'
import { type Refusal, refusalOf } from '../telegram/refusals.ts'
import { textsOf } from '../texts/texts.ts'
import type { Keyboard } from './answer.ts'
import { renderBlocks } from './blocks.ts'
import type { Publisher, View } from './publisher.ts'
import { optionsOf, plainBeginning, richBeginning, sendAnswer } from './send.ts'
import { workingText } from './working.ts'

type Content = string | InputRichMessage

/** What a growing answer shows: its end. */
const maxFrameUnits = 4000

export function createAsidePublisher(api: Api): Publisher {
  return {
    // Edits count like messages, and a group takes twenty a minute.
    gapMs: 3000,
    accepted: () => Promise.resolve(),
    frame: async (delivery, view, canStop) => {
      const refusal = await edit(api, delivery.place, {
        content: frameOf(delivery, view),
        keyboard: canStop ? [[cancelButton(delivery)]] : [],
      })
      if (refusal?.kind === 'flood') return { slowMs: refusal.retryAfterMs }
      return refusal === undefined || refusal.kind === 'lost' ? 'shown' : 'off'
    },
    final: async ({ place }, answer, progress) => {
      const { keyboard } = answer
      for (const content of [richBeginning(answer), plainBeginning(answer)])
        if (await editAside(api, place, { content, keyboard })) return undefined
      const open = { place: await besides(api, place), progress }
      return sendAnswer(api, open, { ...answer, keyboard: [], isFolded: true })
    },
    failed: async ({ place }, sentence) => {
      if (await editAside(api, place, { content: sentence })) return undefined
      const other = await besides(api, place)
      return (await api.sendMessage(other.chatId, sentence, optionsOf(other))).message_id
    },
  }
}

/** Replaces what stands in the asker's message. False when it cannot be reached any more; throws when trying later may help. */
export async function editAside(
  api: Api,
  place: Place,
  it: { content: Content; keyboard?: Keyboard },
): Promise<boolean> {
  const refusal = await edit(api, place, it)
  if (refusal?.kind === 'flood' || refusal?.kind === 'lost') throw refusal.cause
  return refusal === undefined
}

/** Where an answer goes that cannot be shown to its asker alone in the group: their private chat if it is open, else a reply. */
export async function besides(api: Api, { ephemeralId: _gone, ...place }: Place): Promise<Place> {
  const { userId } = place
  const isOpen = userId !== undefined && (await isReachable(api, userId))
  return isOpen ? { kind: 'private', chatId: userId, userId } : { ...place, kind: 'group' }
}

/** Bots may write to people who started them only. */
async function isReachable(api: Api, userId: number): Promise<boolean> {
  try {
    await api.sendChatAction(userId, 'typing')
    return true
  } catch (error) {
    if (refusalOf(error)?.kind === 'lost' || !refusalOf(error)) throw error
    return false
  }
}

/** Undefined when the message is as wished. */
async function edit(
  api: Api,
  { chatId, userId = 0, ephemeralId = 0 }: Place,
  { content, keyboard = [] }: { content: Content; keyboard?: Keyboard },
): Promise<(Refusal & { readonly cause: unknown }) | undefined> {
  const markup = { reply_markup: { inline_keyboard: keyboard.map((row) => [...row]) } }
  try {
    await api.editEphemeralMessageText(chatId, userId, ephemeralId, content, markup)
    return undefined
  } catch (error) {
    const refusal = refusalOf(error)
    if (!refusal) throw error
    return refusal.kind === 'done' ? undefined : { ...refusal, cause: error }
  }
}

function frameOf(delivery: Delivery, view: View): Content {
  if (view.kind !== 'text' || view.text.trim() === '') return workingText(delivery, view)
  const style = delivery.task === 'summarize' ? 'outline' : 'plain'
  return { blocks: renderBlocks(view.text.slice(-maxFrameUnits), style) }
}

const cancelButton = ({ job, ui }: Delivery): InlineKeyboardButton => ({
  text: textsOf(ui).buttons.cancel,
  callback_data: pressData({ kind: 'cancel', job }),
})
