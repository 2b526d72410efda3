import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { post } from '../../../src/payments/ledger/ledger-store.ts'
import type { FloatState } from '../../../src/payments/stars/stars-port.ts'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import {
  booked,
  buy,
  checkOut,
  invoiceFor,
  payUnasked,
  pressOn,
  said,
} from '../../support/stars.ts'

const german = 'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?'

let world: BotWorld
let float: FloatState = 'open'
let isMaintenance = false
let operator = 0
beforeAll(async () => {
  world = await startBotWorld({
    money: {
      float: () => float,
      isMaintenance: () => isMaintenance,
      operators: (sim) => {
        operator = sim.person('Olga')
        return [operator]
      },
    },
  })
  await world.sim.post('start', { from: operator })
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.desk.script = () => ({ text: 'Good morning!' })
  world.desk.price = undefined
  float = 'open'
  isMaintenance = false
})

/** A private chat of its own for each test, and what the books say of it. */
const newcomer = (language = 'en') => world.sim.person('Ann', language)
const purses = new Map<number, string>()
/** Only a payment's row ties a person to the name of an account. */
async function accountOf(person: number): Promise<string> {
  const known = purses.get(person)
  if (known !== undefined) return known
  const row = await world.db.rows.starPayment.findFirst({ where: { userId: BigInt(person) } })
  const account = `customer:${row?.customer}`
  purses.set(person, account)
  return account
}
/** As if requests had cost so much. */
async function spend(person: number, stars: bigint): Promise<void> {
  const account = await accountOf(person)
  const amount = stars * 1_000_000n
  await world.db.transaction((tx) =>
    post(tx, {
      reason: 'capture',
      ref: `${account} ${stars}`,
      atMs: 0,
      postings: [
        { account, asset: 'ustar', amount: -amount },
        { account: 'revenue', asset: 'ustar', amount },
      ],
    }),
  )
}

/** What the asker of the newest job has free today is gone. */
async function useUpToday(): Promise<void> {
  const account = world.desk.jobs.at(-1)?.request.paid?.payer.free ?? ''
  const row = await world.db.rows.account.findFirst({ where: { account } })
  const amount = row?.balance ?? 0n
  await world.db.transaction((tx) =>
    post(tx, {
      reason: 'capture',
      ref: account,
      atMs: 0,
      postings: [
        { account, asset: 'ustar', amount: -amount },
        { account: 'revenue', asset: 'ustar', amount },
      ],
    }),
  )
}

test('Stars are bought by invoice, credited once, and /balance shows them', async () => {
  const ann = newcomer()

  const charge = await buy(world, ann)
  const asked = await world.sim.say(ann, '/balance')
  const { text } = await said(world, ann, /^Balance:/, asked)

  expect(text).toContain('Balance: 50 ⭐')
  expect(text).toContain('Free today: 0.2 of 0.2 ⭐, 20 requests')
  expect(text).toMatch(/\+50 ⭐ {3}bought/)
  expect(await booked(world, await accountOf(ann))).toBe(50)
  expect(charge).toMatch(/^stx/)
})

test('the news of one payment, delivered again and again, credits once and is answered once', async () => {
  const ann = newcomer()
  const charge = await buy(world, ann)
  const before = (await world.sim.messages(ann)).length

  for (let time = 0; time < 3; time++) await world.sim.post('redeliveries', { charge })
  const asked = await world.sim.say(ann, '/balance')
  const { text } = await said(world, ann, /^Balance:/, asked)

  expect(text).toContain('Balance: 50 ⭐')
  expect((await world.sim.messages(ann)).length).toBe(before + 2)
  expect(await booked(world, await accountOf(ann))).toBe(50)
})

test('an invoice is for its person, for an hour, once, and while Stars are sold', async () => {
  const ann = newcomer()
  const bob = world.sim.person('Bob')
  await world.sim.post('start', { from: bob })
  const { message_id } = await invoiceFor(world, ann)
  const invoice = { chat: ann, message_id }

  expect(await checkOut(world, { ...invoice, from: bob })).toMatchObject({
    ok: false,
    error: expect.stringContaining('somebody else') as string,
  })
  float = 'closed'
  expect(await checkOut(world, { ...invoice, from: ann })).toMatchObject({
    error: expect.stringContaining('not selling') as string,
  })
  float = 'open'
  isMaintenance = true
  expect(await checkOut(world, { ...invoice, from: ann })).toMatchObject({
    error: expect.stringContaining('few minutes') as string,
  })
  isMaintenance = false
  expect(await checkOut(world, { ...invoice, from: ann })).toMatchObject({ ok: true })
  await said(world, ann, /^Thank you!/, message_id)
  expect(await checkOut(world, { ...invoice, from: ann })).toMatchObject({
    error: expect.stringContaining('paid already') as string,
  })
  const late = await invoiceFor(world, ann)
  await world.db.rows.starInvoice.updateMany({
    where: { paidBy: null },
    data: { expiresAt: new Date(0) },
  })
  expect(
    await checkOut(world, { chat: ann, message_id: late.message_id, from: ann }),
  ).toMatchObject({ error: expect.stringContaining('older than an hour') as string })
})

