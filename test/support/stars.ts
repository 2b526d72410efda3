/** @module A person who buys Stars from the bot in the simulator, and what the books say afterwards. */
import { balanceOf } from '../../src/payments/ledger/ledger-store.ts'
import { mainBot } from '../../src/sim/telegram/rooms.ts'
import { pay } from '../../src/sim/telegram/stars.ts'
import type { BotWorld } from './bot.ts'
import type { SeenMessage } from './simulator.ts'

export interface Checkout {
  readonly id: string
  readonly answered: boolean
  readonly ok?: boolean
  readonly error?: string
  readonly chargeId?: string
}

/** Waits for a message of the bot that fits, behind message `after`. */
export function said(
  world: BotWorld,
  chat: number,
  ...[fits, after = 0]: [fits: RegExp, after?: number]
): Promise<SeenMessage> {
  return world.sim.until(async () =>
    (await world.sim.messages(chat)).findLast(
      (it) =>
        it.from_bot &&
        it.message_id > after &&
        (fits.test(it.text ?? it.caption ?? '') || it.buttons.some(({ text }) => fits.test(text))),
    ),
  )
}

/** Presses the button whose data is `data` on the newest message that has it; a button with a link is not pressed. */
export async function pressOn(world: BotWorld, chat: number, data: string): Promise<number> {
  const message = await world.sim.until(async () =>
    (await world.sim.messages(chat)).findLast((it) =>
      it.buttons.some((button) => button.data === data),
    ),
  )
  await world.sim.press(chat, message.message_id, { data })
  return message.message_id
}

/** An invoice for a pack; gives its message. */
export async function invoiceFor(
  world: BotWorld,
  person: number,
  stars = 50,
): Promise<SeenMessage> {
  const asked = await world.sim.say(person, '/buy')
  await said(world, person, /How many Stars|Сколько звёзд/, asked)
  await pressOn(world, person, `yk${stars}`)
  return said(world, person, /^Pay ⭐/, asked)
}

/** Somebody presses Pay; the bot's answer. */
export async function checkOut(
  world: BotWorld,
  what: { from: number; chat?: number; message_id?: number; link?: string },
): Promise<Checkout> {
  const { id } = await world.sim.post<{ id: string }>('payments', what)
  return world.sim.until(async () => {
    const seen = await world.sim.get<Checkout>(`payments/${id}`)
    return seen.answered && seen
  })
}

/** Buys a pack and waits for the receipt; gives the charge id. */
export async function buy(world: BotWorld, person: number, stars = 50): Promise<string> {
  const { message_id } = await invoiceFor(world, person, stars)
  const { chargeId } = await checkOut(world, { from: person, chat: person, message_id })
  await said(world, person, /^Thank you!|^Спасибо!/, message_id)
  return chargeId ?? ''
}

/** Sum of all postings of an account, in whole Stars; `reason` narrows them. */
export async function booked(world: BotWorld, account: string): Promise<number> {
  return Number(await balanceOf(world.db.rows, account, 'ustar')) / 1_000_000
}

/** A payment whose payload is no invoice of the bot's, as after a lost row. */
export function payUnasked(world: BotWorld, from: number, stars: number): string {
  const { sim } = world.sim
  const bot = mainBot(sim.world)
  const offer = {
    slug: `unasked-${from}`,
    botId: bot.user.id,
    title: 'Nothing',
    description: 'Nothing',
    payload: 'ab'.repeat(16),
    stars,
    period: undefined,
  }
  sim.world.offers.set(offer.slug, offer)
  return pay(sim, bot, { offer, from })
}
