import { afterEach, beforeEach, describe, expect, test } from 'vitest'
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

const bad = (text: string) => ({
  ok: false,
  status: 400,
  error_code: 400,
  description: `Bad Request: ${text}`,
})
const no = (text: string) => ({
  ok: false,
  status: 403,
  error_code: 403,
  description: `Forbidden: ${text}`,
})
const paragraph = (text: unknown) => ({ type: 'paragraph', text })
const rich = (...blocks: unknown[]) => ({ chat_id: ann, rich_message: { blocks } })

describe('texts', () => {
  test.each(['', '   ', '\n'])('an empty text (%j) is refused', async (text) => {
    expect(await call('sendMessage', { chat_id: ann, text })).toMatchObject(
      bad('message text is empty'),
    )
  })

  test('4,096 UTF-16 units go, one more is too long; an emoji counts two', async () => {
    expect(await call('sendMessage', { chat_id: ann, text: 'a'.repeat(4096) })).toMatchObject({
      ok: true,
    })
    expect(await call('sendMessage', { chat_id: ann, text: 'a'.repeat(4097) })).toMatchObject(
      bad('message is too long'),
    )
    expect(await call('sendMessage', { chat_id: ann, text: '🦋'.repeat(2049) })).toMatchObject(
      bad('message is too long'),
    )
  })

  test('a caption of more than 1,024 units is refused', async () => {
    const form = new FormData()
    form.set('chat_id', String(ann))
    form.set('caption', 'a'.repeat(1025))
    form.set('document', new Blob(['x']), 'a.txt')

    const response = await fetch(`${sim.base}/bot${sim.token}/sendDocument`, {
      method: 'POST',
      body: form,
    })

    expect(await response.json()).toMatchObject({
      ok: false,
      description: 'Bad Request: message caption is too long',
    })
  })

  test.each([
    { mode: 'HTML', text: 'яя <b>open', says: `can't find end tag corresponding to start tag "b"` },
    { mode: 'HTML', text: 'яя <x>y</x>', says: 'unsupported start tag "x" at byte offset 5' },
    { mode: 'HTML', text: '</b>', says: 'unexpected end tag at byte offset 0' },
    {
      mode: 'MarkdownV2',
      text: 'a.b',
      says: `character '.' is reserved and must be escaped with the preceding '\\'`,
    },
    {
      mode: 'MarkdownV2',
      text: 'яя *open',
      says: `can't find end of Bold entity at byte offset 5`,
    },
  ])('broken $mode names the trouble and the byte: $text', async ({ mode, text, says }) => {
    const answer = await call('sendMessage', { chat_id: ann, text, parse_mode: mode })

    expect(answer).toMatchObject(bad(`can't parse entities: ${says}`))
  })

  test('an entity outside the text is refused', async () => {
    const entities = [{ type: 'bold', offset: 3, length: 9 }]

    const answer = await call('sendMessage', { chat_id: ann, text: 'short', entities })

    expect(answer.description).toMatch(/^Bad Request: can't parse entities/)
  })
})

describe('rich messages', () => {
  test('32,768 units of text go, one more does not', async () => {
    expect(await call('sendRichMessage', rich(paragraph('a'.repeat(32_768))))).toMatchObject({
      ok: true,
    })
    expect(await call('sendRichMessage', rich(paragraph('a'.repeat(32_769))))).toMatchObject(
      bad('rich message text is too long'),
    )
  })

  test('500 blocks go, 501 do not; list items and table rows count', async () => {
    const items = Array.from({ length: 250 }, () => ({ blocks: [paragraph('x')] }))
    const rows = Array.from({ length: 500 }, () => [{ text: 'x' }])

    expect(
      await call('sendRichMessage', rich(...Array.from({ length: 500 }, () => paragraph('x')))),
    ).toMatchObject({ ok: true })
    expect(await call('sendRichMessage', rich({ type: 'list', items }))).toMatchObject(
      bad('rich message has too many blocks'),
    )
    expect(await call('sendRichMessage', rich({ type: 'table', cells: rows }))).toMatchObject(
      bad('rich message has too many blocks'),
    )
  })

  test('16 levels go, 17 do not', async () => {
    const nest = (levels: number): unknown =>
      levels === 1 ? paragraph('x') : { type: 'blockquote', blocks: [nest(levels - 1)] }

    expect(await call('sendRichMessage', rich(nest(16)))).toMatchObject({ ok: true })
    expect(await call('sendRichMessage', rich(nest(17)))).toMatchObject(
      bad('rich message is nested too deep'),
    )
  })

  test('20 table columns go, 21 do not', async () => {
    const table = (columns: number) => ({
      type: 'table',
      cells: [Array.from({ length: columns }, () => ({ text: 'x' }))],
    })

    expect(await call('sendRichMessage', rich(table(20)))).toMatchObject({ ok: true })
    expect(await call('sendRichMessage', rich(table(21)))).toMatchObject(
      bad('rich table has too many columns'),
    )
  })

  test('50 media go, 51 do not', async () => {
    const media = (count: number) =>
      Array.from({ length: count }, () => ({ type: 'photo', photo: {} }))

    expect(await call('sendRichMessage', rich(...media(51)))).toMatchObject(
      bad('rich message has too much media'),
    )
  })

  test.each([
    { what: 'no blocks', message: { blocks: [] } },
    { what: 'an unknown block', message: { blocks: [{ type: 'marquee', text: 'x' }] } },
    { what: 'two sources at once', message: { blocks: [paragraph('x')], html: 'x' } },
    {
      what: 'a thinking block outside drafts',
      message: { blocks: [{ type: 'thinking', text: 'x' }] },
    },
    { what: 'a heading of size 7', message: { blocks: [{ type: 'heading', size: 7, text: 'x' }] } },
    {
      what: 'a button with too much data',
      message: {
        blocks: [{ type: 'buttons', buttons: [{ text: 'x', callback_data: 'a'.repeat(65) }] }],
      },
    },
  ])('refused: $what', async ({ message }) => {
    const answer = await call('sendRichMessage', { chat_id: ann, rich_message: message })

    expect(answer).toMatchObject({ ok: false, status: 400 })
  })
})

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

describe('where the bot may not write', () => {
  test('unknown chats and people who never started', async () => {
    const bob = sim.person('Bob')

    expect(await call('sendMessage', { chat_id: 123, text: 'x' })).toMatchObject(
      bad('chat not found'),
    )
    expect(await call('sendMessage', { chat_id: -1, text: 'x' })).toMatchObject(
      bad('chat not found'),
    )
    expect(await call('sendMessage', { chat_id: bob, text: 'x' })).toMatchObject(
      no("bot can't initiate conversation with a user"),
    )
  })

  test('blocked and deactivated people', async () => {
    await sim.post('block', { from: ann })
    expect(await call('sendMessage', { chat_id: ann, text: 'x' })).toMatchObject(
      no('bot was blocked by the user'),
    )
    await sim.post(`users/${ann}/deactivate`)
    expect(await call('sendMessage', { chat_id: ann, text: 'x' })).toMatchObject(
      no('user is deactivated'),
    )
  })

  test('groups it was kicked from or never was in', async () => {
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [sim.botId] })
    await sim.post(`chats/${group}/members`, { user: sim.botId, status: 'kicked' })
    const other = sim.room({ type: 'channel', admins: [ann] })

    expect(await call('sendMessage', { chat_id: group, text: 'x' })).toMatchObject(
      no('bot was kicked from the supergroup chat'),
    )
    expect(await call('sendMessage', { chat_id: other, text: 'x' })).toMatchObject(
      no('bot is not a member of the channel chat'),
    )
  })

  test('an unknown thread', async () => {
    const forum = sim.room({ type: 'supergroup', forum: true, admins: [ann], members: [sim.botId] })

    expect(
      await call('sendMessage', { chat_id: forum, text: 'x', message_thread_id: 77 }),
    ).toMatchObject(bad('message thread not found'))
  })

  test('a group that became a supergroup names the new id', async () => {
    const group = sim.room({ type: 'group', admins: [ann], members: [sim.botId] })
    const { id } = await sim.post<{ id: number }>(`chats/${group}/migrate`)

    const answer = await call('sendMessage', { chat_id: group, text: 'x' })

    expect(answer).toMatchObject({
      ...bad('group chat was upgraded to a supergroup chat'),
      parameters: { migrate_to_chat_id: id },
    })
    expect(await call('sendMessage', { chat_id: id, text: 'x' })).toMatchObject({ ok: true })
  })

  test('a channel without the right to post, and posts of others without the right to edit', async () => {
    const channel = sim.room({ type: 'channel', admins: [ann] })
    const promote = (rights: object) =>
      sim.post(`chats/${channel}/members`, { user: sim.botId, status: 'administrator', rights })
    await promote({ can_edit_messages: false })
    const post = await sim.say(ann, 'a post', { chat: channel })
    const edit = { chat_id: channel, message_id: post, text: 'a post, edited' }

    expect((await call('sendMessage', { chat_id: channel, text: 'x' })).description).toMatch(
      /^Bad Request: not enough rights/,
    )
    expect((await call('editMessageText', edit)).description).toMatch(
      /^Bad Request: not enough rights/,
    )
    await promote({ can_post_messages: true, can_edit_messages: true })
    expect(await call('editMessageText', edit)).toMatchObject({ ok: true })
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

describe('drafts and actions', () => {
  test('drafts go to private chats only, with a non-zero id', async () => {
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [sim.botId] })
    const rich_message = { blocks: [paragraph('x')] }

    expect(
      await call('sendRichMessageDraft', { chat_id: group, draft_id: 1, rich_message }),
    ).toMatchObject({ ok: false, status: 400 })
    expect(
      await call('sendRichMessageDraft', { chat_id: ann, draft_id: 0, rich_message }),
    ).toMatchObject({ ok: false, status: 400 })
    expect(await call('sendMessageDraft', { chat_id: ann, draft_id: 1, text: '' })).toMatchObject({
      ok: true,
    })
  })

  test('channels take no chat actions', async () => {
    const channel = sim.room({ type: 'channel', admins: [ann] })
    await sim.post(`chats/${channel}/members`, {
      user: sim.botId,
      status: 'administrator',
      rights: 'all',
    })

    expect(await call('sendChatAction', { chat_id: channel, action: 'typing' })).toMatchObject({
      ok: false,
      status: 400,
    })
    expect(await call('sendChatAction', { chat_id: ann, action: 'dancing' })).toMatchObject({
      ok: false,
      status: 400,
    })
  })
})

describe('ephemeral messages', () => {
  const to = (user: number, more = {}) => ({
    ephemeral_message_parameters: { receiver_user_id: user, ...more },
  })

  test('outside groups, to strangers and without a cause they are refused', async () => {
    const bob = sim.person('Bob')
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [sim.botId] })

    expect(await call('sendMessage', { chat_id: ann, text: 'x', ...to(ann) })).toMatchObject({
      ok: false,
      status: 400,
    })
    expect(await call('sendMessage', { chat_id: group, text: 'x', ...to(bob) })).toMatchObject({
      ok: false,
      status: 400,
    })
    expect(await call('sendMessage', { chat_id: group, text: 'x', ...to(ann) })).toMatchObject({
      ok: false,
      status: 400,
    })
  })

  test('after a command they go for 15 s, are seen by the receiver only, and have message_id 0', async () => {
    const bob = sim.person('Bob')
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [bob, sim.botId] })
    await sim.say(ann, '/tldr', { chat: group })

    const sent = await call('sendMessage', { chat_id: group, text: 'for you', ...to(ann) })
    expect(sent).toMatchObject({ ok: true, result: { message_id: 0, receiver_user: { id: ann } } })
    expect((await sim.messages(group, ann)).at(-1)).toMatchObject({ text: 'for you' })
    expect((await sim.messages(group, bob)).some((it) => it.text === 'for you')).toBe(false)
    const id = (sent.result as { ephemeral_message_id: number }).ephemeral_message_id
    expect(
      await call('editEphemeralMessageText', {
        chat_id: group,
        receiver_user_id: ann,
        ephemeral_message_id: id,
        text: 'new',
      }),
    ).toMatchObject({ ok: true, result: true })
    expect(
      await call('editMessageText', { chat_id: group, message_id: id, text: 'x' }),
    ).toMatchObject(bad('message to edit not found'))
    expect(
      await call('deleteEphemeralMessage', {
        chat_id: group,
        receiver_user_id: ann,
        ephemeral_message_id: id,
      }),
    ).toMatchObject({ ok: true })
    await sim.advance(16_000)
    expect(await call('sendMessage', { chat_id: group, text: 'late', ...to(ann) })).toMatchObject({
      ok: false,
      status: 400,
    })
  })

  test('an incoming ephemeral command is answered for 15 s by a reply to it', async () => {
    await call('setMyCommands', {
      commands: [{ command: 'tldr', description: 'Short', is_ephemeral: true }],
    })
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [sim.botId] })
    const { ephemeral_message_id: id } = await sim.post<{ ephemeral_message_id: number }>(
      'messages',
      { chat: group, from: ann, text: '/tldr' },
    )
    const reply = {
      chat_id: group,
      text: 'x',
      reply_parameters: { ephemeral_message_id: id },
      ...to(ann),
    }

    expect(await call('sendMessage', reply)).toMatchObject({ ok: true })
    await sim.advance(16_000)
    expect(await call('sendMessage', reply)).toMatchObject({ ok: false, status: 400 })
  })

  test('an admin bot needs no cause', async () => {
    const group = sim.room({ type: 'supergroup', admins: [ann] })
    await sim.post(`chats/${group}/members`, { user: sim.botId, status: 'administrator' })

    expect(await call('sendMessage', { chat_id: group, text: 'x', ...to(ann) })).toMatchObject({
      ok: true,
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
