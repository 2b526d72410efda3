/** @module One kept request through the bot's handlers, with what belongs to it, until its last work is done. */
import { type Bot, BotError } from 'grammy'
import type { Message, Update } from 'grammy/types'
import type { Ctx, PersonFlavor } from '../context.ts'
import type { Bundle } from './merge.ts'

/**
 * Handles one request and waits for the work that outlasts its handler. Made before the handlers are added: the first
 * of them, added here, gives each context the parts of its request.
 */
export function createHandling(bot: Bot<Ctx>): (bundle: Bundle) => Promise<void> {
  const flavors = new WeakMap<Update, Pick<PersonFlavor, 'parts' | 'track'>>()
  bot.use(async (ctx, next) => {
    Object.assign(ctx, flavors.get(ctx.update))
    await next()
  })
  return async ({ update, parts }) => {
    const tracked: Promise<void>[] = []
    const messages: Message[] = parts
      .map((part) => part.message ?? part.channel_post)
      .filter((part) => part !== undefined)
    flavors.set(update, { parts: messages, track: (work) => void tracked.push(work) })
    try {
      await bot.handleUpdate(update)
    } catch (error) {
      // The wrapper holds the whole update; what goes on is only what went wrong.
      throw error instanceof BotError ? error.error : error
    } finally {
      await Promise.allSettled(tracked)
    }
    await Promise.all(tracked)
  }
}
