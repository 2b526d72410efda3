import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'

const german = 'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?'

let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld({ isPaced: true })
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.desk.script = () => ({ text: 'Good morning!' })
})

test('an album of five is one request, with the words of its caption', async () => {
  const ann = world.sim.person('Ann', 'en')
  const before = world.desk.jobs.length

  for (const at of [1, 2, 3, 4, 5])
    await world.sim.sendFile(ann, 'document', {
      bytes: Buffer.from(`picture ${String(at)}`),
      name: `${String(at)}.bin`,
      type: 'image/png',
      fields: { album: '9', ...(at === 2 && { caption: german }) },
    })
  await world.sim.answers(ann)
  await world.bot.updates.idle()

  expect((await world.sim.messages(ann)).filter((it) => it.from_bot)).toHaveLength(1)
  expect(world.desk.jobs.length - before).toBeLessThanOrEqual(1)
})

test('a reply with a mention is one request about the message it replies to', async () => {
  const member = world.sim.person('Max', 'en')
  const group = world.sim.room({
    type: 'supergroup',
    admins: [member],
    members: [world.sim.botId],
  })
  const source = await world.sim.say(member, german, { chat: group })
  const before = world.desk.jobs.length

  await world.sim.say(member, '@chrysalis_bot in English', { chat: group, reply_to: source })
  const job = await world.desk.job(before)
  await world.desk.delivered(job)
  await world.bot.updates.idle()

  expect(world.desk.jobs.length).toBe(before + 1)
  expect(job.input).toMatchObject({ text: german, to: 'en' })
})

test('a plain text gets its first sign before its answer, and Stop ends its job before it', async () => {
  world.desk.script = () => undefined
  const ann = world.sim.person('Ann', 'en')
  const before = world.desk.jobs.length

  const asked = systemClock.now()
  await world.sim.say(ann, german)
  await world.sim.until(async () =>
    (await world.sim.calls()).some((it) => it.params['chat_id'] === ann && it.ok),
  )
  const signMs = systemClock.now() - asked
  const job = await world.desk.job(before)
  await world.sim.until(async () =>
    (await world.sim.calls('sendRichMessageDraft')).some((it) => it.params['chat_id'] === ann),
  )
  const pressed = systemClock.now()
  await world.sim.post('stop', { chat: ann })
  await world.desk.delivered(job)
  const stopMs = systemClock.now() - pressed

  expect(job.state).toBe('cancelled')
  console.log(`first sign after ${signMs} ms, stopped after ${stopMs} ms`)
})
