import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bad, botCalls, type CallBot, messageIdOf } from '../../support/bot-calls.ts'
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

describe('edits, deletions, replies', () => {
  test('an edit without change is refused, with change it counts', async () => {
    const markup = { inline_keyboard: [[{ text: 'a', callback_data: 'a' }]] }
    const id = messageIdOf(
      await call('sendMessage', { chat_id: ann, text: 'one', reply_markup: markup }),
    )
    const edit = (text: string, more = {}) =>
      call('editMessageText', { chat_id: ann, message_id: id, text, ...more })

    expect((await edit('one', { reply_markup: markup })).description).toMatch(
      /^Bad Request: message is not modified: /,
    )
    expect(await edit('two', { reply_markup: markup })).toMatchObject({
      ok: true,
      result: { text: 'two' },
    })
    expect(await edit('two')).toMatchObject({ ok: true })
    expect((await sim.answers(ann)).at(-1)).toMatchObject({ text: 'two', edits: 2, buttons: [] })
  })

  test('unknown messages are not edited, deleted or answered', async () => {
    expect(
      await call('editMessageText', { chat_id: ann, message_id: 99, text: 'x' }),
    ).toMatchObject(bad('message to edit not found'))
    expect(await call('deleteMessage', { chat_id: ann, message_id: 99 })).toMatchObject(
      bad('message to delete not found'),
    )
    const reply = { chat_id: ann, text: 'x', reply_parameters: { message_id: 99 } }
    expect(await call('sendMessage', reply)).toMatchObject(bad('message to be replied not found'))
    const lenient = {
      ...reply,
      reply_parameters: { message_id: 99, allow_sending_without_reply: true },
    }
    expect(await call('sendMessage', lenient)).toMatchObject({ ok: true })
  })

  test("a person's message is not edited by the bot", async () => {
    const id = await sim.say(ann, 'mine')

    expect(
      await call('editMessageText', { chat_id: ann, message_id: id, text: 'x' }),
    ).toMatchObject(bad("message can't be edited"))
  })

  test('nothing is deleted after 48 hours', async () => {
    const id = messageIdOf(await call('sendMessage', { chat_id: ann, text: 'old' }))
    await sim.advance(48 * 3_600_000 + 2000)

    expect(await call('deleteMessage', { chat_id: ann, message_id: id })).toMatchObject(
      bad("message can't be deleted"),
    )
  })

  test('message_id 0 is no message to edit', async () => {
    expect(await call('editMessageText', { chat_id: ann, message_id: 0, text: 'x' })).toMatchObject(
      { ok: false, status: 400 },
    )
  })
})

describe('buttons', () => {
  const keyboard = (button: object) => ({ inline_keyboard: [[{ text: 'x', ...button }]] })

  test.each([
    {
      what: '65 bytes of data',
      button: { callback_data: 'я'.repeat(33) },
      says: 'BUTTON_DATA_INVALID',
    },
    { what: 'no action', button: {}, says: 'BUTTON_TYPE_INVALID' },
    {
      what: 'two actions',
      button: { callback_data: 'a', url: 'https://a.example' },
      says: 'BUTTON_TYPE_INVALID',
    },
    {
      what: 'a script as link',
      button: { url: 'javascript:alert(1)' },
      says: 'BUTTON_URL_INVALID',
    },
    {
      what: '257 characters to copy',
      button: { copy_text: { text: 'a'.repeat(257) } },
      says: 'BUTTON_COPY_TEXT_INVALID',
    },
  ])('refused: $what', async ({ button, says }) => {
    const answer = await call('sendMessage', {
      chat_id: ann,
      text: 'x',
      reply_markup: keyboard(button),
    })

    expect(answer).toMatchObject(bad(says))
  })

  test('a press is answered once, in time and with at most 200 characters', async () => {
    const id = messageIdOf(
      await call('sendMessage', {
        chat_id: ann,
        text: 'x',
        reply_markup: keyboard({ callback_data: 'a' }),
      }),
    )
    const first = await sim.press(ann, id, { data: 'a' })
    const second = await sim.press(ann, id, { data: 'a' })
    const late = bad('query is too old and response timeout expired or query ID is invalid')

    expect(
      await call('answerCallbackQuery', { callback_query_id: first, text: 'a'.repeat(201) }),
    ).toMatchObject({ ok: false, status: 400 })
    expect(
      await call('answerCallbackQuery', {
        callback_query_id: first,
        text: 'fine',
        show_alert: true,
      }),
    ).toMatchObject({ ok: true })
    expect(await sim.get(`callbacks/${first}`)).toMatchObject({
      answered: true,
      text: 'fine',
      alert: true,
    })
    expect(await call('answerCallbackQuery', { callback_query_id: first })).toMatchObject(late)
    await sim.advance(151_000)
    expect(await call('answerCallbackQuery', { callback_query_id: second })).toMatchObject(late)
    expect(await call('answerCallbackQuery', { callback_query_id: '12345' })).toMatchObject(late)
  })
})

