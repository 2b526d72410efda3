import { afterEach, beforeEach, expect, test } from 'vitest'
import { botCalls, type CallBot } from '../../support/bot-calls.ts'
import { TestSimulator } from '../../support/simulator.ts'

let sim: TestSimulator
let call: CallBot
let ann: number
let chat: number

beforeEach(async () => {
  sim = await TestSimulator.start()
  call = botCalls(sim)
  ann = sim.person('Ann')
  chat = sim.room({ type: 'supergroup', admins: [ann] })
})
afterEach(() => sim.close())

const article = (id: string, more: object = {}) => ({
  type: 'article',
  id,
  title: id,
  input_message_content: { message_text: `text of ${id}` },
  ...more,
})
const keyboard = { inline_keyboard: [[{ text: 'Go', callback_data: 'go' }]] }
const pending = async () =>
  (await call('getUpdates')).result as Record<string, Record<string, unknown>>[]

test('an inline query is answered, a result chosen, and the message edited by its own id', async () => {
  const { id } = await sim.post<{ id: string }>('inline', { from: ann, query: 'hola' })
  expect(await pending()).toMatchObject([
    { inline_query: { id, query: 'hola', from: { id: ann } } },
  ])

  await call('answerInlineQuery', {
    inline_query_id: id,
    results: [article('a'), article('b', { reply_markup: keyboard })],
  })
  expect(await sim.get(`inline/${id}`)).toMatchObject({
    answered: true,
    results: [{ id: 'a' }, { id: 'b' }],
  })
  const plain = await sim.post(`inline/${id}/choose`, { result_id: 'a', chat })
  const { inline_message_id, message_id } = await sim.post<{
    inline_message_id: string
    message_id: number
  }>(`inline/${id}/choose`, { result_id: 'b', chat })

  expect(plain).not.toHaveProperty('inline_message_id')
  expect((await pending()).at(-1)).toMatchObject({
    chosen_inline_result: { result_id: 'b', inline_message_id },
  })
  expect(await call('editMessageText', { inline_message_id, text: 'translated' })).toMatchObject({
    ok: true,
    result: true,
  })
  expect((await sim.messages(chat)).at(-1)).toMatchObject({ text: 'translated', message_id })
  expect(await call('editMessageText', { inline_message_id: 'nonsense', text: 'x' })).toMatchObject(
    { ok: false, status: 400 },
  )
})

test('a press under an inline message names its id and not the message', async () => {
  const { id } = await sim.post<{ id: string }>('inline', { from: ann, query: '' })
  await call('answerInlineQuery', {
    inline_query_id: id,
    results: [article('b', { reply_markup: keyboard })],
  })
  const sent = await sim.post<{ inline_message_id: string; message_id: number }>(
    `inline/${id}/choose`,
    { result_id: 'b', chat },
  )

  await sim.press(ann, sent.message_id, { data: 'go', chat })

  const query = (await pending()).at(-1)?.['callback_query']
  expect(query).toMatchObject({ data: 'go', inline_message_id: sent.inline_message_id })
  expect(query?.['message']).toBeUndefined()
})

test('late and repeated answers, double ids and too many results are refused', async () => {
  const open = async () => (await sim.post<{ id: string }>('inline', { from: ann, query: 'x' })).id
  const answer = (id: string, results: object[]) =>
    call('answerInlineQuery', { inline_query_id: id, results })
  const first = await open()

  expect(await answer(first, [article('a'), article('a')])).toMatchObject({
    description: 'Bad Request: RESULT_ID_DUPLICATE',
  })
  expect(
    await answer(
      first,
      Array.from({ length: 51 }, (_, at) => article(String(at))),
    ),
  ).toMatchObject({ ok: false, status: 400 })
  expect(await answer(first, [article('a')])).toMatchObject({ ok: true })
  expect(await answer(first, [article('a')])).toMatchObject({ ok: false, status: 400 })
  const late = await open()
  await sim.advance(31_000)
  expect(await answer(late, [article('a')])).toMatchObject({ ok: false, status: 400 })
})

test('a guest query is answered once, in a chat the bot does not belong to', async () => {
  const said = await sim.say(ann, 'Guten Morgen', { chat })
  const { guest_query_id } = await sim.post<{ guest_query_id: string }>('guests', {
    chat,
    from: ann,
    text: '@chrysalis_bot',
    reply_to: said,
  })
  expect(await pending()).toMatchObject([
    { guest_message: { guest_query_id, reply_to_message: { text: 'Guten Morgen' } } },
  ])

  const answer = await call('answerGuestQuery', { guest_query_id, result: article('a') })

  const { inline_message_id } = answer.result as { inline_message_id: string }
  expect(await call('answerGuestQuery', { guest_query_id, result: article('a') })).toMatchObject({
    ok: false,
    status: 400,
  })
  await call('editMessageText', { inline_message_id, text: 'Good morning' })
  expect((await sim.messages(chat)).at(-1)).toMatchObject({ text: 'Good morning', from: sim.botId })
  expect(await call('sendMessage', { chat_id: chat, text: 'x' })).toMatchObject({ status: 403 })
})
