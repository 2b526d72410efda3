import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import { dumpRows } from '../../support/rows-dump.ts'

let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld()
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())

/** Twenty letters nobody writes by chance. */
const marker = (): string =>
  Array.from(randomBytes(20), (byte) => String.fromCharCode(97 + (byte % 26))).join('')

test('words of a text, a transcript, a file name and a link are in no log line and no row, also when every send fails', async () => {
  const words = { text: marker(), answer: marker(), file: marker(), link: marker(), name: marker() }
  world.desk.script = () => ({ text: words.answer })
  const ann = world.sim.person(words.name, 'en')
  const voice = { bytes: new Uint8Array(900), name: `${words.file}.ogg`, type: 'audio/ogg' }
  const german = `${'Guten Morgen, liebe Leute! Ich hoffe, ihr habt gut geschlafen. '.repeat(2)}#${words.text}`

  await world.sim.say(ann, german)
  await world.sim.sendFile(ann, 'audio', voice)
  await world.sim.answers(ann, 2)
  await world.sim.say(ann, `http://127.0.0.1:9/${words.link}`)
  await world.sim.answers(ann, 3)
  for (const method of ['sendRichMessage', 'sendRichMessageDraft', 'sendMessage', 'sendDocument'])
    await world.sim.fault({ method, error_code: 400, times: 3 })
  const before = world.desk.jobs.length
  await world.sim.say(ann, german)
  const failing = await world.desk.job(before)
  await world.desk.delivered(failing)
  await world.sim.say(ann, `/delete_data ${words.text}`)
  await world.bot.updates.idle()

  const logs = world.logs.join('')
  const rows = await dumpRows(world.db)
  const found = Object.entries(words).filter(
    ([, word]) => logs.includes(word) || rows.includes(word),
  )
  expect(found).toEqual([])
  expect(failing.deliveries).toBeGreaterThan(1)
  expect(logs).toContain('delivery.failed')
  expect((await world.sim.messages(ann)).some((it) => it.text?.includes(words.answer))).toBe(true)
})

test('the simulator heard no method it does not know', async () => {
  const calls = await world.sim.calls()

  expect(calls.filter((call) => call.error_code === 404)).toEqual([])
  expect(
    calls.filter((call) => call.unknown.length > 0).map((it) => [it.method, it.unknown]),
  ).toEqual([])
})
