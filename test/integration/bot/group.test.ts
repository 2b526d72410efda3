import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import type { SeenMessage } from '../../support/simulator.ts'

const german = 'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?'
const voice = { bytes: new Uint8Array(2000).fill(7), name: 'voice.ogg', type: 'audio/ogg' }

let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld()
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.desk.script = () => ({ text: 'Good morning!' })
})

/** A supergroup of an admin and a member, with the bot in it. */
function newGroup() {
  const admin = world.sim.person('Ada', 'en')
  const member = world.sim.person('Max', 'en')
  const group = world.sim.room({
    type: 'supergroup',
    admins: [admin],
    members: [member, world.sim.botId],
  })
  return { admin, member, group }
}

const ours = async (group: number): Promise<SeenMessage[]> =>
  (await world.sim.messages(group)).filter((it) => it.from_bot)
/** What the bot shows to this person alone, once it is finished. */
const aside = (group: number, as: number, words = '') =>
  world.sim.until(async () =>
    (await world.sim.messages(group, as)).findLast(
      (it) =>
        it.from_bot &&
        it.ephemeral_message_id !== undefined &&
        it.edits > 0 &&
        it.text?.includes(words) === true,
    ),
  )
const toast = (press: string) =>
  world.sim.until(async () => {
    const seen = await world.sim.get<{ answered: boolean; text?: string }>(`callbacks/${press}`)
    return seen.answered && seen
  })

/** In privacy mode only an admin hears what is not addressed to it. */
const promote = (group: number) =>
  world.sim.post(`chats/${group}/members`, { user: world.sim.botId, status: 'administrator' })

async function switchOn(group: number, admin: number, data: string): Promise<void> {
  await world.sim.say(admin, '/settings@chrysalis_bot', { chat: group })
  const menu = await world.sim.until(async () =>
    (await ours(group)).find((it) => it.buttons.some((button) => button.data === 'gv')),
  )
  const press = await world.sim.press(admin, menu.message_id, { data, chat: group })
  await toast(press)
}

test('nothing said among people starts a job, gets an answer or leaves a row', async () => {
  const { member, group } = newGroup()
  const seed = randomInt(2 ** 31)
  const words = [
    'hello',
    'привет',
    german,
    '/start@other_bot',
    '@somebody hi',
    '👍',
    'ok?',
    '/tr@x hi',
  ]
  const before = world.desk.jobs.length

  for (let at = 0; at < 1000; at++)
    await world.sim.say(member, words[(seed + at * 7 + (at >> 3)) % words.length] ?? 'x', {
      chat: group,
    })
  await world.sim.say(member, '/tldr', { chat: group })
  await aside(group, member)
  await world.bot.updates.idle()

  expect(await ours(group), `seed ${seed}`).toHaveLength(0)
  expect(world.desk.jobs.length).toBe(before)
  const { inbox, delivery, copy, group: settings } = world.db.rows
  const where = { where: { chatId: BigInt(group) } }
  // The one row is that of the command at the end.
  expect(await inbox.count(where)).toBe(1)
  expect([
    await delivery.count(where),
    await copy.count(where),
    await settings.count(where),
  ]).toEqual([0, 0, 0])
}, 120_000)

test('/tr translates the message it replies to, in the same topic of talk', async () => {
  const { member, group } = newGroup()
  const source = await world.sim.say(member, german, { chat: group })

  await world.sim.say(member, '/tr', { chat: group, reply_to: source })
  const answer = await aside(group, member, 'Good morning!')

  expect(world.desk.jobs.at(-1)?.input).toMatchObject({ text: german, from: 'de', to: 'en' })
  expect(answer.buttons.map((it) => it.data?.slice(0, 2))).toEqual(['aa', 'ap', expect.any(String)])
})

test('/text writes down the voice message it replies to', async () => {
  const { member, group } = newGroup()
  world.desk.script = () => ({ task: 'transcribe', text: 'Hello there.' })
  const source = await world.sim.sendFile(member, 'voice', { ...voice, chat: group })

  await world.sim.say(member, '/text', { chat: group, reply_to: source })
  const answer = await aside(group, member, 'Hello there.')

  expect(world.desk.jobs.at(-1)?.audioBytes).toBe(2000)
  expect(answer?.text).toContain('Hello there.')
})

test('a mention with words does what the words say', async () => {
  const { member, group } = newGroup()
  const source = await world.sim.say(member, 'We meet at the station tomorrow at nine.', {
    chat: group,
  })
  const before = world.desk.jobs.length

  await world.sim.say(member, '@chrysalis_bot in German', { chat: group, reply_to: source })
  const job = await world.desk.job(before)

  expect(job.input).toMatchObject({ from: 'en', to: 'de' })
})