test('a forwarded copy of an invoice cannot be paid', async () => {
  const ann = newcomer()
  const bob = world.sim.person('Bob')
  await world.sim.post('start', { from: bob })
  const { message_id } = await invoiceFor(world, ann)

  const copy = await world.sim.post<{ message_id: number }>('messages', {
    chat: bob,
    from: bob,
    forward_from: { chat: ann, message_id },
  })

  await expect(
    world.sim.post('payments', { from: bob, chat: bob, message_id: copy.message_id }),
  ).rejects.toThrow('no invoice')
})

test('nothing is sold when the float is used up, and what was bought is served', async () => {
  const ann = newcomer()
  await buy(world, ann)
  float = 'closed'

  const asked = await world.sim.say(ann, '/buy')
  await said(world, ann, /How many Stars/, asked)
  const press = await world.sim.press(ann, (await said(world, ann, /⭐ 50/, asked)).message_id, {
    data: 'yk50',
  })
  const alert = await world.sim.until(async () => {
    const seen = await world.sim.get<{ answered: boolean; text?: string }>(`callbacks/${press}`)
    return seen.answered && seen
  })
  const message = await world.sim.say(ann, german)
  const answer = await said(world, ann, /Good morning!/, message)

  expect(alert.text).toContain('not selling')
  expect(answer.reply_to).toBe(message)
})

test('a payment for no invoice of ours is kept in suspense, its person told, and can be given back', async () => {
  const ann = newcomer()
  await world.sim.post('start', { from: ann })
  const before = await booked(world, 'suspense')

  const charge = payUnasked(world, ann, 70)
  const told = await said(world, ann, /have arrived, but I cannot tell/)
  expect(await booked(world, 'suspense')).toBe(before + 70)
  await world.sim.say(ann, '/balance')
  await said(world, ann, /^Balance: 0 ⭐/, told.message_id)
  await pressOn(world, ann, 'yr')
  const list = await said(world, ann, /Which payment/, told.message_id)
  await world.sim.press(ann, list.message_id, { data: list.buttons[0]?.data ?? '' })
  await said(world, ann, /^Done: 70 ⭐/, told.message_id)

  expect(await booked(world, 'suspense')).toBe(before)
  expect(await world.sim.get(`purse?user=${ann}`)).toMatchObject({
    payments: [{ charge, refunded: true }],
  })
})

test('what an update never brought is booked by the comparison with Telegram, once, and refunds of Telegram too', async () => {
  const ann = newcomer()
  const { message_id } = await invoiceFor(world, ann)
  const first = await buy(world, ann, 100)
  // Its own update is taken away before the bot fetches it.
  const mail = world.sim.sim.mail as { push: typeof world.sim.sim.mail.push }
  const push = mail.push.bind(mail)
  mail.push = (to, news) => {
    if (!('message' in news) || news.message?.successful_payment === undefined) push(to, news)
  }
  const { chargeId = '' } = await checkOut(world, { from: ann, chat: ann, message_id })
  mail.push = push
  expect(await world.db.rows.starPayment.count({ where: { chargeId } })).toBe(0)

  const compared = await world.bot.stars?.compare()
  const again = await world.bot.stars?.compare()

  expect(compared).toMatchObject({ repaired: 1, foreign: 0 })
  expect(again).toMatchObject({ repaired: 0, foreign: 0 })
  expect(await world.db.rows.starPayment.findUnique({ where: { chargeId } })).toMatchObject({
    state: 'credited',
    isRepair: true,
  })
  expect(await booked(world, await accountOf(ann))).toBe(150)
  await world.sim.post('redeliveries', { charge: chargeId })
  await world.sim.post('redeliveries', { charge: first })
  const asked = await world.sim.say(ann, '/balance')
  expect((await said(world, ann, /^Balance:/, asked)).text).toContain('Balance: 150 ⭐')
})

