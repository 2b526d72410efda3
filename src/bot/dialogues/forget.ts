/** @module /delete_data: says what goes, waits for the typed word or the button, then deletes. */
import { type Conversation, createConversation } from '@grammyjs/conversations'
import type { Composer } from 'grammy'
import { formatStars } from '../../core/coin.ts'
import type { StarsDesk } from '../../payments/stars/stars-desk-port.ts'
import type { Ctx } from '../context.ts'
import { button } from '../replies/keyboards.ts'
import { dialogueWaitMs } from './waiting.ts'

const id = 'forget'

/** `forget` deletes everything about the person in the context and says so. */
export function addForgetDialogue(
  composer: Composer<Ctx>,
  forget: (ctx: Ctx, answer: 'yes' | 'no') => Promise<void>,
  money: StarsDesk | undefined,
): void {
  async function dialogue(conversation: Conversation<Ctx>): Promise<void> {
    const answer = await conversation.wait()
    const text = answer.message?.text ?? ''
    // Commands and everything else leave the dialogue and are handled as usual.
    if (text === '' || text.startsWith('/')) await conversation.halt({ next: true })
    await conversation.external(async (ctx) => {
      const isWord = text.trim().toLowerCase() === ctx.texts.forget.word.toLowerCase()
      await forget(ctx, isWord ? 'yes' : 'no')
    })
  }
  composer.use(createConversation(dialogue, { id, maxMillisecondsToWait: dialogueWaitMs }))
  composer.chatType('private').command('delete_data', async (ctx) => {
    const words = ctx.texts.forget
    await ctx.reply([...(await losses(ctx, money)), words.ask].join('\n\n'), {
      reply_markup: {
        inline_keyboard: [
          [
            { ...button(words.yes, { kind: 'forget', choice: 'yes' }), style: 'danger' },
            button(words.no, { kind: 'forget', choice: 'no' }),
          ],
        ],
      },
    })
    await ctx.conversation.exitAll()
    await ctx.conversation.enter(id)
  })
}

/** What deleting costs, said before it is done. */
async function losses(ctx: Ctx, money: StarsDesk | undefined): Promise<string[]> {
  if (!money || !ctx.from) return []
  const { balance } = await money.walletOf(ctx.from.id)
  const plan = await money.stars.planOf(ctx.from.id)
  const { lose, endsPlan, stays } = ctx.texts.forget
  return [
    ...(balance > 0n ? [lose(formatStars(balance))] : []),
    ...(plan?.state === 'active' ? [endsPlan] : []),
    stays,
  ]
}
