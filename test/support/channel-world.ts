/** @module A channel with its discussion group, an admin and the bot, for tests. */
import { type Channel, createChannelStore } from '../../src/bot/channels/channel-store.ts'
import { MARK } from '../../src/bot/channels/posts.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { type BotWorld, type BotWorldOptions, startBotWorld } from './bot.ts'
import type { SeenMessage as Seen } from './simulator.ts'

const sentence =
  'The old bridge over the Linn opens again on Saturday after three years of repairs. '
export const longPost = (topic = 'bridge'): string =>
  `News about the ${topic}. ${sentence.repeat(8)}`.trim()
const summary = 'The bridge reopens on Saturday.\n\n- Repairs took three years.'

/** Messages are shown with their entities too. */
export type SeenMessage = Seen & {
  readonly entities?: readonly {
    readonly type: string
    readonly offset: number
    readonly length: number
  }[]
}

export interface ChannelWorld extends BotWorld {
  readonly admin: number
  readonly channel: number
  readonly group: number
}

/** A channel with a discussion group; the bot is admin of both. */
export async function startChannelWorld(
  set: Partial<Channel> & Pick<Channel, 'mode'>,
  options: BotWorldOptions = {},
): Promise<ChannelWorld> {
  const world = await startBotWorld({ script: () => ({ text: summary }), ...options })
  const { sim } = world
  const admin = sim.person('Ann', 'en')
  const channel = sim.room({ type: 'channel', title: 'Slow News', admins: [admin] })
  const group = sim.room({ type: 'supergroup', title: 'Talk', admins: [admin] })
  // Bots may write only to people who wrote to them.
  await sim.post('start', { from: admin })
  await sim.answers(admin)
  await sim.post('links', { channel, group })
  await sim.post(`chats/${group}/members`, { user: sim.botId, status: 'administrator' })
  await storeOf(world).save({
    chatId: channel,
    threshold: 500,
    ui: 'en',
    adminId: admin,
    linkedId: group,
    ...set,
  })
  await addBot(world, channel)
  return Object.assign(world, { admin, channel, group })
}

export const storeOf = ({ db, sim }: BotWorld, clock: Clock = systemClock) =>
  createChannelStore({ db, botId: sim.botId, clock })

export const addBot = ({ sim }: BotWorld, channel: number, rights: object | 'all' = 'all') =>
  sim.post(`chats/${channel}/members`, { user: sim.botId, status: 'administrator', rights })

export const byId = async ({ sim }: BotWorld, chat: number, id: number): Promise<SeenMessage> => {
  const found = (await sim.messages(chat)).find((it) => it.message_id === id)
  if (!found) throw new Error('no such message')
  return found
}

/** Replies of the bot in the discussion group, once there is one. */
export const comments = (world: ChannelWorld): Promise<SeenMessage[]> =>
  world.sim.until(async () => {
    const seen = await world.sim.messages(world.group)
    const found = seen.filter((it) => it.from_bot && it.reply_to !== undefined)
    return found.length > 0 && found
  })

export const summarised = (world: ChannelWorld, id: number): Promise<SeenMessage> =>
  world.sim.until(async () => {
    const post = await byId(world, world.channel, id)
    return post.text?.includes(MARK) === true && post
  })

export const post = (world: ChannelWorld, text: string, more: object = {}): Promise<number> =>
  world.sim.say(world.admin, text, { chat: world.channel, ...more })

export const edit = (world: ChannelWorld, id: number, text: string): Promise<unknown> =>
  world.sim.post('edits', { chat: world.channel, from: world.admin, message_id: id, text })

export const buttonOf = (message: SeenMessage | undefined, text: string): string => {
  const data = message?.buttons.find((it) => it.text.includes(text))?.data
  if (data === undefined) throw new Error(`no button ${text}`)
  return data
}
