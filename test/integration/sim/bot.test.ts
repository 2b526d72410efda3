import type { InputRichBlock } from '@grammyjs/types'
import { Bot, InputFile } from 'grammy'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TestSimulator } from '../../support/simulator.ts'

let sim: TestSimulator
let bot: Bot

beforeEach(async () => {
  sim = await TestSimulator.start()
  bot = new Bot(sim.token, { client: { apiRoot: sim.base } })
})
afterEach(async () => {
  if (bot.isRunning()) await bot.stop()
  await sim.close()
})

test('a grammY bot by long polling answers a text', async () => {
  bot.on('message:text', (ctx) => ctx.reply(`heard: ${ctx.message.text}`))
  void bot.start()
  const ann = sim.person()

  const asked = await sim.say(ann, 'hello')

  const [answer] = await sim.answers(ann)
  expect(answer).toMatchObject({ text: 'heard: hello', from: sim.botId, edits: 0, buttons: [] })
  expect(asked).toBe(1)
})

test('a file whose name has spaces, quotes and foreign letters arrives under that name', async () => {
  const ann = sim.person()
  await sim.say(ann, '/start')

  await bot.api.sendDocument(ann, new InputFile(Buffer.from('text'), 'my отчёт "1".txt'))

  const [answer] = await sim.answers(ann)
  expect(answer?.documents).toMatchObject([{ file_name: 'my отчёт "1".txt', size: 4 }])
  const fetched = await fetch(answer?.documents[0]?.url ?? '')
  expect(await fetched.text()).toBe('text')
})

test('a rich draft is shown, replaced by the final message, and kept as frames', async () => {
  const ann = sim.person()
  await sim.say(ann, 'go')
  const text: InputRichBlock<never> = {
    type: 'paragraph',
    text: ['to', { type: 'bold', text: 'day' }],
  }

  await bot.api.raw.sendRichMessageDraft({
    chat_id: ann,
    draft_id: 7,
    can_stop: true,
    rich_message: { blocks: [{ type: 'thinking', text: 'Thinking' }, text] },
  })
  const during = await sim.get<{ shown: unknown }>(`drafts?chat=${ann}`)
  await bot.api.raw.sendRichMessage({ chat_id: ann, rich_message: { blocks: [text] } })
  const after = await sim.get<{ shown: unknown; frames: unknown[] }>(`drafts?chat=${ann}`)

  expect(during.shown).toMatchObject({ draftId: 7, canStop: true })
  expect(after).toMatchObject({ shown: null, frames: [{ draftId: 7, text: 'Thinking\ntoday' }] })
  expect((await sim.answers(ann))[0]?.text).toBe('today')
})