describe('files', () => {
  test('20 MB are handed out, more is too big, unknown ids are refused', async () => {
    await sim.sendFile(ann, 'voice', {
      bytes: Buffer.from('OggS'),
      name: 'v.ogg',
      fields: { size: String(20 * 1024 * 1024 + 1) },
    })
    const updates = (await call('getUpdates')).result as {
      message: { voice?: { file_id: string } }
    }[]
    const big = updates.at(-1)?.message.voice?.file_id

    expect(await call('getFile', { file_id: big })).toMatchObject(bad('file is too big'))
    expect(await call('getFile', { file_id: 'nonsense' })).toMatchObject(
      bad('wrong file_id or the file is temporarily unavailable'),
    )
    expect(await call('sendDocument', { chat_id: ann })).toMatchObject(
      bad('there is no document in the request'),
    )
  })

  test('a missing attach:// part is refused', async () => {
    expect(await call('sendDocument', { chat_id: ann, document: 'attach://gone' })).toMatchObject({
      ok: false,
      status: 400,
    })
  })
})

describe('flood limits', () => {
  test('the 21st send or edit within a minute in a group gets 429 with the time to wait', async () => {
    sim.sim.limits.enabled = true
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [sim.botId] })
    await sim.post('clock', { freeze: true })
    for (let count = 0; count < 20; count += 1) {
      expect(await call('sendMessage', { chat_id: group, text: 'x' })).toMatchObject({ ok: true })
    }

    const answer = await call('sendMessage', { chat_id: group, text: 'x' })

    expect(answer).toMatchObject({
      status: 429,
      description: 'Too Many Requests: retry after 60',
      parameters: { retry_after: 60 },
    })
    await sim.advance(60_001)
    expect(await call('sendMessage', { chat_id: group, text: 'x' })).toMatchObject({ ok: true })
  })

  test('an edit over the limit is refused and not made', async () => {
    sim.sim.limits.enabled = true
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [sim.botId] })
    await sim.post('clock', { freeze: true })
    const id = messageIdOf(await call('sendMessage', { chat_id: group, text: 'text 0' }))
    const edit = (count: number) =>
      call('editMessageText', { chat_id: group, message_id: id, text: `text ${count}` })
    for (let count = 1; count < 20; count += 1)
      expect(await edit(count)).toMatchObject({ ok: true })

    expect(await edit(20)).toMatchObject({ status: 429 })
    expect((await sim.messages(group)).at(-1)?.text).toBe('text 19')
  })

  test('more than 30 sends a second in all get 429', async () => {
    sim.sim.limits.enabled = true
    await sim.post('clock', { freeze: true })
    for (let count = 0; count < 30; count += 1)
      await call('sendMessage', { chat_id: ann, text: 'x' })

    expect(await call('sendMessage', { chat_id: ann, text: 'x' })).toMatchObject({ status: 429 })
  })
})

test('an unknown method is 404 and counted, and the test in which it was called fails', async () => {
  expect(await call('sendDice', { chat_id: ann })).toMatchObject({
    status: 404,
    description: 'Not Found: method not found',
  })
  expect(await sim.calls('senddice')).toMatchObject([
    { method: 'sendDice', ok: false, error_code: 404 },
  ])
  await expect(sim.close()).rejects.toThrow('sendDice')
  sim.sim.calls.clear()
})

test('a parameter nobody knows is named in the call log', async () => {
  await call('sendMessage', { chat_id: ann, text: 'x', colour: 'green' })

  expect((await sim.calls('sendMessage'))[0]?.unknown).toEqual(['colour'])
})
