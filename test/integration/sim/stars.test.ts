import { afterEach, beforeEach, expect, test } from 'vitest'
import { botCalls, type CallBot, messageIdOf } from '../../support/bot-calls.ts'
import { TestSimulator } from '../../support/simulator.ts'

let sim: TestSimulator
let call: CallBot
let ann: number

beforeEach(async () => {
  sim = await TestSimulator.start()
  call = botCalls(sim)
  ann = sim.person('Ann')
  await sim.say(ann, '/start')
})
afterEach(() => sim.close())

const offer = {
  title: 'A hundred pages',
  description: 'Translations for a month',
  payload: 'invoice-1',
  currency: 'XTR',
  prices: [{ label: 'All', amount: 50 }],
}
const refused = { ok: false, status: 400 }
const late = {
  ...refused,
  description: 'Bad Request: query is too old and response timeout expired or query ID is invalid',
}

/** Ann presses Pay; gives the id of the question to the bot. */
async function pay(more: object = {}): Promise<string> {
  const sent = await call('sendInvoice', { chat_id: ann, ...offer, ...more })
  const body = { from: ann, chat: ann, message_id: messageIdOf(sent) }
  return (await sim.post<{ id: string }>('payments', body)).id
}
const allow = (id: string) =>
  call('answerPreCheckoutQuery', { pre_checkout_query_id: id, ok: true })
const last = async () =>
  ((await call('getUpdates', { offset: -1 })).result as Record<string, unknown>[])[0]

test.each([
  { what: 'two prices', more: { prices: [offer.prices[0], offer.prices[0]] } },
  { what: 'no price', more: { prices: [] } },
  { what: 'a price of nothing', more: { prices: [{ label: 'x', amount: 0 }] } },
  { what: 'a broken price', more: { prices: [{ label: 'x', amount: 1.5 }] } },
  { what: 'a negative price', more: { prices: [{ label: 'x', amount: -5 }] } },
  { what: 'a provider token', more: { provider_token: 'bank' } },
  { what: 'another currency', more: { currency: 'EUR' } },
  { what: 'a price without a label', more: { prices: [{ label: '', amount: 5 }] } },
  { what: 'a payload of more than 128 bytes', more: { payload: 'я'.repeat(65) } },
  { what: 'no title', more: { title: '' } },
])('no invoice with $what, neither as message nor as link', async ({ more }) => {
  expect(await call('sendInvoice', { chat_id: ann, ...offer, ...more })).toMatchObject(refused)
  expect(await call('createInvoiceLink', { ...offer, ...more })).toMatchObject(refused)
})

test('the bot is asked before a payment and told after it, and has the Stars', async () => {
  const id = await pay()
  expect(await last()).toMatchObject({
    pre_checkout_query: {
      id,
      from: { id: ann },
      currency: 'XTR',
      total_amount: 50,
      invoice_payload: 'invoice-1',
    },
  })
  expect(await sim.get(`payments/${id}`)).toMatchObject({ answered: false })

  expect(await allow(id)).toMatchObject({ ok: true })

  const { chargeId } = await sim.get<{ chargeId: string }>(`payments/${id}`)
  expect(await last()).toMatchObject({
    message: {
      from: { id: ann },
      successful_payment: { total_amount: 50, telegram_payment_charge_id: chargeId },
    },
  })
  expect(await call('getMyStarBalance')).toMatchObject({ result: { amount: 50 } })
  expect(await call('getStarTransactions')).toMatchObject({
    result: { transactions: [{ id: chargeId, amount: 50, source: { user: { id: ann } } }] },
  })
})

test('the question is answered once and within 10 seconds; a no needs a reason and takes nothing', async () => {
  const first = await pay()
  const no = { pre_checkout_query_id: first, ok: false }
  expect(await call('answerPreCheckoutQuery', no)).toMatchObject(refused)
  expect(
    await call('answerPreCheckoutQuery', { ...no, error_message: 'Closed today' }),
  ).toMatchObject({ ok: true })
  expect(await sim.get(`payments/${first}`)).toMatchObject({ ok: false, error: 'Closed today' })
  expect(await allow(first)).toMatchObject(late)

  const second = await pay()
  await sim.advance(10_001)
  expect(await allow(second)).toMatchObject(late)
  expect(await call('getMyStarBalance')).toMatchObject({ result: { amount: 0 } })
})

test('a payment is given back once, to the one who paid', async () => {
  const id = await pay()
  await allow(id)
  const { chargeId } = await sim.get<{ chargeId: string }>(`payments/${id}`)
  const refund = (user_id: number, charge = chargeId) =>
    call('refundStarPayment', { user_id, telegram_payment_charge_id: charge })

  expect(await refund(sim.person('Bob'))).toMatchObject(refused)
  expect(await refund(ann, 'nonsense')).toMatchObject(refused)
  expect(await refund(ann)).toMatchObject({ ok: true })
  expect(await last()).toMatchObject({
    message: { refunded_payment: { telegram_payment_charge_id: chargeId } },
  })
  expect(await refund(ann)).toMatchObject(refused)
  expect(await call('getMyStarBalance')).toMatchObject({ result: { amount: 0 } })
})

