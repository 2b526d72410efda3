/** @module One question of a dialogue: a message with buttons that is edited from question to question, and perhaps a typed answer. */
import type { Conversation } from '@grammyjs/conversations'
import type { Context } from 'grammy'
import type { InlineKeyboardButton, Message } from 'grammy/types'
import type { Ctx } from '../context.ts'
import type { Texts } from '../texts/texts.ts'

interface Option<T> {
  readonly label: string
  readonly value: T
}

export interface Question<T> {
  readonly text: string
  readonly options: readonly Option<T>[]
  readonly perRow?: number
  /** Reads a message as an answer; undefined when it is none. */
  readonly typed?: (message: Message) => T | undefined
}

/** Asks questions in one chat. Everything here is replayed from the beginning with each update, so it decides nothing by itself. */
export class Menu {
  readonly #conversation: Conversation<Ctx>
  readonly #texts: Texts
  readonly #chatId: number
  #screen: number | undefined
  #step = 0
  #last: Context

  constructor(
    deps: { conversation: Conversation<Ctx>; texts: Texts; chatId: number },
    ctx: Context,
  ) {
    this.#conversation = deps.conversation
    this.#texts = deps.texts
    this.#chatId = deps.chatId
    this.#last = ctx
  }

  /** The answer that was pressed or typed; commands leave the dialogue, anything else is handled as if there were none. */
  async ask<T>({ text, options, perRow = 1, typed }: Question<T>): Promise<T> {
    this.#step++
    const buttons = options.map(({ label }, index) => ({
      text: label,
      callback_data: `q${this.#step}.${index}`,
    }))
    await this.#show(text, rowsOf(buttons, perRow))
    for (;;) {
      const ctx = await this.next()
      const data = ctx.callbackQuery?.data
      const option = data === undefined ? undefined : options[this.#indexOf(data)]
      if (option) {
        await ctx.answerCallbackQuery()
        return option.value
      }
      if (data !== undefined && /^q\d+\./.test(data)) {
        await ctx.answerCallbackQuery(this.#texts.channel.stale)
        continue
      }
      const answer = ctx.message && typed?.(ctx.message)
      if (answer === undefined) await this.#conversation.skip({ next: true })
      else {
        // The next question goes below what was typed.
        this.#screen = undefined
        return answer
      }
    }
  }

  /** The first update that `read` makes something of; others are handled as if there were no dialogue. */
  async until<T>(read: (ctx: Context) => T | undefined): Promise<T> {
    for (;;) {
      const answer = read(await this.next())
      if (answer !== undefined) return answer
      await this.#conversation.skip({ next: true })
    }
  }

  /** The next update of the chat; a command leaves the dialogue. */
  async next(): Promise<Context> {
    const ctx = await this.#conversation.wait()
    if (ctx.message?.text?.startsWith('/') === true) await this.#conversation.halt({ next: true })
    this.#last = ctx
    return ctx
  }

  /** Replaces the question by a sentence; the dialogue is over or goes on elsewhere. */
  async close(text: string): Promise<void> {
    await this.#show(text, [])
    this.#screen = undefined
  }

  async #show(text: string, rows: InlineKeyboardButton[][]): Promise<void> {
    const markup = { reply_markup: { inline_keyboard: rows } }
    if (this.#screen !== undefined) {
      await this.#last.api.editMessageText(this.#chatId, this.#screen, text, markup)
      return
    }
    this.#screen = (await this.#last.api.sendMessage(this.#chatId, text, markup)).message_id
  }

  #indexOf(data: string): number {
    const [, step, index] = /^q(\d+)\.(\d+)$/.exec(data) ?? []
    return Number(step) === this.#step ? Number(index) : -1
  }
}

function rowsOf(buttons: InlineKeyboardButton[], perRow: number): InlineKeyboardButton[][] {
  const rows: InlineKeyboardButton[][] = []
  for (let at = 0; at < buttons.length; at += perRow) rows.push(buttons.slice(at, at + perRow))
  return rows
}
