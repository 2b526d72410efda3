/** @module /balance, /buy, /plan and their buttons: what a person has, and the ways to more of it and back. */
import { type Composer, InputFile } from 'grammy'
import { formatStars } from '../../core/coin.ts'
import type { Press } from '../buttons.ts'
import type { Ctx, Services } from '../context.ts'
import { balanceText, chargeHandle, historyCsv, wholeStars } from '../replies/balance.ts'
import { button } from '../replies/keyboards.ts'
import type { Reply } from './press-reply.ts'
import { openTicket, refundByOperator, type SupportDeps } from './tickets.ts'

export interface MoneyDeps extends SupportDeps {
  readonly money: NonNullable<Services['money']>
}

type MoneyPress = Extract<Press, { kind: 'money' }>

/** Whole Stars. */
const packs: readonly bigint[] = [50n, 100n, 250n, 500n, 1000n]
const plans: readonly bigint[] = [100n, 300n]
const ustarPerStar = 1_000_000n
const shownEntries = 10
const csvEntries = 10_000
const currency = 'XTR'
/** Thirty days, the only period Telegram knows. */
const periodSeconds = 2_592_000

export function addMoney(composer: Composer<Ctx>, deps: MoneyDeps): void {
  const only = composer.chatType('private')
  // The link `?start=b`: of a forwarded invoice, of whoever runs out.
  only.command('start', (ctx, next) => (ctx.match === 'b' ? showPacks(ctx) : next()))
  only.command('balance', (ctx) => showBalance(deps, ctx))
  only.command('buy', (ctx) => showPacks(ctx))
  only.command('plan', (ctx) => showPlan(deps, ctx))
}

/** A button about money; everything is looked up anew, so a forged value finds nothing. */
export async function pressMoney(
  deps: Pick<Services, 'money' | 'api' | 'clock' | 'log'> & Pick<SupportDeps, 'operators'>,
  ctx: Ctx,
  press: MoneyPress,
): Promise<Reply> {
  const { money } = deps
  if (!money || !ctx.from) return { text: ctx.texts.say['too-old'], isAlert: true }
  const full: MoneyDeps = { ...deps, money }
  switch (press.act) {
    case 'balance':
      return shown(showBalance(full, ctx))
    case 'buy':
      return shown(showPacks(ctx))
    case 'plan':
      return shown(showPlan(full, ctx))
    case 'pack':
      return sendPack(full, ctx, press.value)
    case 'subscribe':
      return sendPlan(full, ctx, press.value)
    case 'end-plan':
      return shown(askEndPlan(full, ctx))
    case 'end-plan-yes':
      return endPlan(full, ctx)
    case 'refund':
      return shown(showRefunds(full, ctx))
    case 'refund-one':
      return refundOne(full, ctx, press.value)
    case 'csv':
      return shown(sendCsv(full, ctx))
    case 'ticket': {
      const chargeId = await chargeOf(full, ctx.from.id, press.value)
      return shown(openTicket(full, ctx, { chargeId }))
    }
    case 'operator-refund':
      return refundByOperator(full, ctx, press.value)
  }
}

async function shown(work: Promise<void>): Promise<Reply> {
  await work
  return 'silent'
}

async function showBalance({ money, clock }: MoneyDeps, ctx: Ctx): Promise<void> {
  if (!ctx.from) return
  const { id } = ctx.from
  const { buttons } = ctx.texts.money
  const text = balanceText(ctx.texts, {
    wallet: await money.walletOf(id),
    plan: await money.stars.planOf(id),
    entries: await money.history(id, shownEntries),
    nowMs: clock.now(),
  })
  await ctx.reply(text, {
    reply_markup: {
      inline_keyboard: [
        [
          button(buttons.buy, { kind: 'money', act: 'buy' }),
          button(buttons.plan, { kind: 'money', act: 'plan' }),
        ],
        [
          button(buttons.refund, { kind: 'money', act: 'refund' }),
          button(buttons.csv, { kind: 'money', act: 'csv' }),
        ],
      ],
    },
  })
}

async function showPacks(ctx: Ctx): Promise<void> {
  const { buy, buttons } = ctx.texts.money
  const row = (of: readonly bigint[]) =>
    of.map((stars) =>
      button(buttons.pack(String(stars)), { kind: 'money', act: 'pack', value: String(stars) }),
    )
  await ctx.reply(buy.choose, {
    reply_markup: { inline_keyboard: [row(packs.slice(0, 3)), row(packs.slice(3))] },
  })
}

const offered = (of: readonly bigint[], value: string | undefined): bigint | undefined =>
  of.find((stars) => String(stars) === value)

async function sendPack({ money, api }: MoneyDeps, ctx: Ctx, value?: string): Promise<Reply> {
  const stars = offered(packs, value)
  const { buy } = ctx.texts.money
  if (stars === undefined || !ctx.from) return { text: ctx.texts.say['too-old'], isAlert: true }
  const invoice = await money.stars.invoice(money.stars.customerOf(ctx.from.id), {
    kind: 'pack',
    ustar: stars * ustarPerStar,
  })
  if (!invoice) return { text: buy.closed, isAlert: true }
  const words = String(stars)
  const price = { label: buy.label, amount: wholeStars(invoice.ustar) }
  await api.sendInvoice(
    ctx.from.id,
    buy.title(words),
    buy.description(words),
    invoice.id,
    currency,
    [price],
    // Without it a forwarded copy would keep a button that pays.
    { start_parameter: 'b' },
  )
  return 'silent'
}

