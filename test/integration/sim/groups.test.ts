import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { botCalls, type CallBot, everyKind, newsOf } from '../../support/bot-calls.ts'
import { TestSimulator } from '../../support/simulator.ts'

let sim: TestSimulator
let call: CallBot
let ann: number
let bob: number

beforeEach(async () => {
  sim = await TestSimulator.start()
  call = botCalls(sim)
  ann = sim.person('Ann')
  bob = sim.person('Bob', 'ru')
})
afterEach(() => sim.close())

const news = () => newsOf(call)
const promote = (chat: number, rights: object | 'all') =>
  sim.post(`chats/${chat}/members`, { user: sim.botId, status: 'administrator', rights })

describe('groups', () => {
  test('in privacy mode the bot gets commands, mentions, replies and service messages, and no talk', async () => {
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [bob, sim.botId] })
    const { result } = await call('sendMessage', { chat_id: group, text: 'I am here' })
    await news()

    await sim.say(ann, 'just talk', { chat: group })
    await sim.say(ann, '/tr', { chat: group })
    await sim.say(ann, '/tr@other_bot', { chat: group })
    await sim.say(ann, '/tr@chrysalis_bot', { chat: group })
    await sim.say(ann, 'hey @chrysalis_bot', { chat: group })
    await sim.say(bob, 'an answer', {
      chat: group,
      reply_to: (result as { message_id: number }).message_id,
    })
    await sim.post(`chats/${group}/members`, { user: bob, status: 'left', by: bob })

    expect(
      (await news()).map((it) => it['message']?.text ?? it['message']?.['left_chat_member']),
    ).toEqual([
      '/tr',
      '/tr@chrysalis_bot',
      'hey @chrysalis_bot',
      'an answer',
      expect.objectContaining({ id: bob }),
    ])
  })

  test('as an admin, or without privacy mode, it gets everything', async () => {
    const group = sim.room({ type: 'group', admins: [ann], members: [sim.botId] })
    await sim.post('bots', { privacy: false })
    await sim.say(ann, 'just talk', { chat: group })
    expect((await news()).map((it) => it['message']?.text)).toEqual(['just talk'])

    await sim.post('bots', { privacy: true })
    await promote(group, {})
    await sim.say(ann, 'more talk', { chat: group })
    expect((await news()).map((it) => it['message']?.text)).toContain('more talk')
  })

  test('strangers cannot write, anonymous admins write as the group', async () => {
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [sim.botId] })
    await expect(sim.say(bob, 'x', { chat: group })).rejects.toThrow('from: not a member')
    await sim.post(`chats/${group}/members`, { user: ann, status: 'creator', anonymous: true })
    await news()

    await sim.say(ann, '/settings', { chat: group })

    expect((await news())[0]).toMatchObject({
      message: { from: { username: 'GroupAnonymousBot' }, sender_chat: { id: group } },
    })
  })

  test('topics: messages keep their thread, and the bot answers in it', async () => {
    const forum = sim.room({ type: 'supergroup', forum: true, admins: [ann], members: [sim.botId] })
    const { id } = await sim.post<{ id: number }>(`chats/${forum}/topics`, { name: 'Plans' })
    await news()
    const asked = await sim.say(ann, '/tr', { chat: forum, thread: id })

    const answer = await call('sendMessage', {
      chat_id: forum,
      message_thread_id: id,
      text: 'x',
      reply_parameters: { message_id: asked },
    })

    expect((await news())[0]).toMatchObject({
      message: { message_thread_id: id, is_topic_message: true },
    })
    expect(answer).toMatchObject({ result: { message_thread_id: id, is_topic_message: true } })
  })

  test('promotion, demotion and removal are told to the bot; so are members to an admin bot', async () => {
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [bob] })
    await call('getUpdates', { allowed_updates: everyKind })
    await promote(group, { can_delete_messages: true })
    await sim.post(`chats/${group}/members`, { user: bob, status: 'kicked', by: ann })
    await sim.post(`chats/${group}/members`, { user: sim.botId, status: 'left', by: ann })

    const seen = await news()
    expect(seen.find((it) => it['my_chat_member'])?.['my_chat_member']).toMatchObject({
      from: { id: ann },
      old_chat_member: { status: 'left' },
      new_chat_member: {
        status: 'administrator',
        can_delete_messages: true,
        can_pin_messages: false,
      },
    })
    expect(seen.find((it) => it['chat_member'])?.['chat_member']).toMatchObject({
      new_chat_member: { status: 'kicked' },
    })
    expect(seen.findLast((it) => it['my_chat_member'])?.['my_chat_member']).toMatchObject({
      new_chat_member: { status: 'left' },
    })
  })

  test('reactions: one of the bot, and those of people only to an admin that asked', async () => {
    const group = sim.room({ type: 'supergroup', admins: [ann], members: [] })
    await call('getUpdates', { allowed_updates: everyKind })
    await promote(group, {})
    const id = await sim.say(ann, 'hi', { chat: group })
    await news()
    const react = (...emoji: string[]) =>
      call('setMessageReaction', {
        chat_id: group,
        message_id: id,
        reaction: emoji.map((it) => ({ type: 'emoji', emoji: it })),
      })

    expect(await react('👀')).toMatchObject({ ok: true })
    expect(await react('👌')).toMatchObject({ ok: true })
    expect(await react('👀', '👌')).toMatchObject({ ok: false, status: 400 })
    expect(await react('🧊')).toMatchObject({ description: 'Bad Request: REACTION_INVALID' })
    await sim.post('reactions', { chat: group, from: ann, message_id: id, emoji: '🔥' })
    expect(await news()).toMatchObject([
      {
        message_reaction: { user: { id: ann }, old_reaction: [], new_reaction: [{ emoji: '🔥' }] },
      },
    ])
  })
})
