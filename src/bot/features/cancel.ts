/** @module /cancel: leaves the open dialogue. */
import type { Composer } from 'grammy'
import type { Ctx } from '../context.ts'

/** A dialogue that waits lets commands through and ends by itself; this one ends it before it sees the command. */
export function addCancel(composer: Composer<Ctx>): void {
  composer.command('cancel', async (ctx) => {
    const open = Object.values(ctx.conversation.active()).reduce((sum, count) => sum + count, 0)
    await ctx.conversation.exitAll()
    const { dialogue } = ctx.texts
    await ctx.reply(open > 0 ? dialogue.cancelled : dialogue.nothing, {
      reply_markup: { remove_keyboard: true },
    })
  })
}
