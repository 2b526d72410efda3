// Test Stars on the page: the card of an invoice, the payment, and what a person has paid and subscribed to.
import { get, post } from './api.js'
import { alertDialog, openDialog } from './dialog.js'
import { attempt, h, toast } from './dom.js'
import { chatParam, state } from './state.js'

/** How often the page looks whether the bot has answered; it has ten seconds. */
const lookEveryMs = 200

/** The offer inside a message's bubble. Its Pay button is the first of the message's keyboard. */
export function invoiceCard(invoice) {
  return h(
    'div',
    { class: 'invoice' },
    h('span', { class: 'invoice-coin', 'aria-hidden': 'true' }, '⭐'),
    h(
      'div',
      { class: 'invoice-words' },
      h('b', {}, invoice.title),
      h('span', {}, invoice.description),
      h('span', { class: 'invoice-price' }, `⭐ ${invoice.total_amount}`, testTag()),
    ),
  )
}

const testTag = () => h('span', { class: 'test-tag' }, 'test Stars')

/** A pressed Pay button: shows what it is for, pays on the second press. */
export async function payMessage({ view, room }) {
  const { message_id } = view.message
  const where = { chat: chatParam(room), message_id }
  await confirmPayment(where)
}

/** A link to an invoice: its path begins with a dollar sign. */
export const payLink = (link) => confirmPayment({ link })

async function confirmPayment(where) {
  const query = new URLSearchParams(where)
  const offer = await attempt(get(`invoices?${query}`))
  if (offer === undefined) return
  openDialog('Pay with test Stars', (close) => {
    const button = h(
      'button',
      { type: 'button', class: 'primary', autofocus: true },
      `Pay ⭐ ${offer.stars}${offer.monthly ? ' a month' : ''}`,
    )
    button.addEventListener('click', async () => {
      button.disabled = true
      button.classList.add('busy')
      const result = await attempt(settle({ ...where, from: state.me }))
      close()
      if (result?.ok) toast(`Paid ⭐ ${offer.stars} in test Stars`)
      else if (result?.late) alertDialog('The bot did not answer in time. Nothing was paid.')
      else if (result !== undefined) alertDialog(result.error)
    })
    return [
      h('p', { class: 'pay-title' }, offer.title),
      h('p', { class: 'hint' }, offer.description),
      h(
        'p',
        { class: 'hint' },
        'Nothing is charged: these Stars exist in this simulator only, and everybody has enough.',
      ),
      h('div', { class: 'actions' }, button),
    ]
  })
}

/** Asks the bot, and waits for its answer. */
async function settle(what) {
  const { id } = await post('payments', what)
  for (;;) {
    const seen = await get(`payments/${id}`)
    if (seen.answered || seen.late) return seen
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
}

/** Said in the middle of the chat. */
export function moneyLine(message) {
  const { successful_payment: paid, refunded_payment: back } = message
  if (back) return `⭐ ${back.total_amount} came back to you (test Stars)`
  const what = paid.is_recurring && !paid.is_first_recurring ? 'renewed a plan for' : 'paid'
  return `You ${what} ⭐ ${paid.total_amount} (test Stars)`
}

/** What this person paid and subscribed to, with what they or Telegram can do about it. */
export async function purseDialog() {
  const purse = await attempt(get(`purse?user=${state.me}`))
  if (purse === undefined) return
  openDialog('My test Stars', (close) => {
    const act = (path, body) => async () => {
      const done = await attempt(post(path, body))
      close()
      if (done !== undefined) void purseDialog()
    }
    return [
      h('p', { class: 'hint' }, 'Test Stars are free and without end.'),
      h('h3', {}, 'Plans'),
      purse.subscriptions.length === 0 && h('p', { class: 'hint' }, 'None.'),
      purse.subscriptions.map((it) => planRow(it, act)),
      h('h3', {}, 'Payments'),
      purse.payments.length === 0 && h('p', { class: 'hint' }, 'None.'),
      purse.payments.map((it) => paymentRow(it, act)),
    ]
  })
}

const dayOf = (ms) => new Date(ms).toLocaleDateString([], { day: 'numeric', month: 'short' })

const planWords = {
  active: (day) => `renewed on ${day}`,
  canceled: (day) => `ends on ${day}`,
  failed: (day) => `payment failed, ran until ${day}`,
  over: (day) => `over since ${day}`,
}

function planRow({ charge, title, stars, until, state: plan }, act) {
  const button = (label, name) =>
    h('button', { type: 'button', onclick: act('subscriptions', { charge, act: name }) }, label)
  return h(
    'div',
    { class: 'purse-row' },
    h('span', { class: 'purse-what' }, `${title} · ⭐ ${stars}`),
    h('span', { class: 'hint' }, planWords[plan](dayOf(until))),
    h(
      'span',
      { class: 'purse-acts' },
      plan !== 'canceled' && button('Renew now', 'renew'),
      plan === 'active' && button('Let it fail', 'fail'),
      plan === 'canceled' ? button('Take up again', 'resume') : button('Cancel', 'cancel'),
    ),
  )
}

function paymentRow({ charge, title, stars, at, refunded }, act) {
  return h(
    'div',
    { class: 'purse-row' },
    h('span', { class: 'purse-what' }, `${title} · ⭐ ${stars}`),
    h('span', { class: 'hint' }, refunded ? `${dayOf(at)}, given back` : dayOf(at)),
    h(
      'span',
      { class: 'purse-acts' },
      !refunded &&
        h('button', { type: 'button', onclick: act('chargebacks', { charge }) }, 'Take it back'),
      h(
        'button',
        { type: 'button', onclick: act('redeliveries', { charge }) },
        'Tell the bot again',
      ),
    ),
  )
}
