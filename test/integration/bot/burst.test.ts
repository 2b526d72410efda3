import { afterAll, beforeAll, expect, test } from 'vitest'
import { maxPerMinute } from '../../../src/bot/requests/limits.ts'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'

let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld()
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())

const german = 'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?'

test('a crash in the middle of a burst loses no request and answers none twice', async () => {
  world.desk.script = () => ({ text: 'Good morning!' })
  const people = Array.from({ length: 60 }, () => world.sim.person('Ann', 'en'))
  const before = world.desk.jobs.length

  await Promise.all(people.map((ann) => world.sim.say(ann, german)))
  await world.desk.job(before + 10)
  await world.crash()
  await world.restart()
  for (const ann of people) await world.sim.answers(ann)
  await world.bot.updates.idle()
  for (const job of world.desk.jobs.slice(before)) await world.desk.delivered(job)

  expect(world.desk.jobs.length - before).toBe(people.length)
  const answers = await Promise.all(people.map((ann) => world.sim.messages(ann)))
  const counts = answers.map((seen) => seen.filter((it) => it.from_bot).length)
  // A send whose confirmation the crash swallowed is repeated: at most what was being sent at that moment.
  expect(counts.filter((count) => count > 1).length).toBeLessThanOrEqual(16)
})

test('the third running request is the last; the fourth is told so and can be tried again', async () => {
  world.desk.script = () => undefined
  const ann = world.sim.person('Ann', 'en')
  const before = world.desk.jobs.length
  for (let at = 0; at < 3; at++) {
    await world.sim.say(ann, `${german} ${'Und noch etwas. '.repeat(at)}`)
    await world.desk.job(before + at)
  }

  await world.sim.say(ann, `${german} Bitte antworte mir bald!`)
  const [said] = await world.sim.answers(ann)

  expect(world.desk.jobs.length).toBe(before + 3)
  expect(said?.text).toContain('Three of your requests are running')
  expect(said?.buttons.map((it) => it.data)).toEqual(['ten'])
})

test('whoever writes too fast gets one notice, not one for each message', async () => {
  const ann = world.sim.person('Ann', 'en')
  const before = world.desk.jobs.length

  for (let at = 0; at < maxPerMinute + 5; at++) await world.sim.say(ann, 'ok')
  await world.sim.answers(ann, maxPerMinute + 1)
  await world.bot.updates.idle()

  const answers = (await world.sim.messages(ann)).filter((it) => it.from_bot)
  expect(answers.filter((it) => it.text?.includes('20 requests a minute')).length).toBe(1)
  expect(answers.length).toBe(maxPerMinute + 1)
  expect(world.desk.jobs.length).toBe(before)
})
