/** @module What goes wrong in a channel is said to its admin in private, once, and never in the channel. */
import type { Api } from 'grammy'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import type { Desk } from '../../queue/desk-port.ts'
import type { DeliveryStore } from '../delivery/delivery.ts'
import { type Texts, textsOf } from '../texts/texts.ts'
import type { Channel, ChannelStore } from './channel-store.ts'
import type { PostKey, PostStore } from './post-store.ts'

export interface ChannelTrouble {
  /** The bot may no longer do in the channel what its mode needs: off, and the admin is told. */
  lost(chatId: number): Promise<void>
  /** The same for the discussion group of a channel. */
  lostGroup(groupId: number): Promise<void>
  /** The bot was removed: everything about the channel goes. */
  removed(chatId: number): Promise<void>
  /** A post that cannot be appended to; said once for each channel while the process runs. */
  noRoom(post: PostKey): Promise<void>
  customEmoji(post: PostKey): Promise<void>
  /** Its admin's balance and allowance do not cover a summary; said once a day, by whichever process. */
  noFunds(post: PostKey): Promise<void>
  /** A comment under this message of the discussion group may be out or not: its admin sees the button that `keep` makes. */
  unsure(post: PostKey, keep: (adminId: number) => Promise<string>): Promise<void>
}

export interface TroubleDeps {
  readonly api: Api
  readonly channels: ChannelStore
  readonly posts: PostStore
  readonly deliveries: DeliveryStore
  readonly desk: Desk
  readonly log: Log
}

export function createChannelTrouble(deps: TroubleDeps): ChannelTrouble {
  const { api, channels, posts, log } = deps
  const said = new Set<string>()

  const tell = async (channel: Channel, text: string, button?: { text: string; data: string }) => {
    const keyboard = button ? [[{ text: button.text, callback_data: button.data }]] : []
    await api
      .sendMessage(channel.adminId, text, { reply_markup: { inline_keyboard: keyboard } })
      // Whoever blocked the bot is not told; what had to be done is done.
      .catch((error: unknown) => log.failure('admin.untold', describe(error)))
  }

  const switchOff = async (channel: Channel, sentence: (title: string) => string) => {
    if (channel.mode === 'off') return
    await channels.save({ ...channel, mode: 'off' })
    await cancelOpen(deps, channel)
    log.info('channel.switched-off', { isAppend: channel.mode === 'append' })
    const { channel: words } = textsOf(channel.ui)
    const title = await titleOf(api, channel.chatId, words.unknownTitle)
    await tell(channel, sentence(title), { text: words.setUp, data: setUpData(channel.chatId) })
  }

  const sayOnce = async (
    { chatId, messageId }: PostKey,
    which: 'noRoom' | 'customEmoji',
  ): Promise<void> => {
    const channel = await channels.get(chatId)
    if (!channel || said.has(`${which}:${chatId}`)) return
    said.add(`${which}:${chatId}`)
    await tell(channel, textsOf(channel.ui).channel[which](postLink(chatId, messageId)))
  }

  return {
    lost: async (chatId) => {
      const channel = await channels.get(chatId)
      if (channel) await switchOff(channel, textsOf(channel.ui).channel.lost)
    },
    lostGroup: async (groupId) => {
      const channel = await channels.byLinked(groupId)
      if (channel?.mode === 'comment')
        await switchOff(channel, textsOf(channel.ui).channel.lostGroup)
    },
    removed: async (chatId) => {
      const channel = await channels.get(chatId)
      if (!channel) return
      await channels.remove(chatId)
      await cancelOpen(deps, channel)
      await posts.removeChat(chatId)
      log.info('channel.removed')
      await tell(channel, textsOf(channel.ui).channel.removed)
    },
    noRoom: (post) => sayOnce(post, 'noRoom'),
    customEmoji: (post) => sayOnce(post, 'customEmoji'),
    noFunds: async ({ chatId, messageId }) => {
      const channel = await channels.get(chatId)
      if (!channel || !(await channels.tellFunds(chatId))) return
      await tell(channel, textsOf(channel.ui).channel.noFunds(postLink(chatId, messageId)))
    },
    unsure: async ({ chatId, messageId }, keep) => {
      const channel = await channels.byLinked(chatId)
      if (!channel) return
      const { channel: words, buttons } = textsOf(channel.ui)
      const data = await keep(channel.adminId)
      await tell(channel, words.unsure(postLink(chatId, messageId)), { text: buttons.retry, data })
    },
  }
}

/** Summaries still under way have no place to go to any more. */
async function cancelOpen(
  { deliveries, desk }: TroubleDeps,
  { chatId, linkedId, mode }: Channel,
): Promise<void> {
  const where = mode === 'comment' ? linkedId : chatId
  if (where === undefined) return
  for (const { job, place } of await deliveries.openOf({ chatId: where }))
    if (place.kind === mode) await desk.cancel(job)
}

/** Callback data that opens the set-up of a channel, and the one that switches it off. */
export const setUpData = (chatId: number): string => `qc${chatId}`
export const offData = (chatId: number): string => `qo${chatId}`

/** Members can open it also where the channel has no name. */
const postLink = (chatId: number, messageId: number): string =>
  `https://t.me/c/${String(chatId).replace(/^-100/, '')}/${messageId}`

export async function titleOf(
  api: Api,
  chatId: number,
  otherwise: Texts['channel']['unknownTitle'],
): Promise<string> {
  const chat = await api.getChat(chatId).catch(() => undefined)
  return chat?.title ?? otherwise
}
