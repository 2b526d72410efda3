import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { botCalls, type CallBot, newsOf } from '../../support/bot-calls.ts'
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

describe('channels', () => {
  async function channelWithTalk(): Promise<{ channel: number; talk: number }> {
    const { id: talk } = await sim.post<{ id: number }>('chats', {
      type: 'supergroup',
      title: 'Talk',
      members: [bob],
      admins: [ann, sim.botId],
    })
    const { id: channel } = await sim.post<{ id: number }>('chats', {
      type: 'channel',
      title: 'News',
      members: [bob],
      admins: [ann, sim.botId],
      linked: talk,
    })
    await news()
    return { channel, talk }
  }

  test('a post has no from, and arrives in the linked group as an automatic forward', async () => {
    const { channel, talk } = await channelWithTalk()

    const post = await sim.say(ann, 'A post', { chat: channel })

    const [first, second] = await news()
    expect(first).toMatchObject({
      channel_post: { message_id: post, sender_chat: { id: channel }, text: 'A post' },
    })
    expect(first?.['channel_post']?.['from']).toBeUndefined()
    expect(second).toMatchObject({
      message: {
        is_automatic_forward: true,
        sender_chat: { id: channel },
        chat: { id: talk },
        forward_origin: { type: 'channel', message_id: post },
      },
    })
    expect(await call('getChat', { chat_id: channel })).toMatchObject({
      result: { linked_chat_id: talk },
    })
  })

  test('a comment of the bot stands in the thread of the post', async () => {
    const { channel, talk } = await channelWithTalk()
    await sim.say(ann, 'A post', { chat: channel })
    const copy = (await sim.messages(talk)).at(-1)?.message_id ?? 0

    await call('sendMessage', {
      chat_id: talk,
      text: 'In short',
      reply_parameters: { message_id: copy },
    })

    expect((await sim.messages(talk)).at(-1)).toMatchObject({
      text: 'In short',
      thread: copy,
      reply_to: copy,
    })
  })

  test('the bot edits a post of others with the right, hears of its own edit, and the copy follows', async () => {
    const { channel, talk } = await channelWithTalk()
    const post = await sim.say(ann, 'A post', { chat: channel })
    await news()

    await call('editMessageText', {
      chat_id: channel,
      message_id: post,
      text: 'A post\n—\nSummary',
    })

    expect(await news()).toMatchObject([{ edited_channel_post: { text: 'A post\n—\nSummary' } }])
    expect((await sim.messages(talk)).at(-1)?.text).toBe('A post\n—\nSummary')
  })

  test('only admins post; subscribers read', async () => {
    const { channel } = await channelWithTalk()

    await expect(sim.say(bob, 'x', { chat: channel })).rejects.toThrow('only admins post')
  })

  test('request_chat: the person picks, their rights are checked, the bot becomes an admin and hears of it', async () => {
    await sim.say(ann, '/start')
    const channel = sim.room({ type: 'channel', title: 'Mine', admins: [ann], members: [bob] })
    const rights = { can_post_messages: true, can_edit_messages: true }
    const button = {
      text: 'Pick',
      request_chat: {
        request_id: 9,
        chat_is_channel: true,
        request_title: true,
        user_administrator_rights: rights,
        bot_administrator_rights: rights,
      },
    }
    for (const person of [ann, bob]) {
      await sim.say(person, '/start')
      await call('sendMessage', {
        chat_id: person,
        text: 'Which?',
        reply_markup: { keyboard: [[button]] },
      })
    }
    await news()

    await expect(sim.post('shares', { from: bob, request_id: 9, chat: channel })).rejects.toThrow(
      'from: lacks',
    )
    await sim.post('shares', { from: ann, request_id: 9, chat: channel })

    expect(await news()).toMatchObject([
      { my_chat_member: { new_chat_member: { status: 'administrator', can_edit_messages: true } } },
      { message: { chat_shared: { request_id: 9, chat_id: channel, title: 'Mine' } } },
    ])
  })
})