test('voice messages are written down by themselves once an admin switched it on, and everybody is told', async () => {
  const { admin, member, group } = newGroup()
  world.desk.script = () => ({ task: 'transcribe', text: 'Hello there.' })

  await promote(group)
  await switchOn(group, admin, 'gv')
  const source = await world.sim.sendFile(member, 'voice', { ...voice, chat: group })
  const answer = await world.sim.until(async () =>
    (await ours(group)).find((it) => it.reply_to === source),
  )

  expect(answer.text).toContain('Hello there.')
  expect((await ours(group)).some((it) => it.text?.includes('From now on'))).toBe(true)
})

test('messages in other languages are translated by themselves, those in the language of the group are not', async () => {
  const { admin, member, group } = newGroup()
  await promote(group)
  await switchOn(group, admin, 'gten')
  const before = world.desk.jobs.length

  await world.sim.say(member, 'We meet at the station tomorrow at nine.', { chat: group })
  await world.sim.say(member, german, { chat: group })
  const job = await world.desk.job(before)
  await world.bot.updates.idle()

  expect(job.input).toMatchObject({ text: german, to: 'en' })
  expect(world.desk.jobs.length).toBe(before + 1)
})

test('who switches on what the bot cannot hear is told what is missing', async () => {
  const { admin, group } = newGroup()

  await switchOn(group, admin, 'gv')
  const told = await world.sim.until(async () =>
    (await ours(group)).find((it) => it.text?.includes('make me one')),
  )

  expect(told.text).toContain('administrators only')
})

test('members who are no admins change nothing, by command or by press', async () => {
  const { admin, member, group } = newGroup()
  await world.sim.say(member, '/settings', { chat: group })
  const [refusal] = await world.sim.answers(group)
  await world.sim.say(admin, '/settings', { chat: group })
  const menu = (await world.sim.answers(group, 2))[1]

  const seen = await toast(
    await world.sim.press(member, menu?.message_id ?? 0, { data: 'gv', chat: group }),
  )

  expect(refusal?.text).toContain('Only administrators')
  expect(seen.text).toContain('Only administrators')
  expect(await world.db.rows.group.count({ where: { chatId: BigInt(group) } })).toBe(0)
})

test('a locked group obeys administrators only', async () => {
  const { admin, member, group } = newGroup()
  await switchOn(group, admin, 'gl')
  const source = await world.sim.say(member, german, { chat: group })
  const before = world.desk.jobs.length

  await world.sim.say(member, '/tr', { chat: group, reply_to: source })
  await aside(group, member, 'only administrators may')
  await world.sim.say(admin, '/tr', { chat: group, reply_to: source })
  await world.desk.job(before)

  expect(world.desk.jobs.length).toBe(before + 1)
})

test('an anonymous admin is asked nothing more, gets a reply, and the press of a real one counts', async () => {
  const { admin, member, group } = newGroup()
  await world.sim.post(`chats/${group}/members`, {
    user: member,
    status: 'administrator',
    rights: 'all',
    anonymous: true,
  })
  const source = await world.sim.say(admin, german, { chat: group })

  await world.sim.say(member, '/tr', { chat: group, reply_to: source })
  const [answer] = await world.sim.answers(group)
  await switchOn(group, member, 'gl')

  expect(answer?.reply_to).toBe(source)
  expect(answer?.text).toContain('Good morning!')
  expect(await world.db.rows.group.findMany({ where: { chatId: BigInt(group) } })).toMatchObject([
    { locked: true },
  ])
})

test('an admin may have answers shown to everybody', async () => {
  const { admin, member, group } = newGroup()
  await switchOn(group, admin, 'ga')
  const source = await world.sim.say(member, german, { chat: group })

  await world.sim.say(member, '/tr', { chat: group, reply_to: source })
  const answer = await world.sim.until(async () =>
    (await ours(group)).find((it) => it.reply_to === source),
  )

  expect(answer.text).toContain('Good morning!')
})

test('being removed deletes what was set, copied and sent', async () => {
  const { admin, member, group } = newGroup()
  await switchOn(group, admin, 'gv')
  const source = await world.sim.say(member, german, { chat: group })
  await world.sim.say(member, '/tr', { chat: group, reply_to: source })
  await aside(group, member, 'Good morning!')
  await world.bot.updates.idle()
  const { copy, delivery } = world.db.rows
  const where = { where: { chatId: BigInt(group) } }
  expect(await copy.count(where)).toBe(1)

  await world.sim.post(`chats/${group}/members`, { user: world.sim.botId, status: 'kicked' })
  await world.sim.post(`chats/${group}/members`, { user: world.sim.botId, status: 'member' })
  await world.sim.until(async () =>
    (await ours(group)).some((it) => it.text?.includes('I keep quiet')),
  )

  expect([await copy.count(where), await delivery.count(where)]).toEqual([0, 0])
  expect(await world.db.rows.group.count({ where: { chatId: BigInt(group) } })).toBe(0)
})
