/** @module Admin calls for paying: a person presses Pay under an invoice or behind a link, looks how it went, and changes subscriptions. */
import { originOf } from '../messages.ts'
import { badRequest } from '../refusal.ts'
import {
  changeSubscription,
  checkoutMs,
  giveBack,
  offerOf,
  openCheckout,
  redeliver,
  renew,
} from '../stars.ts'
import type { Offer, Payment, Subscription } from '../world.ts'
import { type AdminCall, messageNamed, personNamed, type Route, roomNamed } from './call.ts'

/** The offer named by `link`, or by `chat` and `message_id`; anybody may pay it. */
function offerNamed(call: AdminCall): Offer {
  const { params, sim } = call
  const link = params.optionalText('link')
  const slug = link === undefined ? slugOfMessage(call) : /\$([\w-]+)$/.exec(link)?.[1]
  const offer = sim.world.offers.get(slug ?? '')
  if (offer === undefined)
    throw badRequest(`${link === undefined ? 'message_id' : 'link'}: no invoice`)
  return offer
}

/** Of the invoice itself, or of a forwarded copy that kept its Pay button, which is one without a start parameter. */
function slugOfMessage(call: AdminCall): string | undefined {
  const { sim } = call
  const room = roomNamed(call, 'chat')
  const { message } = messageNamed(call, room)
  const own = sim.world.invoices.get(`${room.key} ${message.message_id}`)
  const { invoice } = message
  if (own !== undefined || invoice === undefined || invoice.start_parameter !== '') return own
  const origin = originOf(sim, message)
  const bot = origin.type === 'user' ? origin.sender_user.id : 0
  return [...sim.world.offers.values()].findLast(
    (it) => it.botId === bot && it.title === invoice.title && it.stars === invoice.total_amount,
  )?.slug
}

function payByPerson(call: AdminCall): unknown {
  const { sim } = call
  const offer = offerNamed(call)
  const bot = sim.world.bots.get(offer.botId)
  if (bot === undefined) throw badRequest('link: its bot is gone')
  return { id: openCheckout(sim, bot, { offer, from: personNamed(call, 'from') }).id }
}

function checkoutState({ sim, path }: AdminCall): unknown {
  const found = sim.world.checkouts.get(path)
  if (found === undefined) throw badRequest('id: unknown payment')
  return {
    id: found.id,
    answered: found.answer !== undefined,
    late: found.answer === undefined && sim.now() - found.at > checkoutMs,
    ...found.answer,
  }
}

function paymentNamed({ sim, params }: AdminCall): Payment {
  const payment = sim.world.payments.get(params.text('charge'))
  if (payment === undefined) throw badRequest('charge: unknown payment')
  return payment
}

/** Telegram gives a payment back without the bot having asked. */
function takeBack(call: AdminCall): unknown {
  const payment = paymentNamed(call)
  if (payment.refundedAt !== undefined) throw badRequest('charge: given back already')
  giveBack(call.sim, payment)
  return { ok: true }
}

function subscriptionNamed({ sim, params }: AdminCall): Subscription {
  const found = sim.world.subscriptions.get(params.text('charge'))
  if (found === undefined) throw badRequest('charge: unknown subscription')
  return found
}

/** `act`: renew (the next period is paid), cancel, resume, or fail (the next period could not be paid). */
function actOnSubscription(call: AdminCall): unknown {
  const { sim, params } = call
  const subscription = subscriptionNamed(call)
  switch (params.text('act')) {
    case 'renew':
      return { charge: renew(sim, subscription) }
    case 'cancel':
      changeSubscription(sim, subscription, 'canceled')
      return { ok: true }
    case 'resume':
      changeSubscription(sim, subscription, 'active')
      return { ok: true }
    case 'fail':
      changeSubscription(sim, subscription, 'failed')
      return { ok: true }
    default:
      throw badRequest('act: renew, cancel, resume or fail expected')
  }
}

/** Everything a person paid and subscribed to, newest first. */
function purse({ sim, params }: AdminCall): unknown {
  const user = params.int('user')
  const titleOf = (slug: string) => {
    const { title, stars } = offerOf(sim, slug)
    return { title, stars }
  }
  return {
    payments: [...sim.world.payments.values()]
      .filter((it) => it.from === user)
      .map(({ chargeId, slug, at, refundedAt }) => ({
        charge: chargeId,
        at,
        refunded: refundedAt !== undefined,
        ...titleOf(slug),
      }))
      .toReversed(),
    subscriptions: [...sim.world.subscriptions.values()]
      .filter((it) => it.from === user)
      .map(({ chargeId, slug, until, state }) => ({
        charge: chargeId,
        until,
        state: until <= sim.now() ? 'over' : state,
        ...titleOf(slug),
      }))
      .toReversed(),
  }
}

export const moneyRoutes: readonly Route[] = [
  { verb: 'POST', pattern: /^\/sim\/payments$/, run: payByPerson },
  { verb: 'GET', pattern: /^\/sim\/payments\/(\d+)$/, run: checkoutState },
  {
    verb: 'GET',
    pattern: /^\/sim\/invoices$/,
    run: (call) => {
      const { title, description, stars, period } = offerNamed(call)
      return { title, description, stars, monthly: period !== undefined }
    },
  },
  { verb: 'GET', pattern: /^\/sim\/purse$/, run: purse },
  { verb: 'POST', pattern: /^\/sim\/subscriptions$/, run: actOnSubscription },
  { verb: 'POST', pattern: /^\/sim\/chargebacks$/, run: takeBack },
  {
    verb: 'POST',
    pattern: /^\/sim\/redeliveries$/,
    run: (call) => {
      redeliver(call.sim, paymentNamed(call))
      return { ok: true }
    },
  },
]
