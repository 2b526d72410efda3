/** @module Payments in test Stars: invoices, the question before a payment, refunds, and what the bot has earned. */
import { randomBytes } from 'node:crypto'
import type { StarTransaction, TransactionPartner } from '@grammyjs/types'
import { isRecord } from '../body.ts'
import { addMessage } from '../messages.ts'
import { send, targetRoom } from '../outgoing.ts'
import { Params } from '../params.ts'
import { badRequest } from '../refusal.ts'
import { privateRoom, userOf } from '../rooms.ts'
import { type Sim, unixTime } from '../sim.ts'
import type { Bot, Checkout, Offer, Payment } from '../world.ts'
import type { Method, MethodCall } from './call.ts'

const answerMs = 10_000
/** The one period the service knows, in seconds: 30 days. */
const onlyPeriod = 2_592_000
const currency = 'XTR'

/** Reads what an invoice offers. Throws 400 for anything but one price in Stars. */
function readOffer({ sim, bot, params }: MethodCall): Offer {
  const title = params.text('title')
  const description = params.text('description')
  const payload = params.text('payload')
  if (title.length < 1 || title.length > 32) throw badRequest('INVOICE_TITLE_INVALID')
  if (description.length < 1 || description.length > 255) {
    throw badRequest('INVOICE_DESCRIPTION_INVALID')
  }
  const payloadBytes = Buffer.byteLength(payload)
  if (payloadBytes < 1 || payloadBytes > 128) throw badRequest('INVOICE_PAYLOAD_INVALID')
  if (params.text('currency') !== currency) throw badRequest('CURRENCY_INVALID')
  if ((params.optionalText('provider_token') ?? '') !== '')
    throw badRequest('PROVIDER_TOKEN_INVALID')
  const period = params.optionalInt('subscription_period')
  if (period !== undefined && period !== onlyPeriod) throw badRequest('SUBSCRIPTION_PERIOD_INVALID')
  const stars = priceOf(params.list('prices') ?? [])
  const slug = randomBytes(12).toString('base64url')
  const offer: Offer = { slug, botId: bot.user.id, title, payload, stars, period }
  sim.world.offers.set(slug, offer)
  return offer
}

function priceOf(prices: readonly unknown[]): number {
  const [price] = prices
  if (prices.length !== 1 || !isRecord(price)) throw badRequest('exactly one price is expected')
  const amount = new Params(price).int('amount')
  if (amount < 1) throw badRequest('amount must be a positive integer')
  return amount
}

const sendInvoice: Method = (call) => {
  const { sim, params } = call
  const room = targetRoom(call)
  const offer = readOffer(call)
  const button = { inline_keyboard: [[{ text: `Pay ⭐${offer.stars}`, pay: true }]] }
  const withButton = { ...params.values(), reply_markup: params.json('reply_markup') ?? button }
  const message = send({ ...call, params: new Params(withButton) }, room, {
    invoice: {
      title: offer.title,
      description: params.text('description'),
      start_parameter: params.optionalText('start_parameter') ?? '',
      currency,
      total_amount: offer.stars,
    },
  })
  sim.world.invoices.set(`${room.key} ${message.message_id}`, offer.slug)
  return message
}

/** A person presses Pay: the bot is asked first. */
export function openCheckout(sim: Sim, bot: Bot, it: { offer: Offer; from: number }): Checkout {
  const { offer, from } = it
  const id = `${sim.world.nextSerial}${String(sim.now()).slice(-9)}`
  sim.world.nextSerial += 1
  const checkout: Checkout = { id, slug: offer.slug, from, at: sim.now(), answer: undefined }
  sim.world.checkouts.set(id, checkout)
  sim.mail.push(bot, {
    pre_checkout_query: {
      id,
      from: userOf(sim.world, from),
      currency,
      total_amount: offer.stars,
      invoice_payload: offer.payload,
    },
  })
  return checkout
}

const answerPreCheckoutQuery: Method = ({ sim, bot, params }) => {
  const checkout = sim.world.checkouts.get(params.text('pre_checkout_query_id'))
  const offer = sim.world.offers.get(checkout?.slug ?? '')
  const ok = params.flag('ok')
  const error = params.optionalText('error_message')
  if (checkout === undefined || offer?.botId !== bot.user.id || checkout.answer !== undefined) {
    throw badRequest('query is too old and response timeout expired or query ID is invalid')
  }
  if (sim.now() - checkout.at > answerMs) {
    throw badRequest('query is too old and response timeout expired or query ID is invalid')
  }
  if (!ok && error === undefined) throw badRequest('error message must be specified')
  checkout.answer = ok
    ? { ok, chargeId: pay(sim, bot, { offer, from: checkout.from }) }
    : { ok, error: error ?? '' }
  return true
}

