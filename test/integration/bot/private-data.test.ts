import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import type { SeenMessage } from '../../support/simulator.ts'

const german = 'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?'

let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld()
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.desk.script = () => ({ text: 'Good morning!' })
})

const newcomer = (language = 'en') => world.sim.person('Ann', language)
const dataOf = (message: SeenMessage | undefined, label: string): string =>
  message?.buttons.find((it) => it.text.includes(label))?.data ?? ''

/** Rows of all tables that name this person or their chat. */
async function rowsOf(user: number): Promise<number> {
  const { rows } = world.db
  const id = BigInt(user)
  const counts = await Promise.all([
    rows.botUser.count({ where: { userId: id } }),
    rows.copy.count({ where: { userId: id } }),
    rows.delivery.count({ where: { userId: id } }),
    rows.inbox.count({ where: { userId: id, state: 'open' } }),
    rows.dialogue.count({ where: { chatId: id } }),
  ])
  return counts.reduce((sum, count) => sum + count, 0)
}

test('settings change by buttons, in place, and hold for the next message', async () => {
  const ann = newcomer()
  const before = world.desk.jobs.length

  await world.sim.say(ann, '/settings')
  const [menu] = await world.sim.answers(ann)
  await world.sim.press(ann, menu?.message_id ?? 0, { data: dataOf(menu, 'I read') })
  const reads = await world.sim.until(async () => {
    const [seen] = await world.sim.answers(ann)
    return seen?.buttons.some((it) => it.data === 'crde') === true && seen
  })
  await world.sim.press(ann, reads.message_id, { data: 'crde' })
  await world.sim.until(async () => {
    const [seen] = await world.sim.answers(ann)
    return seen?.buttons.some((it) => it.text.startsWith('✓ German'))
  })
  await world.sim.say(ann, german)
  const [, said] = await world.sim.answers(ann, 2)

  expect(world.desk.jobs.length).toBe(before)
  expect(said?.text).toContain('You read this language')
  expect((await world.sim.messages(ann)).length).toBe(4)
})

test('menus change their language at once', async () => {
  const ann = newcomer()

  await world.sim.say(ann, '/language')
  const [menu] = await world.sim.answers(ann)
  await world.sim.press(ann, menu?.message_id ?? 0, { data: 'curu' })
  const changed = await world.sim.until(async () => {
    const [seen] = await world.sim.answers(ann)
    return seen?.text?.includes('Настройки') === true && seen
  })

  expect(changed.message_id).toBe(menu?.message_id)
})

test('"Never translate" is obeyed for the next message', async () => {
  const ann = newcomer()
  await world.sim.say(ann, german)
  const [answer] = await world.sim.answers(ann)
  const before = world.desk.jobs.length

  await world.sim.press(ann, answer?.message_id ?? 0, { data: dataOf(answer, 'Never') })
  await world.sim.until(() => world.db.rows.botUser.count({ where: { userId: BigInt(ann) } }))
  await world.sim.say(ann, german)
  await world.sim.answers(ann, 2)

  expect(world.desk.jobs.length).toBe(before)
})

test.each([
  ['/privacy', 'en', 'end-to-end'],
  ['/privacy', 'ru', 'сквозным'],
  ['/terms', 'en', 'made by AI'],
  ['/terms', 'ru', 'делает ИИ'],
  ['/languages', 'en', 'English'],
  ['/help', 'ru', 'Просто пришлите'],
  ['/cancel', 'en', 'nothing to cancel'],
])('%s answers in %s', async (command, language, words) => {
  const ann = newcomer(language)

  await world.sim.say(ann, command)
  const [said] = await world.sim.answers(ann)

  expect(said?.text).toContain(words)
})

test('after the typed word no row mentions the person any more', async () => {
  const ann = newcomer()
  await world.sim.say(ann, german)
  await world.sim.answers(ann, 1)
  const had = await rowsOf(ann)

  await world.sim.say(ann, '/delete_data')
  await world.sim.answers(ann, 2)
  await world.sim.say(ann, 'delete')
  const said = await world.sim.answers(ann, 3)
  await world.bot.updates.idle()

  expect(had).toBeGreaterThan(0)
  expect(said[2]?.text).toContain('Done')
  expect(await rowsOf(ann)).toBe(0)
})

