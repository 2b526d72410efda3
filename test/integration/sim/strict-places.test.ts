import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bad, botCalls, type CallBot, forbidden, messageIdOf } from '../../support/bot-calls.ts'
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
const paragraph = (text: unknown) => ({ type: 'paragraph', text })

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
      forbidden("bot can't initiate conversation with a user"),
    )
  })

  test('blocked and deactivated people', async () => {
    await sim.post('block', { from: ann })
    expect(await call('sendMessage', { chat_id: ann, text: 'x' })).toMatchObject(
      forbidden('bot was blocked by the user'),
    )
    await sim.post(`users/${ann}/deactivate`)
    expect(await call('sendMessage', { chat_id: ann, text: 'x' })).toMatchObject(
      forbidden('user is deactivated'),
    )
  })

  test('groups it was kicked from or never was in', async () => {
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [sim.botId] })
    await sim.post(`chats/${group}/members`, { user: sim.botId, status: 'kicked' })
    const other = sim.room({ type: 'channel', admins: [ann] })

    expect(await call('sendMessage', { chat_id: group, text: 'x' })).toMatchObject(
      forbidden('bot was kicked from the supergroup chat'),
    )
    expect(await call('sendMessage', { chat_id: other, text: 'x' })).toMatchObject(
      forbidden('bot is not a member of the channel chat'),
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

  test('nothing of others is deleted or pinned in a supergroup without the right to', async () => {
    const group = sim.room({ type: 'supergroup', admins: [ann] })
    const promote = (rights: object) =>
      sim.post(`chats/${group}/members`, { user: sim.botId, status: 'administrator', rights })
    await promote({ can_delete_messages: false, can_pin_messages: false })
    const message_id = await sim.say(ann, 'mine', { chat: group })
    const act = async (method: string) => (await call(method, { chat_id: group, message_id })).ok

    expect([await act('pinChatMessage'), await act('deleteMessage')]).toEqual([false, false])
    await promote({ can_delete_messages: true, can_pin_messages: true })
    expect([await act('pinChatMessage'), await act('deleteMessage')]).toEqual([true, true])
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

  test('after a press they go for 15 s, to the one who pressed', async () => {
    const bob = sim.person('Bob')
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [bob, sim.botId] })
    const button = { inline_keyboard: [[{ text: 'x', callback_data: 'a' }]] }
    const question = await call('sendMessage', { chat_id: group, text: 'x', reply_markup: button })
    const press = await sim.press(ann, messageIdOf(question), { data: 'a', chat: group })
    const answer = (user: number) =>
      call('sendMessage', { chat_id: group, text: 'x', ...to(user, { callback_query_id: press }) })

    expect(await answer(ann)).toMatchObject({ ok: true })
    expect(await answer(bob)).toMatchObject({ ok: false, status: 400 })
    await sim.advance(16_000)
    expect(await answer(ann)).toMatchObject(
      bad('query is too old and response timeout expired or query ID is invalid'),
    )
  })

  test('an admin bot needs no cause', async () => {
    const group = sim.room({ type: 'supergroup', admins: [ann] })
    await sim.post(`chats/${group}/members`, { user: sim.botId, status: 'administrator' })

    expect(await call('sendMessage', { chat_id: group, text: 'x', ...to(ann) })).toMatchObject({
      ok: true,
    })
  })
})