test.each([
  { what: 'another period than 30 days', more: { subscription_period: 86_400 } },
  {
    what: 'more than 10,000 Stars a month',
    more: { subscription_period: 2_592_000, prices: [{ label: 'All', amount: 10_001 }] },
  },
])('no link to a subscription with $what', async ({ more }) => {
  expect(await call('createInvoiceLink', { ...offer, ...more })).toMatchObject(refused)
})

test('an invoice in a message is for one payment, whatever is asked, and its first button pays', async () => {
  const id = await pay({ subscription_period: 2_592_000 })
  await allow(id)

  expect(await last()).not.toMatchObject({
    message: { successful_payment: { is_recurring: true } },
  })
  const reply_markup = { inline_keyboard: [[{ text: 'Help', callback_data: 'h' }]] }
  expect(await call('sendInvoice', { chat_id: ann, ...offer, reply_markup })).toMatchObject(refused)
})

test('a forwarded copy can be paid by others only if the invoice has no start parameter', async () => {
  const bob = sim.person('Bob')
  await sim.say(bob, '/start')
  const forward = async (more: object): Promise<unknown> => {
    const sent = await call('sendInvoice', { chat_id: ann, ...offer, ...more })
    const from = { chat: ann, message_id: messageIdOf(sent) }
    const copy = await sim.post<{ message_id: number }>('messages', {
      chat: bob,
      from: bob,
      forward_from: from,
    })
    return sim
      .post('payments', { from: bob, chat: bob, message_id: copy.message_id })
      .catch((error: unknown) => String(error))
  }

  expect(await forward({})).toHaveProperty('id')
  expect(await forward({ start_parameter: 'b' })).toMatch(/no invoice/)
})

test('a subscription is renewed, fails, is ended and taken up again, and the bot hears of what it did not do itself', async () => {
  const { result: link } = await call('createInvoiceLink', {
    ...offer,
    subscription_period: 2_592_000,
  })
  const { id } = await sim.post<{ id: string }>('payments', { from: ann, link })
  await allow(id)
  const { chargeId: charge } = await sim.get<{ chargeId: string }>(`payments/${id}`)
  const act = (name: string) => sim.post('subscriptions', { charge, act: name })
  const paid = (await last()) as {
    message: { successful_payment: { subscription_expiration_date: number } }
  }

  await act('renew')

  const renewed = (await last()) as typeof paid
  expect(renewed.message.successful_payment).toMatchObject({ is_recurring: true })
  expect(renewed.message.successful_payment).not.toHaveProperty('is_first_recurring')
  expect(renewed.message.successful_payment.subscription_expiration_date).toBe(
    paid.message.successful_payment.subscription_expiration_date + 2_592_000,
  )
  for (const [name, state] of [
    ['fail', 'failed'],
    ['cancel', 'canceled'],
    ['resume', 'active'],
  ] as const) {
    await act(name)
    expect(await last()).toMatchObject({ subscription: { invoice_payload: 'invoice-1', state } })
  }
  const before = await last()
  expect(
    await call('editUserStarSubscription', {
      user_id: ann,
      telegram_payment_charge_id: charge,
      is_canceled: true,
    }),
  ).toMatchObject({ ok: true })
  expect(await last()).toEqual(before)
  await expect(act('renew')).rejects.toThrow('canceled')
  expect(await sim.get(`purse?user=${ann}`)).toMatchObject({
    payments: [{ stars: 50 }, { stars: 50 }],
    subscriptions: [{ charge, state: 'canceled' }],
  })
})

test('news of a payment may come twice, and Telegram may take a payment back by itself', async () => {
  const id = await pay()
  await allow(id)
  const { chargeId: charge } = await sim.get<{ chargeId: string }>(`payments/${id}`)
  const first = (await last()) as { update_id: number; message: object }

  await sim.post('redeliveries', { charge })

  const second = (await last()) as typeof first
  expect(second.message).toEqual(first.message)
  expect(second.update_id).toBeGreaterThan(first.update_id)
  await sim.post('chargebacks', { charge })
  expect(await last()).toMatchObject({
    message: { refunded_payment: { telegram_payment_charge_id: charge } },
  })
  await expect(sim.post('chargebacks', { charge })).rejects.toThrow('already')
})

test('a subscription by link says until when it runs; only subscriptions can be ended', async () => {
  const { result: link } = await call('createInvoiceLink', {
    ...offer,
    subscription_period: 2_592_000,
  })
  const { id } = await sim.post<{ id: string }>('payments', { from: ann, link })
  await allow(id)
  const { chargeId } = await sim.get<{ chargeId: string }>(`payments/${id}`)
  const end = (charge: string) =>
    call('editUserStarSubscription', {
      user_id: ann,
      telegram_payment_charge_id: charge,
      is_canceled: true,
    })

  expect(await last()).toMatchObject({
    message: { successful_payment: { is_recurring: true, is_first_recurring: true } },
  })
  expect(await end(chargeId)).toMatchObject({ ok: true })
  const plain = await pay()
  await allow(plain)
  const other = await sim.get<{ chargeId: string }>(`payments/${plain}`)
  expect(await end(other.chargeId)).toMatchObject(refused)
})
