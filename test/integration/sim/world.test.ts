import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { botCalls, type CallBot, messageIdOf } from '../../support/bot-calls.ts'
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

type Seen = Record<string, { [field: string]: unknown; text?: string }> & { update_id: number }

/** Updates since the last look. */
async function news(): Promise<Seen[]> {
  const seen = (await call('getUpdates', { allowed_updates: all })).result as Seen[]
  await call('getUpdates', { offset: (seen.at(-1)?.update_id ?? 0) + 1 })
  return seen
}
const all = [
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'callback_query',
  'my_chat_member',
  'chat_member',
  'message_reaction',
  'stopped_message_generation',
]
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
    await call('getUpdates', { allowed_updates: all })
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
    await call('getUpdates', { allowed_updates: all })
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

describe('private chats', () => {
  test('a press reaches the bot with the message and whatever data a client sends', async () => {
    await sim.say(ann, '/start')
    const id = messageIdOf(
      await call('sendMessage', {
        chat_id: ann,
        text: 'x',
        reply_markup: { inline_keyboard: [[{ text: 'a', callback_data: 'a' }]] },
      }),
    )
    await news()

    await sim.press(ann, id, { data: 'forged' })

    expect(await news()).toMatchObject([
      { callback_query: { from: { id: ann }, data: 'forged', message: { message_id: id } } },
    ])
  })

  test('a draft lives 30 seconds after its last frame', async () => {
    await sim.say(ann, '/start')
    const draft = () => call('sendMessageDraft', { chat_id: ann, draft_id: 5, text: 'grow' })
    const shown = async () => (await sim.get<{ shown: unknown }>(`drafts?chat=${ann}`)).shown

    await draft()
    await sim.advance(20_000)
    await draft()
    await sim.advance(29_000)
    expect(await shown()).toMatchObject({ draftId: 5 })
    await sim.advance(2000)
    expect(await shown()).toBeNull()
  })

  test('Stop tells the bot and ends the draft; later frames of it are not shown; without can_stop there is none', async () => {
    await sim.say(ann, '/start')
    const draft = (can_stop: boolean, draft_id: number) =>
      call('sendMessageDraft', { chat_id: ann, draft_id, text: 'grow', can_stop })
    await draft(false, 4)
    await expect(sim.post('stop', { chat: ann })).rejects.toThrow('cannot be stopped')
    await draft(true, 5)
    await news()

    await sim.post('stop', { chat: ann })
    await draft(true, 5)

    expect(await news()).toMatchObject([
      { stopped_message_generation: { chat: { id: ann }, draft_id: 5 } },
    ])
    const { shown, frames } = await sim.get<{ shown: unknown; frames: { ignored: boolean }[] }>(
      `drafts?chat=${ann}`,
    )
    expect([shown, frames.at(-1)?.ignored]).toEqual([null, true])
  })

  test('forwards keep where they come from: person, hidden name, channel post', async () => {
    await sim.say(ann, '/start')
    const channel = sim.room({ type: 'channel', title: 'News', admins: [bob], members: [ann] })
    const post = await sim.say(bob, 'A post', { chat: channel })
    await news()

    await sim.say(ann, 'from bob', { forward_from: bob })
    await sim.say(ann, 'from nobody', { forward_from: { name: 'Somebody' } })
    await sim.post('messages', {
      chat: ann,
      from: ann,
      forward_from: { chat: channel, message_id: post },
    })

    expect((await news()).map((it) => it['message'])).toMatchObject([
      { text: 'from bob', forward_origin: { type: 'user', sender_user: { id: bob } } },
      {
        text: 'from nobody',
        forward_origin: { type: 'hidden_user', sender_user_name: 'Somebody' },
      },
      {
        text: 'A post',
        forward_origin: { type: 'channel', chat: { id: channel }, message_id: post },
      },
    ])
  })

  test('a person edits a message, and the bot hears of it', async () => {
    const id = await sim.say(ann, 'one')
    await news()

    await sim.post('edits', { chat: ann, from: ann, message_id: id, text: 'two /start' })

    expect(await news()).toMatchObject([
      {
        edited_message: {
          message_id: id,
          text: 'two /start',
          edit_date: expect.any(Number),
          entities: [{ type: 'bot_command', offset: 4 }],
        },
      },
    ])
  })

  test('blocking and unblocking are told', async () => {
    await sim.say(ann, '/start')
    await news()
    await sim.post('block', { from: ann })
    await sim.post('block', { from: ann, blocked: false })

    expect(await news()).toMatchObject([
      { my_chat_member: { new_chat_member: { status: 'kicked' } } },
      { my_chat_member: { new_chat_member: { status: 'member' } } },
    ])
  })

  test('an album is one group, with one caption', async () => {
    await sim.say(ann, '/start')
    const form = new FormData()
    form.set('chat_id', String(ann))
    form.set(
      'media',
      JSON.stringify([
        { type: 'document', media: 'attach://a', caption: 'both' },
        { type: 'document', media: 'attach://b' },
      ]),
    )
    form.set('a', new Blob(['1']), 'a.txt')
    form.set('b', new Blob(['2']), 'b.txt')

    const response = await fetch(`${sim.base}/bot${sim.token}/sendMediaGroup`, {
      method: 'POST',
      body: form,
    })

    const { result } = (await response.json()) as {
      result: { media_group_id: string; caption?: string }[]
    }
    expect(result.map((it) => it.caption)).toEqual(['both', undefined])
    expect(new Set(result.map((it) => it.media_group_id)).size).toBe(1)
  })

  test('copies lose their origin, forwards keep it, protected messages do neither', async () => {
    await sim.say(ann, '/start')
    await sim.say(bob, '/start')
    const id = await sim.say(ann, 'words')
    const secret = messageIdOf(
      await call('sendMessage', { chat_id: ann, text: 'x', protect_content: true }),
    )
    const from = { chat_id: bob, from_chat_id: ann, message_id: id }

    expect(await call('forwardMessage', from)).toMatchObject({
      result: { text: 'words', forward_origin: { sender_user: { id: ann } } },
    })
    expect(await call('copyMessage', from)).toMatchObject({ ok: true })
    expect((await sim.answers(bob)).at(-1)).toMatchObject({ text: 'words' })
    expect(await call('forwardMessage', { ...from, message_id: secret })).toMatchObject({
      ok: false,
      status: 400,
    })
  })

  test('a voice message says how long it plays', async () => {
    await sim.say(ann, '/start')
    const wav = Buffer.alloc(44 + 32_000 * 3)
    wav.write('RIFF')
    wav.writeUInt32LE(32_000, 28)

    await sim.sendFile(ann, 'audio', { bytes: wav, name: 'three.wav', type: 'audio/wav' })

    expect((await news()).at(-1)).toMatchObject({
      message: { audio: { duration: 3, file_name: 'three.wav', mime_type: 'audio/wav' } },
    })
  })
})

