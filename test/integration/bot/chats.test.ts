import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import { botCalls } from '../../support/bot-calls.ts'
import { until } from '../../support/until.ts'

const german = 'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?'

let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld()
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() => {
  world.desk.script = () => undefined
})

const answersOf = async (chat: number) =>
  (await world.sim.messages(chat)).filter((it) => it.from_bot).map((it) => it.text ?? '')
const isMarked = async (chat: number) =>
  (await world.db.rows.unreachableChat.count({ where: { chatId: BigInt(chat) } })) === 1

/** A person with a running job. */
async function asking() {
  const ann = world.sim.person('Ann', 'en')
  const before = world.desk.jobs.length
  await world.sim.say(ann, german)
  return { ann, job: await world.desk.job(before) }
}

test('whoever blocks the bot is sent nothing more, and their jobs are cancelled', async () => {
  const { ann, job } = await asking()

  await world.sim.post('block', { from: ann })
  await world.desk.delivered(job)
  await world.bot.updates.idle()
  const since = (await world.sim.calls()).length

  expect(job.state).toBe('cancelled')
  expect(await isMarked(ann)).toBe(true)
  const later = (await world.sim.calls()).slice(since)
  expect(later.filter((it) => it.params['chat_id'] === ann)).toEqual([])
  expect(await answersOf(ann)).toEqual([])
})

test('a block that is only seen by a refused call counts as well, once for all their jobs', async () => {
  const { ann, job } = await asking()
  const before = world.desk.jobs.length
  await world.sim.say(ann, `${german} Bis bald!`)
  const other = await world.desk.job(before)
  const description = 'Forbidden: bot was blocked by the user'
  await world.sim.fault({
    method: 'sendRichMessage',
    error_code: 403,
    description,
    chat: String(ann),
  })

  world.desk.finish(job, { text: 'Good morning!' })
  await world.desk.delivered(job)
  await world.desk.delivered(other)

  expect([job.state, other.state]).toEqual(['done', 'cancelled'])
  expect(await isMarked(ann)).toBe(true)
  expect(await answersOf(ann)).toEqual([])
})

test('who comes back is answered again: by unblocking, or by the next message', async () => {
  const { ann } = await asking()
  await world.sim.post('block', { from: ann })
  await until('the block is known', async () => (await isMarked(ann)) || undefined)
  await world.sim.post('block', { from: ann, blocked: false })
  await until('it is forgotten', async () => !(await isMarked(ann)) || undefined)
  await world.db.rows.unreachableChat.create({
    data: { botId: BigInt(world.sim.botId), chatId: BigInt(ann), since: new Date() },
  })

  world.desk.script = () => ({ text: 'Good morning!' })
  await world.sim.say(ann, german)
  await world.sim.until(async () => (await answersOf(ann)).join('').includes('Good morning!'))

  expect(await isMarked(ann)).toBe(false)
})

/** A basic group with settings and a running job. */
async function askingGroup() {
  const admin = world.sim.person('Ada', 'en')
  const group = world.sim.room({ type: 'group', admins: [admin], members: [world.sim.botId] })
  const botId = BigInt(world.sim.botId)
  await world.db.rows.group.create({
    data: { botId, chatId: BigInt(group), ui: 'en', locked: true, updatedAt: new Date() },
  })
  const source = await world.sim.say(admin, german, { chat: group })
  const before = world.desk.jobs.length
  await world.sim.say(admin, '/tr', { chat: group, reply_to: source })
  return { admin, group, job: await world.desk.job(before) }
}
const settingsOf = (chat: number) =>
  world.db.rows.group.findFirst({ where: { chatId: BigInt(chat) } })
const migrate = async (group: number) =>
  (await world.sim.post<{ id: number }>(`chats/${group}/migrate`)).id

test('a group that becomes a supergroup takes its settings and running jobs along', async () => {
  const { group, job } = await askingGroup()

  const moved = await migrate(group)
  await until('settings have moved', async () => (await settingsOf(moved)) ?? undefined)
  world.desk.finish(job, { text: 'Good morning!' })
  await world.desk.delivered(job)

  expect((await settingsOf(moved))?.locked).toBe(true)
  expect(await settingsOf(group)).toBeNull()
  expect((await answersOf(moved)).join('')).toContain('Good morning!')
  const calls = (await world.sim.calls()).filter((it) => it.method.startsWith('send') && !it.ok)
  expect(calls.filter((it) => it.params['chat_id'] === group)).toEqual([])
})

test('a move that is only told by a refused call is followed, and the answer arrives once', async () => {
  const { group, job } = await askingGroup()
  await world.crash()
  const moved = await migrate(group)
  // The service message never comes.
  await botCalls(world.sim)('deleteWebhook', { drop_pending_updates: true })
  await world.restart()

  world.desk.finish(job, { text: 'Good morning!' })
  await world.desk.delivered(job)

  const answers = (await answersOf(moved)).filter((it) => it.includes('Good morning!'))
  expect(answers.length).toBe(1)
  expect((await settingsOf(moved))?.locked).toBe(true)
  expect(await settingsOf(group)).toBeNull()
  const rows = await world.db.rows.delivery.findMany({ where: { job: job.job } })
  expect(rows.map((row) => [Number(row.chatId), row.replyTo])).toEqual([[moved, null]])
})
