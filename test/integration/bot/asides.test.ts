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

async function newGroup(language = 'en') {
  const admin = world.sim.person('Ada', 'en')
  const member = world.sim.person('Max', language)
  const group = world.sim.room({
    type: 'supergroup',
    admins: [admin],
    members: [member, world.sim.botId],
  })
  const source = await world.sim.say(admin, german, { chat: group })
  const ask = (from = member) => world.sim.say(from, '/tr', { chat: group, reply_to: source })
  return { admin, member, group, source, ask }
}

/** The bot's messages in a group as this person sees them. */
const seenBy = async (group: number, as: number): Promise<SeenMessage[]> =>
  (await world.sim.messages(group, as)).filter((it) => it.from_bot)

const answerTo = (group: number, as: number, words = 'Good morning!'): Promise<SeenMessage> =>
  world.sim.until(async () =>
    (await seenBy(group, as)).find((it) => it.text?.includes(words) === true),
  )

async function press(
  from: number,
  it: { group: number; message: SeenMessage; data: string | undefined },
): Promise<{ text?: string }> {
  const { id } = await world.sim.post<{ id: string }>('callbacks', {
    chat: it.group,
    from,
    ...(it.message.ephemeral_message_id === undefined
      ? { message_id: it.message.message_id }
      : { ephemeral_message_id: it.message.ephemeral_message_id }),
    data: it.data,
  })
  return world.sim.until(async () => {
    const seen = await world.sim.get<{ answered: boolean; text?: string }>(`callbacks/${id}`)
    return seen.answered && seen
  })
}

const dataOf = (message: SeenMessage, label: string): string | undefined =>
  message.buttons.find((it) => it.text.includes(label))?.data

test('only the asker sees that something is done, how far it is, and the answer', async () => {
  world.desk.script = () => undefined
  const { admin, member, group, ask } = await newGroup()
  const before = world.desk.jobs.length

  await ask()
  const job = await world.desk.job(before)
  const waiting = await answerTo(group, member, '…')
  world.desk.finish(job, { text: 'Good morning!' })
  const answer = await answerTo(group, member)

  expect(waiting.ephemeral_message_id).toBe(answer.ephemeral_message_id)
  expect(await seenBy(group, member)).toHaveLength(1)
  expect(await seenBy(group, admin)).toEqual([])
  expect((await world.sim.messages(group, admin)).map((it) => it.text)).toEqual([german])
})

test('the first sign comes before a slow submit, and a request can be cancelled by its asker only', async () => {
  world.desk.script = () => undefined
  const { admin, member, group, ask } = await newGroup()
  const outsider = world.sim.person('Eve')
  const before = world.desk.jobs.length

  await ask()
  const job = await world.desk.job(before)
  const waiting = await world.sim.until(async () =>
    (await seenBy(group, member)).find((it) => dataOf(it, 'Cancel') !== undefined),
  )
  const data = dataOf(waiting, 'Cancel')
  const forged = await press(outsider, { group, message: waiting, data })
  const running = job.state
  await press(member, { group, message: waiting, data })
  const stopped = await answerTo(group, member, 'Stopped')

  expect(forged.text).toContain('too old')
  expect(running).toBe('queued')
  expect(job.state).toBe('cancelled')
  expect(stopped.ephemeral_message_id).toBe(waiting.ephemeral_message_id)
  expect(await seenBy(group, admin)).toEqual([])
})

test('"Show to all" shows the answer in reply to the source, once', async () => {
  const { admin, member, group, source, ask } = await newGroup()
  await ask()
  const answer = await answerTo(group, member)

  const toast = await press(member, { group, message: answer, data: dataOf(answer, 'Show') })
  const [shown, ...more] = await seenBy(group, admin)

  expect(toast.text).toContain('Everybody')
  expect(shown?.reply_to).toBe(source)
  expect(shown?.text).toContain('Good morning!')
  expect(shown?.text).toContain('German → English')
  expect(shown?.buttons.map((it) => it.data?.[0])).toEqual(['i'])
  expect(more).toEqual([])
  const left = await answerTo(group, member)
  expect(left.buttons.map((it) => it.text)).toEqual(['✉️ Send to me', 'ℹ️ Details'])
})

