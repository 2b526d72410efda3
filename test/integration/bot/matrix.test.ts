/** Where answers go: each kind of place, with the production pace, by the calls the simulator heard. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BotWorld, startBotWorld } from '../../support/bot.ts'
import {
  comments,
  longPost,
  post,
  startChannelWorld,
  summarised,
} from '../../support/channel-world.ts'
import type { SeenCall, SeenMessage } from '../../support/simulator.ts'

const german = 'Guten Morgen! Ich hoffe, du hast gut geschlafen. Kommst du heute Abend zum Essen?'
const longGerman = `${german} `.repeat(3).trim()

let world: BotWorld
beforeAll(async () => {
  world = await startBotWorld({ isPaced: true })
}, 180_000)
afterAll(() => world[Symbol.asyncDispose]())

/** Calls that show something in a chat, in their order. */
const shown = async (it: BotWorld, chat: number): Promise<SeenCall[]> =>
  (await it.sim.calls()).filter(
    ({ method, params }) =>
      params['chat_id'] === chat && /^(?:send|edit|setMessageReaction)/.test(method),
  )
const methods = (calls: readonly SeenCall[]): string[] => [...new Set(calls.map((it) => it.method))]
/** The bot introduces itself where it is added. */
const withoutWelcome = (calls: readonly SeenCall[]): string[] =>
  calls.filter((it) => it.params['reply_parameters'] !== undefined).map((it) => it.method)
const isDraft = ({ method }: SeenCall): boolean => method.endsWith('Draft')
const answerIn = (it: BotWorld, chat: number, as?: number): Promise<SeenMessage> =>
  it.sim.until(async () =>
    (await it.sim.messages(chat, as)).find(
      (message) => message.from_bot && message.text?.includes('Good morning!') === true,
    ),
  )

async function asked(say: () => Promise<unknown>) {
  const before = world.desk.jobs.length
  await say()
  return world.desk.job(before)
}

test('private: typing and drafts while it runs, then one reply to the source, and no frame after it', async () => {
  const ann = world.sim.person('Ann', 'en')
  const source: number[] = []
  const job = await asked(async () => source.push(await world.sim.say(ann, german)))
  await world.sim.until(async () => (await shown(world, ann)).some(isDraft))
  world.desk.draft(job, 'Good morning! I hope that you slept well.')
  await world.sim.until(async () => (await shown(world, ann)).filter(isDraft).length > 1)

  world.desk.finish(job, { text: 'Good morning!' })
  const answer = await answerIn(world, ann)
  await world.desk.delivered(job)
  world.desk.draft(job, 'Good morning! I hope that you slept well, and more of it.')

  const calls = await shown(world, ann)
  expect(methods(calls)).toEqual(
    expect.arrayContaining(['sendChatAction', 'sendRichMessageDraft', 'sendRichMessage']),
  )
  expect(answer.reply_to).toBe(source[0])
  expect(calls.filter((it) => it.method === 'sendRichMessage')).toHaveLength(1)
  expect(calls.at(-1)?.method).toBe('sendRichMessage')
  expect(calls.every((it) => it.ok)).toBe(true)
})

/** A forum with a topic, and a message in it. */
async function newForum() {
  const admin = world.sim.person('Ada', 'en')
  const member = world.sim.person('Max', 'en')
  const group = world.sim.room({
    type: 'supergroup',
    forum: true,
    admins: [admin],
    members: [member, world.sim.botId],
  })
  const topic = (
    await world.sim.post<{ id: number }>(`chats/${group}/topics`, { name: 'Trips', by: admin })
  ).id
  return { admin, member, group, topic }
}

test('a command in a group: only the asker sees it, in the same topic, without a draft', async () => {
  const { admin, member, group, topic } = await newForum()
  const source = await world.sim.say(admin, german, { chat: group, thread: topic })
  const job = await asked(() =>
    world.sim.say(member, '/tr', { chat: group, thread: topic, reply_to: source }),
  )

  world.desk.finish(job, { text: 'Good morning!' })
  const answer = await answerIn(world, group, member)
  await world.desk.delivered(job)

  const calls = await shown(world, group)
  expect(answer.ephemeral_message_id).toBeDefined()
  expect(answer.thread).toBe(topic)
  expect(calls.filter(isDraft)).toEqual([])
  expect(calls.filter((it) => it.method.startsWith('send') && it.ok)).not.toEqual([])
  const seen = await world.sim.messages(group, admin)
  expect(seen.filter((it) => it.from_bot)).toEqual([])
})

test('a group that translates by itself: a sign on the message, one reply in its topic, a sign that it is done', async () => {
  const { admin, member, group, topic } = await newForum()
  await world.sim.post(`chats/${group}/members`, { user: world.sim.botId, status: 'administrator' })
  await world.db.rows.group.create({
    data: {
      botId: BigInt(world.sim.botId),
      chatId: BigInt(group),
      ui: 'en',
      translate: 'en',
      updatedAt: new Date(),
    },
  })
  const source: number[] = []
  const job = await asked(async () =>
    source.push(await world.sim.say(member, longGerman, { chat: group, thread: topic })),
  )
  await world.sim.until(async () => (await shown(world, group)).length > 0)

  world.desk.finish(job, { text: 'Good morning!' })
  const answer = await answerIn(world, group, admin)
  await world.desk.delivered(job)

  const calls = await shown(world, group)
  expect(calls.map((it) => it.method)).toEqual([
    'setMessageReaction',
    'sendRichMessage',
    'setMessageReaction',
  ])
  expect(answer).toMatchObject({ reply_to: source[0], thread: topic })
  expect(answer.ephemeral_message_id).toBeUndefined()
})

test('a channel with comments: nothing while it runs, then one comment under the post', async () => {
  await using channel = await startChannelWorld({ mode: 'comment' }, { isPaced: true })

  await post(channel, longPost())
  const [comment] = await comments(channel)
  await channel.bot.updates.idle()

  const copy = (await channel.sim.messages(channel.group)).find((it) => !it.from_bot && it.text)
  expect(comment?.reply_to).toBe(copy?.message_id)
  expect(withoutWelcome(await shown(channel, channel.group))).toEqual(['sendRichMessage'])
  expect(await shown(channel, channel.channel)).toEqual([])
})

test('a channel with summaries in the post: one edit and nothing else', async () => {
  await using channel = await startChannelWorld({ mode: 'append' }, { isPaced: true })

  const id = await post(channel, longPost())
  await summarised(channel, id)
  await channel.bot.updates.idle()

  const calls = await shown(channel, channel.channel)
  expect(calls.map((it) => [it.method, it.params['message_id']])).toEqual([['editMessageText', id]])
  expect(withoutWelcome(await shown(channel, channel.group))).toEqual([])
})