test('/export sends the rows about the person, and no words', async () => {
  const ann = newcomer()
  const other = newcomer()
  for (const person of [ann, other]) {
    await world.sim.say(person, german)
    await world.sim.answers(person)
  }

  await world.sim.say(ann, '/export')
  const [, sent] = await world.sim.answers(ann, 2)
  const text = await (await fetch(sent?.documents[0]?.url ?? '')).text()
  const json = JSON.parse(text) as Record<string, Record<string, unknown>[]>

  expect(sent?.caption).toContain('Everything I keep')
  expect(json['answers']).toMatchObject([{ userId: String(ann), task: 'translate' }])
  expect(json['copies']).toMatchObject([
    { userId: String(ann), sealedCopy: { sealedBytes: expect.any(Number) } },
  ])
  expect(text).not.toContain(String(other))
  expect(text).not.toMatch(/Guten Morgen|Good morning/)
})

test('/export speaks Russian too', async () => {
  const ivan = newcomer('ru')

  await world.sim.say(ivan, '/export')
  const [sent] = await world.sim.answers(ivan)

  expect(sent?.caption).toContain('Всё, что я о вас храню')
  expect(sent?.documents.map((it) => it.file_name)).toEqual(['my-data.json'])
})

test('/delete_data is done in Russian too: its word, its answer, no row', async () => {
  const ivan = newcomer('ru')
  await world.sim.say(ivan, german)
  await world.sim.answers(ivan, 1)

  await world.sim.say(ivan, '/delete_data')
  const [, asked] = await world.sim.answers(ivan, 2)
  await world.sim.say(ivan, 'удалить')
  const said = await world.sim.answers(ivan, 3)
  await world.bot.updates.idle()

  expect(asked?.text).toContain('Напишите УДАЛИТЬ')
  expect(asked?.buttons.map((it) => it.text)).toEqual(['Удалить мои данные', 'Оставить'])
  expect(said[2]?.text).toMatch(/^Готово: удален/)
  expect(await rowsOf(ivan)).toBe(0)
})

test('another word keeps everything, and a command leaves the dialogue and runs', async () => {
  const ann = newcomer()
  await world.sim.say(ann, '/delete_data')
  await world.sim.answers(ann, 1)
  await world.sim.say(ann, 'rather not')
  const kept = (await world.sim.answers(ann, 2))[1]
  await world.sim.say(ann, '/delete_data')
  await world.sim.answers(ann, 3)
  await world.sim.say(ann, '/languages')
  const languages = (await world.sim.answers(ann, 4))[3]

  expect(kept?.text).toBe('Nothing was deleted.')
  expect(languages?.text).toContain('English')
})

test('the button deletes as well', async () => {
  const ann = newcomer()
  await world.sim.say(ann, german)
  await world.sim.answers(ann, 1)
  await world.sim.say(ann, '/delete_data')
  const [, asked] = await world.sim.answers(ann, 2)

  await world.sim.press(ann, asked?.message_id ?? 0, { data: dataOf(asked, 'Delete my data') })
  const said = await world.sim.answers(ann, 3)
  await world.bot.updates.idle()

  expect(said[2]?.text).toContain('Done')
  expect(await rowsOf(ann)).toBe(0)
})

test('a state of an open dialogue stands sealed', async () => {
  const ann = newcomer()
  await world.sim.say(ann, '/delete_data')
  await world.sim.answers(ann, 1)
  await world.bot.updates.idle()

  const [row] = await world.db.rows.dialogue.findMany({ where: { chatId: BigInt(ann) } })

  expect(row?.sealedState.length).toBeGreaterThan(100)
  expect(Buffer.from(row?.sealedState ?? []).toString('latin1')).not.toContain('delete_data')
})
