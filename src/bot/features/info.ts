/** @module What the bot says about itself: start, help, languages, privacy. */
import { type Composer, InlineKeyboard } from 'grammy'
import type { Ctx, Services } from '../context.ts'
import { nameList } from '../replies/answer.ts'
import { button } from '../replies/keyboards.ts'
import { strengths } from '../requests/offered.ts'
import { commandList } from '../telegram/commands.ts'

export function addInfo(
  composer: Composer<Ctx>,
  { choice, me }: Pick<Services, 'choice' | 'me'>,
): void {
  const only = composer.chatType('private')
  only.command('start', async (ctx) => {
    const { start } = ctx.texts
    const keyboard = new InlineKeyboard([
      [button(start.settings, { kind: 'setting', key: 'menu' })],
      [
        { text: start.addToGroup, url: `https://t.me/${me.username}?startgroup=s` },
        {
          text: start.addToChannel,
          url: `https://t.me/${me.username}?startchannel=s&admin=edit_messages+post_messages`,
        },
      ],
    ])
    await ctx.reply(start.text(me.first_name), { reply_markup: keyboard })
  })
  composer.command('help', async (ctx) => {
    await ctx.reply(ctx.texts.help(commandList(ctx.texts)))
  })
  only.command('languages', async (ctx) => {
    const { good, fair } = strengths(choice.textModel)
    const { languages } = ctx.texts
    await ctx.reply(
      fair.length > 0
        ? languages.text(nameList(ctx.ui, good), nameList(ctx.ui, fair))
        : languages.onlyGood(nameList(ctx.ui, good)),
    )
  })
  composer.command('privacy', async (ctx) => {
    const { privacy } = ctx.texts
    const text = privacy.text(`@${me.username}`)
    await ctx.reply(choice.tier === 'simulated' ? `${text}\n\n${privacy.test}` : text)
  })
}
