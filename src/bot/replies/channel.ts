/** @module Summaries of channel posts: as a comment in the discussion group, or at the end of the post itself. */
import type { Api } from 'grammy'
import { AppError } from '../../core/app-error.ts'
import { pressData } from '../buttons.ts'
import type { PostKey, PostStore } from '../channels/post-store.ts'
import { append, type Original, postHash, readOriginal } from '../channels/posts.ts'
import type { ChannelTrouble } from '../channels/trouble.ts'
import type { Copies } from '../delivery/copies.ts'
import type { Delivery } from '../delivery/delivery.ts'
import { refusalOf } from '../telegram/refusals.ts'
import { textsOf } from '../texts/texts.ts'
import type { Vault } from '../vault-port.ts'
import type { Answer } from './answer.ts'
import type { Publisher } from './publisher.ts'
import { sendAnswer } from './send.ts'

/** Nothing is shown under a post before its summary is there, and nothing when there will be none. */
const silent: Pick<Publisher, 'accepted' | 'frame' | 'failed'> = {
  accepted: () => Promise.resolve(),
  frame: () => Promise.resolve('off'),
  failed: () => Promise.resolve(undefined),
}

export function createCommentPublisher(deps: {
  api: Api
  trouble: ChannelTrouble
  copies: Pick<Copies, 'keepComment'>
}): Publisher {
  const { api, trouble, copies } = deps
  return {
    ...silent,
    final: async (delivery, answer, progress) => {
      try {
        return await sendAnswer(api, { place: delivery.place, progress }, answer)
      } catch (error) {
        if (!isLost(error)) throw error
        await trouble.lostGroup(delivery.place.chatId)
        return undefined
      }
    },
    unsure: ({ job, place }, answer) =>
      trouble.unsure({ chatId: place.chatId, messageId: place.replyTo ?? 0 }, async (adminId) => {
        const owner = { chatId: adminId, userId: adminId }
        const copy = await copies.keepComment({ job, answer }, owner)
        return pressData({ kind: 'comment', copy })
      }),
  }
}

export interface AppendDeps {
  readonly api: Api
  readonly posts: PostStore
  readonly vault: Vault
  readonly hashKey: Uint8Array
  readonly trouble: ChannelTrouble
}

/** Edits the post; an edit may be repeated freely, so a lost answer of Telegram's does no harm. */
export function createAppendPublisher(deps: AppendDeps): Publisher {
  const { posts } = deps
  return {
    ...silent,
    final: async (delivery, answer) => {
      const key = keyOf(delivery)
      const original = await openOriginal(deps, key, delivery)
      if (original) await write(deps, key, { original, answer, delivery })
      await posts.done(key, delivery.job)
      return original && key.messageId
    },
    failed: async (delivery) => {
      await posts.done(keyOf(delivery), delivery.job)
      return undefined
    },
  }
}

const keyOf = ({ place }: Delivery): PostKey => ({
  chatId: place.chatId,
  messageId: place.replyTo ?? 0,
})

/** Undefined when the author changed the post since, or its key is gone. Throws while the row does not name the job yet. */
async function openOriginal(
  { posts, vault }: AppendDeps,
  key: PostKey,
  delivery: Delivery,
): Promise<Original | undefined> {
  const post = await posts.get(key)
  if (post && post.job === undefined) throw new AppError('job.unknown')
  const sealed = await posts.sealedOf(key, delivery.job)
  if (sealed === undefined) return undefined
  try {
    const json = vault.open('inbox', vaultId(key), sealed).reveal()
    return readOriginal(new TextDecoder().decode(json))
  } catch {
    return undefined
  }
}

export const vaultId = ({ chatId, messageId }: PostKey): string => `post:${chatId}:${messageId}`

async function write(
  { api, posts, hashKey, trouble }: AppendDeps,
  key: PostKey,
  it: { original: Original; answer: Answer; delivery: Delivery },
): Promise<void> {
  const { original, answer, delivery } = it
  const { label, note } = textsOf(delivery.ui).channel
  const made = append(original, { label, summary: answer.text.toWellFormed(), note })
  if (!made) return trouble.noRoom(key)
  await posts.willWrite(key, postHash(hashKey, made.text))
  const markup = original.keyboard ? { reply_markup: original.keyboard } : {}
  try {
    if (original.kind === 'text')
      await api.editMessageText(key.chatId, key.messageId, made.text, {
        entities: made.entities,
        ...(original.preview && { link_preview_options: original.preview }),
        ...markup,
      })
    else
      await api.editMessageCaption(key.chatId, key.messageId, {
        caption: made.text,
        caption_entities: made.entities,
        ...(original.captionAbove === true && { show_caption_above_media: true }),
        ...markup,
      })
  } catch (error) {
    const refusal = refusalOf(error)
    if (isLost(error)) await trouble.lost(key.chatId)
    // The post is gone, or Telegram does not take this edit; neither changes by trying again.
    else if (!['done', 'missing', 'refused'].includes(refusal?.kind ?? '')) throw error
  }
}

/** The bot was removed or lost a right; the message alone being gone is another thing. */
function isLost(error: unknown): boolean {
  const refusal = refusalOf(error)
  return refusal?.kind === 'gone' || (refusal?.kind === 'missing' && refusal.what === 'rights')
}
