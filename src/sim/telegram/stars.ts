/** @module Test Stars changing hands: the question before a payment, payments, renewals, refunds, and what the bot is told of each. */
import { randomBytes } from 'node:crypto'
import { addMessage, type Content } from './messages.ts'
import { badRequest } from './refusal.ts'
import { privateRoom, userOf } from './rooms.ts'
import type { Sim } from './sim.ts'
import type { Bot, Checkout, Offer, Payment, Subscription } from './world.ts'

export const starCurrency = 'XTR'
/** A question before a payment is answered within this time or not at all. */
export const checkoutMs = 10_000

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
      currency: starCurrency,
      total_amount: offer.stars,
      invoice_payload: offer.payload,
    },
  })
  return checkout
}

/** The Stars change hands, and the bot is told in the person's chat. `renews`: the next period of a subscription. */
export function pay(
  sim: Sim,
  bot: Bot,
  it: { offer: Offer; from: number; renews?: Subscription },
): string {
  const { offer, from, renews } = it
  const chargeId = `stx${randomBytes(72).toString('base64url')}`
  const payment: Payment = {
    chargeId,
    slug: offer.slug,
    from,
    at: sim.now(),
    refundedAt: undefined,
    subscription: undefined,
  }
  if (offer.period !== undefined) {
    const subscription = renews ?? {
      chargeId,
      slug: offer.slug,
      from,
      until: sim.now(),
      state: 'active',
    }
    subscription.until = Math.max(subscription.until, sim.now()) + offer.period * 1000
    subscription.state = 'active'
    sim.world.subscriptions.set(subscription.chargeId, subscription)
    payment.subscription = { first: renews === undefined, until: subscription.until }
  }
  sim.world.payments.set(chargeId, payment)
  tell(sim, bot, { from, content: paidContent(sim, payment) })
  return chargeId
}

/** Telegram delivers the news of a payment once more, as after a lost confirmation. */
export function redeliver(sim: Sim, payment: Payment): void {
  const offer = offerOf(sim, payment.slug)
  const bot = sim.world.bots.get(offer.botId)
  const person = sim.world.people.get(payment.from)
  if (bot === undefined || person === undefined) throw badRequest('charge: its bot is gone')
  const room = privateRoom(sim.world, bot, person)
  const told = [...room.messages.values()].find(
    ({ message }) => message.successful_payment?.telegram_payment_charge_id === payment.chargeId,
  )
  const message = told === undefined ? undefined : structuredClone(told.message)
  if (message?.from === undefined || message.chat.type === 'channel')
    throw badRequest('charge: its message is gone')
  sim.mail.push(bot, { message: { ...message, from: message.from, chat: message.chat } })
}

/** The Stars go back, and the bot is told. */
export function giveBack(sim: Sim, payment: Payment): void {
  const offer = offerOf(sim, payment.slug)
  const bot = sim.world.bots.get(offer.botId)
  payment.refundedAt = sim.now()
  if (bot === undefined) return
  tell(sim, bot, {
    from: payment.from,
    content: {
      refunded_payment: {
        ...billOf(offer),
        currency: starCurrency,
        telegram_payment_charge_id: payment.chargeId,
        provider_payment_charge_id: '',
      },
    },
  })
}

/** The person, or a payment that failed, changes what becomes of a subscription; the bot is told. */
export function changeSubscription(
  sim: Sim,
  subscription: Subscription,
  state: Subscription['state'],
): void {
  const offer = offerOf(sim, subscription.slug)
  const bot = sim.world.bots.get(offer.botId)
  subscription.state = state
  if (bot === undefined) return
  sim.mail.push(bot, {
    subscription: {
      user: userOf(sim.world, subscription.from),
      invoice_payload: offer.payload,
      state,
    },
  })
}

/** The next period is paid: nobody asks the bot. Throws 400 unless it is to be renewed. */
export function renew(sim: Sim, subscription: Subscription): string {
  const offer = offerOf(sim, subscription.slug)
  const bot = sim.world.bots.get(offer.botId)
  if (bot === undefined) throw badRequest('charge: its bot is gone')
  if (subscription.state === 'canceled') throw badRequest('charge: it was canceled')
  return pay(sim, bot, { offer, from: subscription.from, renews: subscription })
}

export function offerOf(sim: Sim, slug: string): Offer {
  const offer = sim.world.offers.get(slug)
  if (offer === undefined) throw badRequest('INVOICE_NOT_FOUND')
  return offer
}

const billOf = (offer: Offer) => ({
  currency: starCurrency,
  total_amount: offer.stars,
  invoice_payload: offer.payload,
})

function paidContent(sim: Sim, { chargeId, slug, subscription }: Payment): Content {
  return {
    successful_payment: {
      ...billOf(offerOf(sim, slug)),
      telegram_payment_charge_id: chargeId,
      provider_payment_charge_id: '',
      ...(subscription !== undefined && {
        subscription_expiration_date: Math.floor(subscription.until / 1000),
        is_recurring: true as const,
        ...(subscription.first && { is_first_recurring: true as const }),
      }),
    },
  }
}

function tell(sim: Sim, bot: Bot, { from, content }: { from: number; content: Content }): void {
  const person = sim.world.people.get(from)
  if (person === undefined) return
  addMessage(sim, privateRoom(sim.world, bot, person), {
    author: from,
    content: { from: person.user, ...content },
  })
}
