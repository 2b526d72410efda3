import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { botCalls, type CallBot, messageIdOf, newsOf } from '../../support/bot-calls.ts'
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
