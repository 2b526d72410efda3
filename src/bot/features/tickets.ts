/** @module /paysupport: a ticket with a number; words go between person and operator through the bot and are kept nowhere else. */
import type { Composer } from 'grammy'
import type { Message } from 'grammy/types'
import { formatStars } from '../../core/coin.ts'
import { describe } from '../../core/describe.ts'
import type { Ctx, Services } from '../context.ts'
import { chargeHandle } from '../replies/balance.ts'
import { button } from '../replies/keyboards.ts'
import { isUiLanguage, textsOf } from '../texts/texts.ts'
import type { Reply } from './press-reply.ts'

export interface SupportDeps extends Pick<Services, 'api' | 'clock' | 'log'> {
  readonly money: NonNullable<Services['money']>
  /** Telegram accounts that answer tickets; they have started the bot. */
  readonly operators: readonly number[]
}

/** The first line of every message of a ticket: answers to it belong to the ticket. */
const markOf = (ticket: number): string => `🎫 #${ticket}`
const mark = /^🎫 #(?<ticket>\d{1,9})\n/

export function addTickets(composer: Composer<Ctx>, deps: SupportDeps): void {
  const only = composer.chatType('private')
  only.command('paysupport', (ctx) => choosePayment(deps, ctx))
  only.on('message', async (ctx, next) => {
    const ticket = ticketOf(ctx.message.reply_to_message, ctx.me.id)
    if (ticket === undefined || ctx.message.text?.startsWith('/') === true) return next()
    await passOn(deps, ctx, ticket)
  })
}

/** Only the bot's own messages name a ticket: what others quote is not believed. */
function ticketOf(message: Message | undefined, botId: number): number | undefined {
  if (message?.from?.id !== botId) return undefined
  const found = mark.exec(message.text ?? '')?.groups?.['ticket']
  return found === undefined ? undefined : Number(found)
}

async function choosePayment({ money }: SupportDeps, ctx: Ctx): Promise<void> {
  if (!ctx.from) return
  const { support, refund, buttons } = ctx.texts.money
  const rows = (await money.stars.payments(ctx.from.id)).map(({ chargeId, paidAtMs, ustar }) => [
    button(refund.line(paidAtMs, formatStars(ustar)), {
      kind: 'money',
      act: 'ticket',
      value: chargeHandle(chargeId),
    }),
  ])
  rows.push([button(buttons.otherMatter, { kind: 'money', act: 'ticket', value: '0' })])
  await ctx.reply(support.choose, { reply_markup: { inline_keyboard: rows } })
}

/** Opens a ticket and tells person and operators; `say`: what the person is told first. */
export async function openTicket(
  deps: SupportDeps,
  ctx: Ctx,
  { chargeId, say }: { chargeId: string | undefined; say?: (ticket: number) => string },
): Promise<void> {
  if (!ctx.from) return
  const { money, log } = deps
  const { id: userId } = ctx.from
  const ticket = await money.stars.openTicket({
    userId,
    ui: ctx.ui,
    ...(chargeId !== undefined && { chargeId }),
  })
  log.info('ticket.opened', { ticket })
  if (say) await ctx.reply(say(ticket))
  const heard = await tellOperators(deps, { userId, ticket, chargeId })
  const { support } = ctx.texts.money
  await ctx.reply(support.opened(markOf(ticket)), { reply_markup: { force_reply: true } })
  if (!heard) await ctx.reply(support.unheard)
}

/** False when nobody of them could be told. */
async function tellOperators(
  { api, money, operators, log }: SupportDeps,
  it: { userId: number; ticket: number; chargeId: string | undefined },
): Promise<boolean> {
  const own = await money.stars.payments(it.userId)
  const payment = own.find(({ chargeId }) => chargeId === it.chargeId)
  const { balance } = await money.walletOf(it.userId)
  // The operator's language is the house's.
  const { support, refund, buttons } = textsOf('en').money
  const text = support.toOperator(
    markOf(it.ticket),
    payment ? refund.line(payment.paidAtMs, formatStars(payment.ustar)) : support.noPayment,
    formatStars(balance),
  )
  const press = { kind: 'money', act: 'operator-refund', value: String(it.ticket) } as const
  const keyboard = payment ? [[button(buttons.opRefund, press)]] : []
  let heard = false
  for (const operator of operators)
    try {
      await api.sendMessage(operator, text, { reply_markup: { inline_keyboard: keyboard } })
      heard = true
    } catch (error) {
      log.failure('operator.untold', describe(error))
    }
  return heard
}

/** A reply to a message of a ticket: to the operators, or from one of them to the person. */
async function passOn(deps: SupportDeps, ctx: Ctx, number: number): Promise<void> {
  const { api, money, operators, log } = deps
  const ticket = await money.stars.ticket(number)
  const from = ctx.from?.id
  const message = ctx.message
  if (!message || from === undefined) return
  const { support } = ctx.texts.money
  const isOperator = operators.includes(from)
  if (!ticket || (ticket.userId !== from && !isOperator)) {
    await ctx.reply(support.gone)
    return
  }
  if (isOperator && ticket.userId !== from) {
    const theirs = textsOf(isUiLanguage(ticket.ui) ? ticket.ui : 'en').money.support
    await api.sendMessage(ticket.userId, theirs.answer(markOf(number)))
    await api.copyMessage(ticket.userId, message.chat.id, message.message_id)
    await ctx.reply(support.sent)
    return
  }
  let heard = false
  for (const operator of operators)
    try {
      await api.sendMessage(operator, textsOf('en').money.support.wrote(markOf(number)))
      await api.copyMessage(operator, message.chat.id, message.message_id)
      heard = true
    } catch (error) {
      log.failure('operator.untold', describe(error))
    }
  await ctx.reply(heard ? support.passedOn(number) : support.unheard)
}

/** The operator's decision: in full, whatever was spent of it. */
export async function refundByOperator(
  { api, money, operators }: SupportDeps,
  ctx: Ctx,
  value: string | undefined,
): Promise<Reply> {
  const { refund: words, support } = ctx.texts.money
  if (!ctx.from || !operators.includes(ctx.from.id))
    return { text: ctx.texts.say['too-old'], isAlert: true }
  const ticket = /^\d+$/.test(value ?? '') ? await money.stars.ticket(Number(value)) : undefined
  if (ticket?.chargeId === undefined) return { text: support.gone, isAlert: true }
  const { chargeId, userId } = ticket
  const result = await money.stars.refund({ chargeId, userId, onlyUnspent: false })
  if (result === 'short') return { text: words.unknown, isAlert: true }
  if (result !== 'done') return { text: words[result], isAlert: true }
  const own = await money.stars.payments(userId)
  const stars = formatStars(own.find((it) => it.chargeId === chargeId)?.ustar ?? 0n)
  const balance = formatStars((await money.walletOf(userId)).balance)
  const theirs = textsOf(isUiLanguage(ticket.ui) ? ticket.ui : 'en').money.refund
  await api.sendMessage(userId, theirs.done(stars, balance))
  return { text: words.done(stars, balance), isAlert: true }
}