describe('the profile', () => {
  test('commands per scope and language, name and descriptions per language', async () => {
    const commands = [{ command: 'start', description: 'Begin' }]
    const ru = [{ command: 'start', description: 'Начать' }]
    await call('setMyCommands', { commands })
    await call('setMyCommands', {
      commands: ru,
      language_code: 'ru',
      scope: { type: 'all_private_chats' },
    })

    expect(await call('getMyCommands')).toMatchObject({ result: commands })
    expect(await call('getMyCommands', { language_code: 'ru' })).toMatchObject({ result: [] })
    expect(
      await call('getMyCommands', { language_code: 'ru', scope: { type: 'all_private_chats' } }),
    ).toMatchObject({ result: ru })
    await call('setMyDescription', { description: 'Опись', language_code: 'ru' })
    expect(await call('getMyDescription', { language_code: 'ru' })).toMatchObject({
      result: { description: 'Опись' },
    })
    expect(await call('getMyName')).toMatchObject({ result: { name: 'Chrysalis' } })
    expect(
      await call('setMyShortDescription', { short_description: 'a'.repeat(121) }),
    ).toMatchObject({ ok: false })
    expect(
      await call('setMyCommands', { commands: [{ command: 'Bad Name', description: 'x' }] }),
    ).toMatchObject({ ok: false })
  })
})

describe('the world as a whole', () => {
  test('a snapshot brings everything back, and the clock with it', async () => {
    await sim.say(ann, 'before')
    const { id } = await sim.post<{ id: number }>('snapshots')
    await sim.say(ann, 'after')

    await sim.post(`snapshots/${id}/restore`)

    expect((await sim.messages(ann)).map((it) => it.text)).toEqual(['before'])
    await expect(sim.post('snapshots/99/restore')).rejects.toThrow('unknown snapshot')
  })

  test('bad input names the field', async () => {
    await expect(sim.post('messages', { chat: 1, from: ann, text: 'x' })).rejects.toThrow(
      '400 {"error":"chat: unknown"}',
    )
    await expect(sim.post('messages', { chat: ann, text: 'x' })).rejects.toThrow(
      'parameter \\"from\\" is required',
    )
    await expect(sim.post('chats', { type: 'room', title: 'x' })).rejects.toThrow('type: ')
    await expect(sim.post('faults', { method: 'x', kind: 'odd' })).rejects.toThrow('kind: ')
  })
})
