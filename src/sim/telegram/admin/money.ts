/** @module Admin calls for paying: a person presses Pay under an invoice or behind a link, and looks how it went. */
import { openCheckout } from '../methods/stars.ts'
import { badRequest } from '../refusal.ts'
import type { Offer } from '../world.ts'
import { type AdminCall, personNamed, type Route, roomNamed } from './call.ts'

/** The offer named by `link`, or by `chat` and `message_id`; anybody may pay it. */
function offerOf(call: AdminCall): Offer {
  const { params, sim } = call
  const link = params.optionalText('link')
  const slug =
    link === undefined
      ? sim.world.invoices.get(`${roomNamed(call, 'chat').key} ${params.int('message_id')}`)
      : /\$([\w-]+)$/.exec(link)?.[1]
  const offer = sim.world.offers.get(slug ?? '')
  if (offer === undefined)
    throw badRequest(`${link === undefined ? 'message_id' : 'link'}: no invoice`)
  return offer
}

function payByPerson(call: AdminCall): unknown {
  const { sim } = call
  const offer = offerOf(call)
  const bot = sim.world.bots.get(offer.botId)
  if (bot === undefined) throw badRequest('link: its bot is gone')
  return { id: openCheckout(sim, bot, { offer, from: personNamed(call, 'from') }).id }
}

function checkoutState({ sim, path }: AdminCall): unknown {
  const found = sim.world.checkouts.get(path)
  if (found === undefined) throw badRequest('id: unknown payment')
  return { id: found.id, answered: found.answer !== undefined, ...found.answer }
}

export const moneyRoutes: readonly Route[] = [
  { verb: 'POST', pattern: /^\/sim\/payments$/, run: payByPerson },
  { verb: 'GET', pattern: /^\/sim\/payments\/(\d+)$/, run: checkoutState },
]
