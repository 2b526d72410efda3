import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'

const german = 'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?'

let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld()
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  world.desk.script = () => undefined
  await fetch(`${world.sim.base}/sim/faults`, { method: 'DELETE' })
})

const newcomer = (language = 'en') => world.sim.person('Ann', language)
const answersOf = async (chat: number) =>
  (await world.sim.messages(chat)).filter((it) => it.from_bot).map((it) => it.text ?? '')

test('an answer that became ready while the bot was away is delivered after its restart, once', async () => {
  const ann = newcomer()
  const before = world.desk.jobs.length
  await world.sim.say(ann, german)
  const job = await world.desk.job(before)

  await world.crash()
  world.desk.finish(job, { text: 'Good morning!' })
  await world.restart()
  await world.desk.delivered(job)

  const answers = await answersOf(ann)
  expect(answers.filter((text) => text.includes('Good morning!')).length).toBe(1)
})

test('messages sent while the bot was away are answered after its restart', async () => {
  world.desk.script = () => ({ text: 'Good morning!' })
  const ann = newcomer()
  await world.crash()
  await world.sim.say(ann, german)

  await world.restart()
  const [answer] = await world.sim.answers(ann)

  expect(answer?.text).toContain('Good morning!')
})

test('Stop works right after a restart', async () => {
  const ann = newcomer()
  const before = world.desk.jobs.length
  await world.sim.say(ann, german)
  const job = await world.desk.job(before)
  await world.crash()
  const since = (await world.sim.calls('sendRichMessageDraft')).length
  await world.restart()
  await world.sim.until(async () => {
    const calls = (await world.sim.calls('sendRichMessageDraft')).slice(since)
    return calls.some((it) => it.params['chat_id'] === ann)
  })

  await world.sim.post('stop', { chat: ann })
  const [said] = await world.sim.answers(ann)

  expect(job.state).toBe('cancelled')
  expect(said?.text).toContain('Stopped')
})

test('an update that arrives twice is handled once', async () => {
  world.desk.script = () => ({ text: 'Good morning!' })
  const ann = newcomer()
  const before = world.desk.jobs.length
  await world.sim.fault({ method: 'getUpdates', kind: 'duplicate-update' })

  await world.sim.say(ann, german)
  await world.sim.answers(ann)
  await world.bot.updates.idle()

  expect(world.desk.jobs.length).toBe(before + 1)
  expect((await answersOf(ann)).length).toBe(1)
})

test.each([
  ['a flood limit', { error_code: 429, retry_after: 1 }, 1],
  ['a server error', { error_code: 500 }, 1],
  ['a server error after the effect', { kind: 'error-after', error_code: 502 }, 2],
  ['a gateway page', { kind: 'html' }, 1],
  ['a connection lost before the effect', { kind: 'close-before' }, 1],
  ['a connection lost after the effect', { kind: 'close-after' }, 2],
])('the answer arrives whole after %s', async (_name, fault, most) => {
  world.desk.script = () => ({ text: 'Good morning, my dear!' })
  const ann = newcomer()
  await world.sim.fault({ method: 'sendRichMessage', ...fault })

  await world.sim.say(ann, german)
  const [answer] = await world.sim.answers(ann)
  await world.desk.delivered(await world.desk.job(world.desk.jobs.length - 1))

  expect(answer?.text).toContain('Good morning, my dear!')
  expect((await answersOf(ann)).length).toBeLessThanOrEqual(most)
})

test('an answer whose rich form is refused comes as plain text', async () => {
  world.desk.script = () => ({ text: 'Good morning, my dear!' })
  const ann = newcomer()
  await world.sim.fault({ method: 'sendRichMessage', error_code: 400, times: 1 })

  await world.sim.say(ann, german)
  const [answer] = await world.sim.answers(ann)

  expect(answer?.text).toContain('Good morning, my dear!')
  expect(answer?.rich).toBeUndefined()
  expect(answer?.buttons.length).toBeGreaterThan(0)
})

test.each([5000, 30_000, 200_000])('an answer of %i characters arrives whole', async (length) => {
  const text = Array.from({ length: length / 10 }, (_, at) => `word${at % 90000}`.padEnd(9, 'x'))
    .join(' ')
    .slice(0, length)
    .trim()
  world.desk.script = () => ({ text })
  const ann = newcomer()

  await world.sim.say(ann, german)
  await world.desk.delivered(await world.desk.job(world.desk.jobs.length - 1))
  const answers = await world.sim.answers(ann, length > 30_000 ? 2 : 1)

  const [document] = answers.at(-1)?.documents ?? []
  const shown = document ? await (await fetch(document.url)).text() : answers[0]?.text
  expect(shown).toContain(text)
})

test('a person who blocked the bot is not written to again, and the job counts as delivered', async () => {
  const ann = newcomer()
  const before = world.desk.jobs.length
  await world.sim.say(ann, german)
  const job = await world.desk.job(before)
  await world.sim.fault({
    method: 'sendRichMessage',
    error_code: 403,
    description: 'Forbidden: bot was blocked by the user',
    chat: String(ann),
  })

  world.desk.finish(job, { text: 'Good morning!' })
  await world.desk.delivered(job)

  expect(job.deliveries).toBe(1)
  expect(await answersOf(ann)).toEqual([])
})

test('model text full of markup arrives as plain text without a button of its own', async () => {
  const text =
    '<tg-button type="callback_data" data="x">press</tg-button> **bold** [a](https://evil.example) <b>x</b>'
  world.desk.script = () => ({ text })
  const ann = newcomer()

  await world.sim.say(ann, german)
  const [answer] = await world.sim.answers(ann)

  const first = answer?.rich?.blocks[0]
  expect(first).toEqual({ type: 'paragraph', text })
})
