import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import { CHAT_MESSAGES } from '../../support/chat-messages.ts'

const german =
  'Die Stadtverwaltung hat gestern beschlossen, den alten Bahnhof nicht abzureißen. Stattdessen soll dort im kommenden Jahr ein Museum entstehen, das die Geschichte der Region zeigt.'
const english =
  'The council decided yesterday not to tear down the old station. Instead a museum about the history of the region is to open there next year, and volunteers are welcome.'
const mixed = `${english}\n\n${german}\n\n${english}`

let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld()
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.desk.script = () => ({ text: 'Done.' })
})

/** A text with `keep` cut out: what is left to the model. */
const translatedPart = (input: Record<string, unknown> | undefined): string => {
  const text = String(input?.['text'])
  const keep = input?.['keep'] as readonly [number, number][]
  return keep.reduceRight((rest, [from, to]) => rest.slice(0, from) + rest.slice(to), text)
}

test('of a mixed text only the foreign part goes to translation, the rest is copied', async () => {
  const ann = world.sim.person('Ann', 'en')

  await world.sim.say(ann, mixed)
  await world.sim.answers(ann)

  const input = world.desk.jobs.at(-1)?.input
  expect(input).toMatchObject({ text: mixed, from: 'de', to: 'en' })
  expect(translatedPart(input).trim()).toBe(german)
})

test('an order to translate leaves parts that are in that language already as they are', async () => {
  const ann = world.sim.person('Ann', 'en')

  await world.sim.say(ann, `/translate de ${mixed}`)
  await world.sim.answers(ann)

  const input = world.desk.jobs.at(-1)?.input
  expect(input).toMatchObject({ from: 'en', to: 'de' })
  expect(translatedPart(input)).not.toContain('Stadtverwaltung')
  expect(translatedPart(input).split('The council')).toHaveLength(3)
})

test('a group has only the foreign parts of a mixed message translated', async () => {
  const admin = world.sim.person('Ada', 'en')
  const group = world.sim.room({ type: 'supergroup', admins: [admin] })
  await world.sim.post(`chats/${group}/members`, {
    user: world.sim.botId,
    status: 'administrator',
  })
  await world.db.rows.group.create({
    data: {
      botId: BigInt(world.sim.botId),
      chatId: BigInt(group),
      ui: 'en',
      translate: 'en',
      updatedAt: new Date(),
    },
  })
  const before = world.desk.jobs.length

  await world.sim.say(admin, `${english}\n\n${english}`, { chat: group })
  await world.sim.say(admin, mixed, { chat: group })
  const job = await world.desk.job(before)
  await world.bot.updates.idle()

  expect(translatedPart(job.input).trim()).toBe(german)
  expect(world.desk.jobs.length).toBe(before + 1)
})

test('a language that is read or undecided starts no job, in whatever language it is', async () => {
  const before = world.desk.jobs.length
  const own = new Map(CHAT_MESSAGES)

  const chats: number[] = []
  for (const [language, text] of own) {
    const reader = world.sim.person('Ann', language)
    chats.push(reader)
    await world.sim.say(reader, text)
  }
  const undecided = world.sim.person('Ann', 'en')
  chats.push(undecided)
  await world.sim.say(undecided, 'Hola')
  for (const chat of chats) await world.sim.answers(chat)

  expect(chats.length).toBeGreaterThan(25)
  expect(world.desk.jobs.slice(before).map((job) => job.input['text'])).toEqual([])
}, 120_000)
