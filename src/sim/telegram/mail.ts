/** @module Updates on their way to bots: numbered, kept until confirmed, handed out by long poll. */
import type { Message, Update } from '@grammyjs/types'
import type { Clock } from '../../core/clock.ts'
import type { Events } from './events.ts'
import { Refusal } from './refusal.ts'
import type { Bot } from './world.ts'

type News = Omit<Update, 'update_id'>

/** Kinds a bot gets only if it asked for them by name. */
const onRequestOnly = new Set(['chat_member', 'message_reaction', 'message_reaction_count'])

const presenceMs = 15_000
const dayMs = 24 * 3_600_000
/** Lifetimes of what must be answered soon, from the open-source server. */
const lifetimesMs: Readonly<Record<string, number>> = {
  callback_query: 150_000,
  pre_checkout_query: 150_000,
  inline_query: 30_000,
}

interface PollRequest {
  readonly offset: number
  readonly limit: number
  readonly timeoutMs: number
  /** Aborts when the client has gone. */
  readonly gone: AbortSignal
}

export interface Mail {
  /** Queues `news` for `bot` unless the bot did not ask for its kind. */
  push(bot: Bot, news: News): void
  poll(bot: Bot, request: PollRequest): Promise<Update[]>
  /** Updates not yet confirmed and not expired. */
  pending(bot: Bot): Update[]
  /** Whether a client of this bot waits in a long poll now. */
  isPolled(botId: number): boolean
  /** Whether a client of this bot waits, or waited within the last 15 s: it may be busy with a batch. */
  isPresent(botId: number): boolean
  /** Called when there may be something to send to a bot's webhook: after each push and each `wake`. */
  onPush(hear: (bot: Bot) => void): void
  /** What waits for `bot` may now be sent, since it has set a webhook. */
  wake(bot: Bot): void
  /** Ends every open poll, with an empty answer. */
  close(): void
}

type Wake = 'news' | 'timeout' | 'conflict' | 'gone'

const otherPoller =
  'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running'

export function createMail(deps: { clock: Clock; now: () => number; events: Events }): Mail {
  const { clock, now, events } = deps
  const pollers = new Map<number, (wake: Wake) => void>()
  const lastPoll = new Map<number, number>()
  const hearers: ((bot: Bot) => void)[] = []

  const pending = (bot: Bot): Update[] => {
    dropWhile(bot, (entry) => entry.expiresAt <= now())
    return bot.waiting.map((entry) => entry.update)
  }

  return {
    pending,
    isPolled: (botId) => pollers.has(botId),
    isPresent: (botId) =>
      pollers.has(botId) || clock.now() - (lastPoll.get(botId) ?? 0) < presenceMs,
    onPush: (hear) => void hearers.push(hear),
    wake: (bot) => {
      for (const hear of hearers) hear(bot)
    },
    close: () => {
      for (const wake of pollers.values()) wake('gone')
    },
    push: (bot, news) => {
      const kind = Object.keys(news)[0] ?? 'message'
      if (!wants(bot, kind)) return
      const update: Update = { update_id: bot.nextUpdateId, ...news }
      bot.nextUpdateId += 1
      bot.waiting.push({ update, expiresAt: now() + (lifetimesMs[kind] ?? dayMs) })
      events.send({ type: 'update', bot: bot.user.id, update, at: now() })
      pollers.get(bot.user.id)?.('news')
      for (const hear of hearers) hear(bot)
    },
    poll: async (bot, { offset, limit, timeoutMs, gone }) => {
      pollers.get(bot.user.id)?.('conflict')
      lastPoll.set(bot.user.id, clock.now())
      confirm(bot, offset)
      const ready = pending(bot).slice(0, limit)
      if (ready.length > 0 || timeoutMs === 0 || gone.aborted) return ready
      const wake = await wait({ clock, timeoutMs, gone, pollers, id: bot.user.id })
      lastPoll.set(bot.user.id, clock.now())
      switch (wake) {
        case 'conflict':
          throw new Refusal(409, otherPoller)
        case 'gone':
          return []
        case 'news':
        case 'timeout':
          return pending(bot).slice(0, limit)
      }
    },
  }
}

function wants(bot: Bot, kind: string): boolean {
  if (bot.allowedUpdates === undefined || bot.allowedUpdates.length === 0) {
    return !onRequestOnly.has(kind)
  }
  return bot.allowedUpdates.includes(kind)
}

/** A positive offset forgets all before it; a negative one all but the last ones. */
function confirm(bot: Bot, offset: number): void {
  if (offset < 0) {
    const keep = Math.min(-offset, bot.waiting.length)
    bot.waiting.splice(0, bot.waiting.length - keep)
  } else if (offset > 0) {
    dropWhile(bot, (entry) => entry.update.update_id < offset)
  }
}

function dropWhile(bot: Bot, isGone: (entry: Bot['waiting'][number]) => boolean): void {
  for (let at = bot.waiting.length - 1; at >= 0; at -= 1) {
    const entry = bot.waiting[at]
    if (entry !== undefined && isGone(entry)) bot.waiting.splice(at, 1)
  }
}

interface Pause {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly gone: AbortSignal
  readonly pollers: Map<number, (wake: Wake) => void>
  readonly id: number
}

function wait({ clock, timeoutMs, gone, pollers, id }: Pause): Promise<Wake> {
  return new Promise((resolve) => {
    const settle = (wake: Wake): void => {
      stop()
      gone.removeEventListener('abort', leave)
      if (pollers.get(id) === settle) pollers.delete(id)
      resolve(wake)
    }
    const leave = (): void => settle('gone')
    const stop = clock.after(timeoutMs, () => settle('timeout'))
    gone.addEventListener('abort', leave, { once: true })
    pollers.set(id, settle)
  })
}

export const inChannel = (message: Message): message is Message & Update.Channel =>
  message.chat.type === 'channel'

export const outsideChannel = (message: Message): message is Message & Update.NonChannel =>
  message.chat.type !== 'channel' && message.from !== undefined

export const wasEdited = (message: Message): message is Message & Update.Edited =>
  message.edit_date !== undefined
