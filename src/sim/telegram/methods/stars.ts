/** @module Payments in test Stars: invoices, the answer to the question before a payment, refunds, subscriptions, and what the bot has earned. */
import { randomBytes } from 'node:crypto'
import type { StarTransaction, TransactionPartner } from '@grammyjs/types'
import { isRecord } from '../body.ts'
import { send, targetRoom } from '../outgoing.ts'
import { Params } from '../params.ts'
import { badRequest } from '../refusal.ts'
import { userOf } from '../rooms.ts'
import type { Sim } from '../sim.ts'
import { checkoutMs, giveBack, pay, starCurrency } from '../stars.ts'
import type { Bot, Offer, Payment } from '../world.ts'
import type { Method, MethodCall } from './call.ts'

/** The one period the service knows, in seconds: 30 days. */
const onlyPeriod = 2_592_000
/** Most Stars for one period of a subscription. */
const mostPerPeriod = 10_000

/** Reads what an invoice offers. Throws 400 for anything but one price in Stars. */
function readOffer({ sim, bot, params }: MethodCall, period: number | undefined): Offer {
  const title = params.text('title')
  const description = params.text('description')
  const payload = params.text('payload')
  if (title.length < 1 || title.length > 32) throw badRequest('INVOICE_TITLE_INVALID')
  if (description.length < 1 || description.length > 255) {
    throw badRequest('INVOICE_DESCRIPTION_INVALID')
  }
  const payloadBytes = Buffer.byteLength(payload)
  if (payloadBytes < 1 || payloadBytes > 128) throw badRequest('INVOICE_PAYLOAD_INVALID')
  if (params.text('currency') !== starCurrency) throw badRequest('CURRENCY_INVALID')
  if ((params.optionalText('provider_token') ?? '') !== '')
    throw badRequest('PROVIDER_TOKEN_INVALID')
  if (period !== undefined && period !== onlyPeriod) throw badRequest('SUBSCRIPTION_PERIOD_INVALID')
  const stars = priceOf(params.list('prices') ?? [])
  if (period !== undefined && stars > mostPerPeriod) throw badRequest('STARS_AMOUNT_INVALID')
  const slug = randomBytes(12).toString('base64url')
  const offer: Offer = { slug, botId: bot.user.id, title, description, payload, stars, period }
  sim.world.offers.set(slug, offer)
  return offer
}

function priceOf(prices: readonly unknown[]): number {
  const [price] = prices
  if (prices.length !== 1 || !isRecord(price)) throw badRequest('exactly one price is expected')
  const it = new Params(price)
  if (it.text('label') === '') throw badRequest('price label must be non-empty')
  const amount = it.int('amount')
  if (amount < 1) throw badRequest('amount must be a positive integer')
  return amount
}

/** Only links have subscriptions: a message knows no such field. */
const sendInvoice: Method = (call) => {
  const { params } = call
  const room = targetRoom(call)
  const offer = readOffer(call, undefined)
  const button = { inline_keyboard: [[{ text: `Pay ⭐${offer.stars}`, pay: true }]] }
  const markup = params.json('reply_markup') ?? button
  if (!isPayFirst(markup)) throw badRequest('the first button must be a Pay button')
  const withButton = { ...params.values(), reply_markup: markup }
  const message = send({ ...call, params: new Params(withButton) }, room, {
    invoice: {
      title: offer.title,
      description: offer.description,
      start_parameter: params.optionalText('start_parameter') ?? '',
      currency: starCurrency,
      total_amount: offer.stars,
    },
  })
  call.sim.world.invoices.set(`${room.key} ${message.message_id}`, offer.slug)
  return message
}

function isPayFirst(markup: unknown): boolean {
  if (!isRecord(markup) || !Array.isArray(markup['inline_keyboard'])) return false
  const rows: readonly unknown[] = markup['inline_keyboard']
  const row = rows[0]
  const first: unknown = Array.isArray(row) ? row[0] : undefined
  return isRecord(first) && first['pay'] === true
}

