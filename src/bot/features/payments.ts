/** @module News of money from Telegram: payments, plans, and what was taken back. */
import type { Composer, Context } from 'grammy'
import type { SuccessfulPayment } from 'grammy/types'
import { formatStars } from '../../core/coin.ts'
import { describe } from '../../core/describe.ts'
import type { StarsDesk } from '../../payments/stars/stars-desk-port.ts'
import type { Paid } from '../../payments/stars/stars-port.ts'
import type { Ctx, Services } from '../context.ts'
import type { UserStore } from '../people/user-store.ts'
import { chooseUi, type Texts, textsOf } from '../texts/texts.ts'

export interface PaymentDeps extends Pick<Services, 'api' | 'log'> {
  readonly money: StarsDesk
  readonly users: UserStore
}

const ustarPerStar = 1_000_000n

/** Handlers outside the order of chats: what they do is unique by charge id. */
export function addPayments(composer: Composer<Ctx>, deps: PaymentDeps): void {
  composer.on('message:successful_payment', (ctx) =>
    credit(deps, ctx, { payment: ctx.message.successful_payment, date: ctx.message.date }),
  )
  composer.on('message:refunded_payment', async (ctx) => {
    const { telegram_payment_charge_id: chargeId, total_amount: stars } =
      ctx.message.refunded_payment
    const result = await deps.money.stars.refunded({ chargeId, userId: ctx.from.id })
    // Our own refunds were told of when they were made.
    if (result !== 'booked') return
    const { receipt } = (await wordsFor(deps, ctx)).money
    const { balance } = await deps.money.walletOf(ctx.from.id)
    await ctx.reply(receipt.takenBack(String(stars), formatStars(balance)))
  })
  composer.on('subscription', async (ctx) => {
    const { user, invoice_payload: payload, state } = ctx.update.subscription
    const { stars } = deps.money
    await stars.planState(stars.customerOf(user.id), { payload, userId: user.id, state })
    const plan = await stars.planOf(user.id)
    if (!plan) return
    const { receipt } = (await wordsFor(deps, ctx)).money
    const text = state === 'failed' ? receipt.failed : receipt[state](plan.untilMs)
    await deps.api.sendMessage(user.id, text)
  })
}

async function credit(
  { money, users, api, log }: PaymentDeps,
  ctx: Context,
  { payment, date }: { payment: SuccessfulPayment; date: number },
): Promise<void> {
  const { from } = ctx
  if (!from) return
  const paid = paidOf(money, { payment, date, userId: from.id })
  const credited = await money.stars.paid(paid)
  if (credited === 'known') return
  const { receipt } = (await wordsFor({ users }, ctx)).money
  const stars = String(payment.total_amount)
  const balance = formatStars((await money.walletOf(from.id)).balance)
  const text =
    credited === 'suspense'
      ? receipt.suspense(stars)
      : paid.untilMs === undefined
        ? receipt.credited(stars, balance)
        : receipt.plan(stars, paid.untilMs, balance)
  // The Stars are booked; that the receipt did not get through is no reason to book again.
  await api
    .sendMessage(from.id, text)
    .catch((error: unknown) => log.failure('receipt.unsent', describe(error)))
}

function paidOf(
  money: StarsDesk,
  { payment, date, userId }: { payment: SuccessfulPayment; date: number; userId: number },
): Paid {
  const until = payment.subscription_expiration_date
  return {
    chargeId: payment.telegram_payment_charge_id,
    userId,
    customer: money.stars.customerOf(userId),
    payload: payment.invoice_payload,
    ustar: BigInt(payment.total_amount) * ustarPerStar,
    paidAtMs: date * 1000,
    ...(until !== undefined && { untilMs: until * 1000 }),
  }
}

/** Before anything of the person was read by the handlers of chats. */
async function wordsFor({ users }: Pick<PaymentDeps, 'users'>, ctx: Context): Promise<Texts> {
  const user = ctx.from ?? ctx.update.subscription?.user
  const saved = user && (await users.get(user.id))
  return textsOf(saved?.ui ?? chooseUi(user?.language_code))
}