test('"Send to me" brings it to the private chat, or says how to open one', async () => {
  const { member, group, ask } = await newGroup()
  await ask()
  const answer = await answerTo(group, member)
  const data = dataOf(answer, 'Send')

  const closed = await press(member, { group, message: answer, data })
  await world.sim.post('start', { from: member })
  await world.sim.answers(member)
  await press(member, { group, message: answer, data })
  const sent = (await world.sim.answers(member, 2))[1]

  expect(closed.text).toContain('press Start first')
  expect(sent?.text).toContain('Good morning!')
})

test('a press forged by somebody else shows and sends nothing', async () => {
  const { admin, member, group, ask } = await newGroup()
  await ask()
  const answer = await answerTo(group, member)

  for (const data of [dataOf(answer, 'Show'), dataOf(answer, 'Send'), 'aa', 'ap']) {
    const toast = await press(admin, { group, message: answer, data })
    expect(toast.text).toContain('too old')
  }

  expect(await seenBy(group, admin)).toEqual([])
})

test('without copies the buttons take the text from the message itself', async () => {
  const { admin, member, group, ask } = await newGroup()
  await world.db.rows.botUser.create({
    data: {
      botId: BigInt(world.sim.botId),
      userId: BigInt(member),
      reads: 'en',
      never: '',
      target: 'en',
      summaryFrom: 800,
      copies: false,
      updatedAt: new Date(),
    },
  })
  await ask()
  const answer = await answerTo(group, member)

  await press(member, { group, message: answer, data: dataOf(answer, 'Show') })
  const [shown] = await seenBy(group, admin)

  expect(dataOf(answer, 'Show')).toBe('aa')
  expect(await world.db.rows.copy.count({ where: { chatId: BigInt(group) } })).toBe(0)
  expect(shown?.text).toContain('Good morning!')
})

test('an answer too long for one message shows its beginning and brings the whole on request', async () => {
  const { member, group, ask } = await newGroup()
  const long = `${'A good morning to all of you. '.repeat(1200)}The end.`
  world.desk.script = () => ({ text: long })
  await world.sim.post('start', { from: member })
  await world.sim.answers(member)

  await ask()
  const answer = await answerTo(group, member, 'brings the whole text')
  await press(member, { group, message: answer, data: dataOf(answer, 'Send') })
  const sent = (await world.sim.answers(member, 3))[2]

  expect(answer.text?.length).toBeLessThan(4000)
  expect(sent?.documents[0]?.size).toBe(long.length)
})

test.each([
  ['to the private chat where that is open', true],
  ['as a reply where it is not', false],
])('what Telegram does not show to one person alone goes %s', async (_where, isOpen) => {
  const { member, group, source, ask } = await newGroup()
  if (isOpen) {
    await world.sim.post('start', { from: member })
    await world.sim.answers(member)
  }
  await world.sim.fault({
    method: 'sendMessage',
    chat: group,
    error_code: 400,
    description: 'Bad Request: not enough rights to send ephemeral messages',
  })

  await ask()
  const answer = await (isOpen
    ? world.sim.until(async () => (await world.sim.answers(member, 2))[1])
    : answerTo(group, member))

  expect(answer.text).toContain('Good morning!')
  expect(answer.ephemeral_message_id).toBeUndefined()
  expect(answer.reply_to).toBe(isOpen ? undefined : source)
})

test('a message that cannot be edited any more is answered elsewhere', async () => {
  world.desk.script = () => undefined
  const { member, group, source, ask } = await newGroup()
  const before = world.desk.jobs.length
  await ask()
  const job = await world.desk.job(before)
  await world.sim.until(async () =>
    (await seenBy(group, member)).some((it) => dataOf(it, 'Cancel') !== undefined),
  )
  await world.sim.fault({
    method: 'editEphemeralMessageText',
    error_code: 400,
    description: 'Bad Request: message to edit not found',
    times: 2,
  })

  world.desk.finish(job, { text: 'Good morning!' })
  const answer = await answerTo(group, member)

  expect(answer.ephemeral_message_id).toBeUndefined()
  expect(answer.reply_to).toBe(source)
})