async function showPlan({ money, clock }: MoneyDeps, ctx: Ctx): Promise<void> {
  if (!ctx.from) return
  const { plan: words, balance, buttons } = ctx.texts.money
  const plan = await money.stars.planOf(ctx.from.id)
  if (plan && plan.state === 'active' && plan.untilMs > clock.now()) {
    await ctx.reply(balance.plan(formatStars(plan.ustar), plan.untilMs), {
      reply_markup: {
        inline_keyboard: [[button(buttons.endPlan, { kind: 'money', act: 'end-plan' })]],
      },
    })
    return
  }
  const row = plans.map((stars) => {
    const press = { kind: 'money', act: 'subscribe', value: String(stars) } as const
    return button(buttons.subscribe(String(stars)), press)
  })
  await ctx.reply(words.offer, { reply_markup: { inline_keyboard: [row] } })
}

async function sendPlan({ money, api }: MoneyDeps, ctx: Ctx, value?: string): Promise<Reply> {
  const stars = offered(plans, value)
  const { plan: words, buy, buttons } = ctx.texts.money
  if (stars === undefined || !ctx.from) return { text: ctx.texts.say['too-old'], isAlert: true }
  const invoice = await money.stars.invoice(money.stars.customerOf(ctx.from.id), {
    kind: 'plan',
    ustar: stars * ustarPerStar,
  })
  if (!invoice) return { text: buy.closed, isAlert: true }
  const name = String(stars)
  const url = await api.createInvoiceLink(
    words.title(name),
    words.description(name),
    invoice.id,
    '',
    currency,
    [{ label: buy.label, amount: wholeStars(invoice.ustar) }],
    { subscription_period: periodSeconds },
  )
  await ctx.reply(words.link(name), {
    reply_markup: { inline_keyboard: [[{ text: buttons.subscribe(name), url }]] },
  })
  return 'silent'
}

async function askEndPlan({ money }: MoneyDeps, ctx: Ctx): Promise<void> {
  const plan = ctx.from && (await money.stars.planOf(ctx.from.id))
  const { plan: words, buttons } = ctx.texts.money
  if (!plan) {
    await ctx.reply(words.none)
    return
  }
  const yes = button(buttons.endPlanYes, { kind: 'money', act: 'end-plan-yes' })
  await ctx.reply(words.sure(plan.untilMs), { reply_markup: { inline_keyboard: [[yes]] } })
}

async function endPlan({ money }: MoneyDeps, ctx: Ctx): Promise<Reply> {
  const { plan: words } = ctx.texts.money
  const isEnded = ctx.from !== undefined && (await money.stars.endPlan(ctx.from.id))
  await ctx.editMessageText(isEnded ? words.ended : words.none)
  return 'silent'
}

/** Payments of these that can still be given back. */
async function showRefunds({ money }: MoneyDeps, ctx: Ctx): Promise<void> {
  if (!ctx.from) return
  const { refund: words } = ctx.texts.money
  const lines = (await money.stars.payments(ctx.from.id)).filter((it) => it.state !== 'refunded')
  if (lines.length === 0) {
    await ctx.reply(words.none)
    return
  }
  const rows = lines.map(({ chargeId, paidAtMs, ustar }) => [
    button(words.line(paidAtMs, formatStars(ustar)), {
      kind: 'money',
      act: 'refund-one',
      value: chargeHandle(chargeId),
    }),
  ])
  await ctx.reply(words.choose, { reply_markup: { inline_keyboard: rows } })
}

/** Of the person's own payments only. */
async function chargeOf(
  { money }: MoneyDeps,
  userId: number,
  handle: string | undefined,
): Promise<string | undefined> {
  const own = await money.stars.payments(userId)
  return own.find(({ chargeId }) => chargeHandle(chargeId) === handle)?.chargeId
}

/** What is whole is given back at once; where something of it is spent, a person decides. */
async function refundOne(deps: MoneyDeps, ctx: Ctx, handle?: string): Promise<Reply> {
  const { money } = deps
  if (!ctx.from) return 'silent'
  const { id: userId } = ctx.from
  const { refund: words } = ctx.texts.money
  const own = await money.stars.payments(userId)
  const payment = own.find(({ chargeId }) => chargeHandle(chargeId) === handle)
  if (!payment) return { text: words.unknown, isAlert: true }
  const { chargeId, ustar } = payment
  const result = await money.stars.refund({ chargeId, userId, onlyUnspent: true })
  switch (result) {
    case 'done': {
      const { balance } = await money.walletOf(userId)
      await ctx.editMessageText(words.done(formatStars(ustar), formatStars(balance)))
      return 'silent'
    }
    case 'short':
      await openTicket(deps, ctx, { chargeId, say: words.short })
      return 'silent'
    case 'requested':
    case 'already':
    case 'unknown':
      return { text: words[result], isAlert: true }
  }
}

async function sendCsv({ money }: MoneyDeps, ctx: Ctx): Promise<void> {
  if (!ctx.from) return
  const entries = await money.history(ctx.from.id, csvEntries)
  const bytes = new TextEncoder().encode(historyCsv(entries))
  await ctx.replyWithDocument(new InputFile(bytes, 'balance.csv'), {
    caption: ctx.texts.money.balance.csv,
  })
}
