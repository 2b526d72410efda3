/** @module The admin's button under "it may be there or not": the comment is sent again, by whom can see that it is missing. */
import type { Press } from '../buttons.ts'
import type { Ctx, Services } from '../context.ts'
import { sendAnswer } from '../replies/send.ts'
import { refusalOf } from '../telegram/refusals.ts'
import type { Reply } from './press-reply.ts'

/** Sent once however often it is pressed, unless Telegram leaves this one open too. Administrators of the discussion group only. */
export async function pressComment(
  { api, copies, deliveries }: Pick<Services, 'api' | 'copies' | 'deliveries'>,
  ctx: Ctx,
  { copy }: Extract<Press, { kind: 'comment' }>,
): Promise<Reply> {
  const { say, channel: words } = ctx.texts
  const kept = await copies.openComment(copy)
  const delivery = kept && (await deliveries.get(kept.job))
  const facts = kept && (await deliveries.facts(kept.job))
  if (!kept || !facts || delivery?.place.kind !== 'comment')
    return { text: say['too-old'], isAlert: true }
  const { job, place } = delivery
  if (!(await isAdmin(ctx, place.chatId))) return { text: say['too-old'], isAlert: true }
  if (delivery.state !== 'sent') {
    const report = (parts: number): Promise<void> => deliveries.progress(job, parts)
    const progress = { parts: delivery.parts, report }
    try {
      const messageId = await sendAnswer(api, { place, progress }, kept.answer)
      const sent = { state: 'sent', facts } as const
      await deliveries.settled(job, { ...sent, ...(messageId !== undefined && { messageId }) })
    } catch (error) {
      if (refusalOf(error)?.kind !== 'lost') throw error
      return { text: words.commentUnknown, isAlert: true }
    }
  }
  // What was done is not offered again.
  await ctx.editMessageReplyMarkup().catch((error: unknown) => {
    if (!refusalOf(error)) throw error
  })
  const text = delivery.state === 'sent' ? words.commentThere : words.commentSent
  return { text, isAlert: false }
}

async function isAdmin(ctx: Ctx, chatId: number): Promise<boolean> {
  if (!ctx.from) return false
  const { status } = await ctx.api.getChatMember(chatId, ctx.from.id)
  return status === 'creator' || status === 'administrator'
}