/** The Stars change hands, and the bot is told in the person's chat. */
function pay(sim: Sim, bot: Bot, it: { offer: Offer; from: number }): string {
  const { offer, from } = it
  const chargeId = `stx${randomBytes(18).toString('base64url')}`
  const payment = { chargeId, slug: offer.slug, from, at: sim.now(), refundedAt: undefined }
  sim.world.payments.set(chargeId, { ...payment, canceled: false })
  tell({ sim, bot }, from, {
    successful_payment: {
      ...billOf(offer),
      telegram_payment_charge_id: chargeId,
      provider_payment_charge_id: '',
      ...(offer.period !== undefined && {
        subscription_expiration_date: unixTime(sim) + offer.period,
        is_recurring: true as const,
        is_first_recurring: true as const,
      }),
    },
  })
  return chargeId
}

const billOf = (offer: Offer) => ({
  currency,
  total_amount: offer.stars,
  invoice_payload: offer.payload,
})

type News = Parameters<typeof addMessage>[2]['content']

function tell({ sim, bot }: Pick<MethodCall, 'sim' | 'bot'>, from: number, content: News): void {
  const person = sim.world.people.get(from)
  if (person === undefined) return
  addMessage(sim, privateRoom(sim.world, bot, person), {
    author: from,
    content: { from: person.user, ...content },
  })
}

/** The payment a call names by person and charge, and what was paid. Throws 400. */
function paymentOf({ sim, bot, params }: MethodCall): { payment: Payment; offer: Offer } {
  const from = params.int('user_id')
  const payment = sim.world.payments.get(params.text('telegram_payment_charge_id'))
  const offer = sim.world.offers.get(payment?.slug ?? '')
  if (payment?.from !== from || offer?.botId !== bot.user.id) throw badRequest('CHARGE_NOT_FOUND')
  return { payment, offer }
}

const refundStarPayment: Method = (call) => {
  const { payment, offer } = paymentOf(call)
  if (payment.refundedAt !== undefined) throw badRequest('CHARGE_ALREADY_REFUNDED')
  payment.refundedAt = call.sim.now()
  tell(call, payment.from, {
    refunded_payment: {
      ...billOf(offer),
      currency,
      telegram_payment_charge_id: payment.chargeId,
    },
  })
  return true
}

const editUserStarSubscription: Method = (call) => {
  const { payment, offer } = paymentOf(call)
  if (offer.period === undefined) throw badRequest('SUBSCRIPTION_NOT_FOUND')
  payment.canceled = call.params.flag('is_canceled')
  return true
}

/** Payments and refunds of a bot in the order they were made. */
function transactions({ world }: Sim, bot: Bot): StarTransaction[] {
  return [...world.payments.values()].flatMap((it) => {
    const offer = world.offers.get(it.slug)
    if (offer?.botId !== bot.user.id) return []
    const partner: TransactionPartner = {
      type: 'user',
      transaction_type: 'invoice_payment',
      user: userOf(world, it.from),
      invoice_payload: offer.payload,
    }
    const both = { id: it.chargeId, amount: offer.stars }
    const paid = { ...both, date: Math.floor(it.at / 1000), source: partner }
    if (it.refundedAt === undefined) return [paid]
    return [paid, { ...both, date: Math.floor(it.refundedAt / 1000), receiver: partner }]
  })
}

export const starMethods: Readonly<Record<string, Method>> = {
  sendinvoice: sendInvoice,
  createinvoicelink: (call) => `https://t.me/$${readOffer(call).slug}`,
  answerprecheckoutquery: answerPreCheckoutQuery,
  refundstarpayment: refundStarPayment,
  edituserstarsubscription: editUserStarSubscription,
  getstartransactions: ({ sim, bot, params }) => {
    const offset = params.optionalInt('offset') ?? 0
    const limit = params.optionalInt('limit') ?? 100
    return { transactions: transactions(sim, bot).slice(offset, offset + limit) }
  },
  getmystarbalance: ({ sim, bot }) => ({
    amount: transactions(sim, bot).reduce(
      (sum, it) => sum + (it.source === undefined ? -it.amount : it.amount),
      0,
    ),
  }),
}
