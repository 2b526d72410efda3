/** @module Language menus under a message: shown as a reply to it, turned in place, gone once something is chosen. */
import type { Message } from 'grammy/types'
import type { Ctx } from '../context.ts'
import type { Keyboard } from '../replies/answer.ts'
import { say } from '../replies/say.ts'
import { askerOf } from '../requests/asker.ts'

/** A menu or question has done its work once something is chosen; answers stay. */
export async function leaveMenu(ctx: Ctx, message: Message): Promise<void> {
  const isAnswer = message.rich_message !== undefined || message.document !== undefined
  if (isAnswer) return
  await ctx.deleteMessage().catch(() => undefined)
}

/** Turns the pressed menu to another page, or puts a new one under `source`. */
export async function showMenu(
  ctx: Ctx,
  menu: {
    message: Message
    source: Message
    text: string
    keyboard: Keyboard
  },
): Promise<void> {
  if (menu.message.text === menu.text) {
    const rows = menu.keyboard.map((row) => [...row])
    await ctx.editMessageReplyMarkup({ reply_markup: { inline_keyboard: rows } })
    return
  }
  const place = askerOf(ctx, menu.source).place
  await say(ctx.api, place, { text: menu.text, keyboard: menu.keyboard })
}
