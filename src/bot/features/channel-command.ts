/** @module /channel: the channels a person set up, and the way into the set-up. */
import type { Composer } from 'grammy'
import type { ChannelStore } from '../channels/channel-store.ts'
import { offData, setUpData, titleOf } from '../channels/trouble.ts'
import type { Ctx, Services } from '../context.ts'
import { channelDialogue } from '../dialogues/channel.ts'

export interface ChannelCommandDeps extends Pick<Services, 'api'> {
  readonly channels: ChannelStore
}

export function addChannelCommand(
  composer: Composer<Ctx>,
  { api, channels }: ChannelCommandDeps,
): void {
  composer.command('channel', async (ctx) => {
    const mine = await channels.ofAdmin(ctx.chatId)
    if (mine.length === 0) return setUp(ctx)
    const { channel: words } = ctx.texts
    const rows = await Promise.all(
      mine.map(async ({ chatId, mode }) => {
        const title = await titleOf(api, chatId, words.unknownTitle)
        const change = {
          text: words.row(title, words.modes[mode]),
          callback_data: setUpData(chatId),
        }
        const off = { text: words.off, callback_data: offData(chatId) }
        return mode === 'off' ? [change] : [change, off]
      }),
    )
    const add = [{ text: words.add, callback_data: 'qc' }]
    await ctx.reply(words.list, { reply_markup: { inline_keyboard: [...rows, add] } })
  })
  composer.callbackQuery(/^qc(-\d{1,16})?$/, async (ctx) => {
    await ctx.answerCallbackQuery()
    // The dialogue itself checks what this person may do there.
    await setUp(ctx, ctx.match[1] === undefined ? undefined : Number(ctx.match[1]))
  })
  composer.callbackQuery(/^qo(-\d{1,16})$/, async (ctx) => {
    await ctx.answerCallbackQuery()
    const channel = await channels.get(Number(ctx.match[1]))
    if (channel?.adminId !== ctx.from.id) return
    await channels.save({ ...channel, mode: 'off' })
    const { channel: words } = ctx.texts
    await ctx.reply(words.switchedOff(await titleOf(api, channel.chatId, words.unknownTitle)))
  })
}

async function setUp(ctx: Ctx, chatId?: number): Promise<void> {
  await ctx.conversation.exitAll()
  await ctx.conversation.enter(channelDialogue, ...(chatId === undefined ? [] : [chatId]))
}