test('a refund gives back a payment that is whole, once', async () => {
  const ann = newcomer()
  const charge = await buy(world, ann)

  const asked = await world.sim.say(ann, '/balance')
  await said(world, ann, /^Balance:/, asked)
  await pressOn(world, ann, 'yr')
  const list = await said(world, ann, /Which payment/, asked)
  const data = list.buttons[0]?.data ?? ''
  await world.sim.press(ann, list.message_id, { data })
  await said(world, ann, /^Done: 50 ⭐ went back/, asked)
  await world.sim.post('redeliveries', { charge })
  const later = await world.sim.say(ann, '/balance')
  const { text } = await said(world, ann, /^Balance:/, later)

  expect(text).toContain('Balance: 0 ⭐')
  expect(text).toMatch(/-50 ⭐ {3}given back/)
  expect(await world.db.rows.starRefund.findMany({ where: { chargeId: charge } })).toMatchObject([
    { state: 'done', unspent: 50_000_000n },
  ])
  expect(await world.sim.get(`purse?user=${ann}`)).toMatchObject({
    payments: [{ charge, refunded: true }],
  })
})

test('of a payment that was spent in part a person decides, and only the unspent part leaves the account', async () => {
  const ann = newcomer()
  const charge = await buy(world, ann, 100)
  await spend(ann, 70n)
  const lost = await booked(world, 'refunds')

  const asked = await world.sim.say(ann, '/paysupport')
  const list = await said(world, ann, /Choose a payment/, asked)
  const own = list.buttons[0]?.data ?? ''
  await world.sim.press(ann, list.message_id, { data: own })
  const ticket = await said(world, ann, /^🎫 #\d+/, asked)
  const number = /#(\d+)/.exec(ticket.text ?? '')?.[1] ?? ''
  await world.sim.say(ann, 'The translation was useless', { reply_to: ticket.message_id })
  await said(world, ann, /^Added to ticket/, asked)
  const header = await said(world, operator, new RegExp(`^🎫 #${number}\\nPayment`))
  await said(world, operator, /The translation was useless/)
  await world.sim.say(operator, 'You get it back', { reply_to: header.message_id })
  await said(world, ann, /You get it back/, asked)
  await world.sim.press(operator, header.message_id, { data: `yO${number}` })
  await said(world, ann, /^Done: 100 ⭐ went back/, asked)

  expect(header.text).toContain('Balance: 30 ⭐')
  expect(await booked(world, await accountOf(ann))).toBe(0)
  expect(await booked(world, 'refunds')).toBe(lost - 70)
  expect(await world.db.rows.starRefund.findMany({ where: { chargeId: charge } })).toMatchObject([
    { state: 'done', unspent: 30_000_000n },
  ])
})

test('only the operator refunds at once, and a ticket is read by its person and the operators only', async () => {
  const ann = newcomer()
  const eve = world.sim.person('Eve')
  await buy(world, ann, 100)
  await spend(ann, 10n)
  const asked = await world.sim.say(ann, '/paysupport')
  const list = await said(world, ann, /Choose a payment/, asked)
  await world.sim.press(ann, list.message_id, { data: list.buttons[0]?.data ?? '' })
  const ticket = await said(world, ann, /^🎫 #\d+/, asked)
  const number = /#(\d+)/.exec(ticket.text ?? '')?.[1] ?? ''

  const hello = await world.sim.say(eve, '/balance')
  const { message_id } = await said(world, eve, /^Balance:/, hello)
  const press = await world.sim.press(eve, message_id, { data: `yO${number}` })
  const alert = await world.sim.until(async () => {
    const seen = await world.sim.get<{ answered: boolean; text?: string }>(`callbacks/${press}`)
    return seen.answered && seen
  })

  expect(alert.text).toContain('too old')
  expect(await booked(world, await accountOf(ann))).toBe(90)
})

test('what Telegram takes back by itself leaves the balance, and its person is told', async () => {
  const ann = newcomer()
  const charge = await buy(world, ann)
  await spend(ann, 20n)

  await world.sim.post('chargebacks', { charge })
  const told = await said(world, ann, /^Telegram has given 50 ⭐/)

  expect(told.text).toContain('now 0 ⭐')
  expect(await booked(world, await accountOf(ann))).toBe(0)
})

test('a plan is paid each month, may fail, ends, and shows so', async () => {
  const ann = newcomer()
  const asked = await world.sim.say(ann, '/plan')
  await said(world, ann, /every 30 days/, asked)
  await pressOn(world, ann, 'yu100')
  const link = (await said(world, ann, /Your plan of 100/, asked)).buttons[0]?.url ?? ''
  const { chargeId: charge = '' } = await checkOut(world, { from: ann, link })
  await said(world, ann, /^Your plan is paid until/, asked)
  const act = (name: string) => world.sim.post('subscriptions', { charge, act: name })

  await act('renew')
  await said(world, ann, /now 200 ⭐/, asked)
  await act('fail')
  await said(world, ann, /could not be renewed/, asked)
  const failed = await world.sim.say(ann, '/balance')
  expect((await said(world, ann, /^Balance:/, failed)).text).toContain('could not be paid')
  await act('resume')
  await said(world, ann, /goes on/, asked)
  const shown = await world.sim.say(ann, '/plan')
  await said(world, ann, /next on/, shown)
  await pressOn(world, ann, 'ye')
  await said(world, ann, /End it\?/, shown)
  await pressOn(world, ann, 'yE')
  await said(world, ann, /^Your plan is ended/, shown)
  const ended = await world.sim.say(ann, '/balance')

  expect((await said(world, ann, /^Balance:/, ended)).text).toMatch(/100 ⭐ a month, ends on/)
  expect(await world.sim.get(`purse?user=${ann}`)).toMatchObject({
    subscriptions: [{ state: 'canceled' }],
  })
  await world.db.rows.starPlan.updateMany({ data: { until: new Date(1000) } })
  const over = await world.sim.say(ann, '/balance')
  expect((await said(world, ann, /^Balance:/, over)).text).toContain('Plan: ended on')
  expect(await booked(world, await accountOf(ann))).toBe(200)
})

test('what may cost more than the person wants to be asked about waits for a press on its price', async () => {
  const ann = newcomer()
  await buy(world, ann)
  const asked = await world.sim.say(ann, '/settings')
  const menu = await said(world, ann, /Settings/, asked)
  await world.sim.press(ann, menu.message_id, { data: 'cp0' })
  await said(world, ann, /Ask me above 0 ⭐/)
  const free = await world.sim.say(ann, german)
  await said(world, ann, /Good morning!/, free)
  await useUpToday()
  const jobs = world.desk.jobs.length

  const message = await world.sim.say(ann, german)
  const question = await said(world, ann, /costs at most/, message)
  expect(world.desk.jobs.length).toBe(jobs)
  expect(question.buttons.map((it) => it.text)).toEqual(['Translate for 0.011 ⭐'])
  await world.sim.press(ann, question.message_id, { data: question.buttons[0]?.data ?? '' })
  const answer = await said(world, ann, /Good morning!/, question.message_id)

  expect(answer.reply_to).toBe(message)
  expect(world.desk.jobs.length).toBe(jobs + 1)
})

test('a follow-up of an answer is asked about too, and done from its copy', async () => {
  const ann = newcomer()
  await buy(world, ann)
  const message = await world.sim.say(ann, german)
  const answer = await said(world, ann, /Good morning!/, message)
  await useUpToday()
  await world.db.rows.botUser.upsert({
    where: { botId_userId: { botId: BigInt(world.sim.botId), userId: BigInt(ann) } },
    create: {
      botId: BigInt(world.sim.botId),
      userId: BigInt(ann),
      reads: 'en',
      never: '',
      target: 'en',
      summaryFrom: 800,
      copies: true,
      askAbove: 0n,
      updatedAt: new Date(0),
    },
    update: { askAbove: 0n },
  })
  const summarize = answer.buttons.find((it) => it.data?.startsWith('fs'))?.data ?? ''

  await world.sim.press(ann, answer.message_id, { data: summarize })
  const question = await said(world, ann, /costs at most/, answer.message_id)
  await world.sim.press(ann, question.message_id, { data: question.buttons[0]?.data ?? '' })
  await said(world, ann, /Good morning!/, question.message_id)

  expect(question.buttons[0]?.data).toBe(`F${summarize.slice(1)}`)
  expect(world.desk.jobs.at(-1)?.input).toMatchObject({ text: 'Good morning!' })
})

test('a text is free while the day covers it; the footer says what is left', async () => {
  const ann = newcomer()
  world.desk.price = { asset: 'ustar', amount: 11_000n, isFree: true }

  const message = await world.sim.say(ann, german)
  const { text } = await said(world, ann, /Good morning!/, message)

  expect(text).toMatch(/free, 0\.1\d* of 0\.2 ⭐ left today/)
  const paid = world.desk.jobs.at(-1)?.request.paid
  expect(paid?.payer).toMatchObject({ asset: 'ustar' })
  expect(paid?.payer.account).toMatch(/^customer:[0-9a-f]{32}$/)
  expect(paid?.payer.free).toBe(paid?.payer.account.replace('customer', 'free'))
  expect(paid?.bound).toMatchObject({ inTokens: german.length })
})

test('the footer shows what was paid, and that nothing was charged', async () => {
  const ann = newcomer()
  world.desk.price = { asset: 'ustar', amount: 123_456n, isFree: false }
  const first = await world.sim.say(ann, german)
  expect((await said(world, ann, /Good morning!/, first)).text).toContain('0.124 ⭐')

  world.desk.price = { asset: 'ustar', amount: 0n, isFree: false }
  const second = await world.sim.say(ann, german)

  expect((await said(world, ann, /Good morning!/, second)).text).toContain('not charged')
})

test('when the day is used up and there is no balance, the bot says what is missing and how to go on', async () => {
  const ann = newcomer()
  await world.sim.post('start', { from: ann })
  const first = await world.sim.say(ann, german)
  await said(world, ann, /Good morning!/, first)
  await useUpToday()
  const jobs = world.desk.jobs.length

  const message = await world.sim.say(ann, german)
  const told = await said(world, ann, /free allowance is used up/, message)

  expect(told.buttons.map((it) => it.data)).toEqual(['yo', 'yb'])
  expect(world.desk.jobs.length).toBe(jobs)
})

test('/export has the money, and /delete_data leaves nothing that names the person but takes no entry away', async () => {
  const ann = newcomer()
  await buy(world, ann)
  const account = await accountOf(ann)
  const asked = await world.sim.say(ann, '/export')
  const file = (await said(world, ann, /Everything I keep/, asked)).documents[0]
  const json = await (await fetch(file?.url ?? '')).text()
  expect(JSON.parse(json)).toMatchObject({
    money: { wallet: { balance: '50000000' }, stars: { payments: [{ ustar: '50000000' }] } },
  })

  const deleting = await world.sim.say(ann, '/delete_data')
  const warning = await said(world, ann, /cannot be undone/, deleting)
  await world.sim.press(ann, warning.message_id, { data: 'd1' })
  await said(world, ann, /^Done:/, deleting)

  expect(warning.text).toContain('Your balance of 50 ⭐ is lost')
  const { rows } = world.db
  expect(await rows.starPayment.count({ where: { userId: BigInt(ann) } })).toBe(0)
  expect(await rows.starPlan.count({ where: { userId: BigInt(ann) } })).toBe(0)
  expect(await rows.posting.count({ where: { account } })).toBe(2)
  expect(await booked(world, account)).toBe(0)
})

test('/balance gives all entries as a table', async () => {
  const ann = newcomer()
  await buy(world, ann)
  await spend(ann, 3n)

  const asked = await world.sim.say(ann, '/balance')
  await said(world, ann, /^Balance:/, asked)
  await pressOn(world, ann, 'yc')
  const file = (await said(world, ann, /All entries/, asked)).documents[0]
  const lines = (await (await fetch(file?.url ?? '')).text()).split('\r\n')

  expect(lines[0]).toBe('time,reason,reference,amount_ustar')
  expect(lines[1]).toMatch(/,capture,.*,-3000000$/)
  expect(lines[2]).toMatch(/,stars\.bought,stx[\w-]+,50000000$/)
})

test.each(['en', 'ru'])('in %s no word about money offers anything but Stars', async (language) => {
  const ann = newcomer(language)
  const texts: string[] = []
  for (const command of ['/balance', '/buy', '/plan', '/paysupport', '/terms', '/privacy']) {
    const asked = await world.sim.say(ann, command)
    const answer = await said(world, ann, /./u, asked)
    texts.push(answer.text ?? '', ...answer.buttons.map((it) => it.text))
  }

  expect(texts.length).toBeGreaterThan(12)
  expect(texts.join('\n')).not.toMatch(/\b(TON|toncoin|gram|coins?)\b|crypto|крипт/i)
})