const answerPreCheckoutQuery: Method = ({ sim, bot, params }) => {
  const checkout = sim.world.checkouts.get(params.text('pre_checkout_query_id'))
  const offer = sim.world.offers.get(checkout?.slug ?? '')
  const ok = params.flag('ok')
  const error = params.optionalText('error_message')
  if (checkout === undefined || offer?.botId !== bot.user.id || checkout.answer !== undefined) {
    throw badRequest('query is too old and response timeout expired or query ID is invalid')
  }
  if (sim.now() - checkout.at > checkoutMs) {
    throw badRequest('query is too old and response timeout expired or query ID is invalid')
  }
  if (!ok && error === undefined) throw badRequest('error message must be specified')
  checkout.answer = ok
    ? { ok, chargeId: pay(sim, bot, { offer, from: checkout.from }) }
    : { ok, error: error ?? '' }
  return true
}

/** The payment a call names by person and charge. Throws 400. */
function paymentOf({ sim, bot, params }: MethodCall): Payment {
  const from = params.int('user_id')
  const payment = sim.world.payments.get(params.text('telegram_payment_charge_id'))
  const offer = sim.world.offers.get(payment?.slug ?? '')
  if (payment?.from !== from || offer?.botId !== bot.user.id) throw badRequest('CHARGE_NOT_FOUND')
  return payment
}

const refundStarPayment: Method = (call) => {
  const payment = paymentOf(call)
  if (payment.refundedAt !== undefined) throw badRequest('CHARGE_ALREADY_REFUNDED')
  giveBack(call.sim, payment)
  return true
}

/** Whoever's bot it is changes it; the bot is not told what it did itself. */
const editUserStarSubscription: Method = (call) => {
  const subscription = call.sim.world.subscriptions.get(paymentOf(call).chargeId)
  if (subscription === undefined) throw badRequest('SUBSCRIPTION_NOT_FOUND')
  if (!call.params.has('is_canceled')) throw badRequest('parameter "is_canceled" is required')
  subscription.state = call.params.flag('is_canceled') ? 'canceled' : 'active'
  return true
}

/** Payments and refunds of a bot in the order they were made. */
function transactions({ world }: Sim, bot: Bot): StarTransaction[] {
  const all = [...world.payments.values()].flatMap((it) => {
    const offer = world.offers.get(it.slug)
    if (offer?.botId !== bot.user.id) return []
    const partner: TransactionPartner = {
      type: 'user',
      transaction_type: 'invoice_payment',
      user: userOf(world, it.from),
      invoice_payload: offer.payload,
      ...(offer.period !== undefined && { subscription_period: offer.period }),
    }
    const both = { id: it.chargeId, amount: offer.stars }
    const paid = { at: it.at, line: { ...both, date: seconds(it.at), source: partner } }
    if (it.refundedAt === undefined) return [paid]
    const at = it.refundedAt
    return [paid, { at, line: { ...both, date: seconds(at), receiver: partner } }]
  })
  return all.toSorted((a, b) => a.at - b.at).map((it) => it.line)
}

const seconds = (ms: number): number => Math.floor(ms / 1000)

export const starMethods: Readonly<Record<string, Method>> = {
  sendinvoice: sendInvoice,
  createinvoicelink: (call) =>
    `https://t.me/$${readOffer(call, call.params.optionalInt('subscription_period')).slug}`,
  answerprecheckoutquery: answerPreCheckoutQuery,
  refundstarpayment: refundStarPayment,
  edituserstarsubscription: editUserStarSubscription,
  getstartransactions: ({ sim, bot, params }) => {
    const offset = params.optionalInt('offset') ?? 0
    const limit = params.optionalInt('limit') ?? 100
    if (limit < 1 || limit > 100) throw badRequest('limit must be between 1 and 100')
    return { transactions: transactions(sim, bot).slice(offset, offset + limit) }
  },
  getmystarbalance: ({ sim, bot }) => ({
    amount: transactions(sim, bot).reduce(
      (sum, it) => sum + (it.source === undefined ? -it.amount : it.amount),
      0,
    ),
  }),
}
