/** @module A small grammY bot for tests of the chat page: it streams a draft, obeys Stop, answers with blocks and buttons. */
import type { InputRichBlock, Update } from '@grammyjs/types'
import { Bot, InputFile } from 'grammy'
import type { TestSimulator } from './simulator.ts'

const finalBlocks: InputRichBlock<InputFile>[] = [
  { type: 'heading', size: 2, text: 'A meadow instead of a lawn' },
  {
    type: 'paragraph',
    text: [
      'The yard was left to grow for a year, and ',
      { type: 'bold', text: '41 plant species' },
      ' came.',
    ],
  },
  {
    type: 'list',
    items: [
      { blocks: [{ type: 'paragraph', text: 'Mowing stopped on 1,400 square metres.' }] },
      {
        blocks: [
          {
            type: 'paragraph',
            text: ['Saved: ', { type: 'code', text: '2,300 €' }, ', spent: 640 €.'],
          },
        ],
      },
      { blocks: [{ type: 'paragraph', text: 'Ticks became more frequent.' }] },
    ],
  },
  {
    type: 'blockquote',
    blocks: [{ type: 'paragraph', text: 'The paths became a place to walk in the evening.' }],
    credit: 'Block C',
  },
  {
    type: 'table',
    is_bordered: true,
    cells: [
      [
        { text: 'Year', is_header: true, align: 'left', valign: 'top' },
        { text: 'Species', is_header: true, align: 'right', valign: 'top' },
      ],
      [
        { text: '2024', align: 'left', valign: 'top' },
        { text: '12', align: 'right', valign: 'top' },
      ],
      [
        { text: '2025', align: 'left', valign: 'top' },
        { text: '41', align: 'right', valign: 'top' },
      ],
    ],
  },
  {
    type: 'details',
    summary: 'Water and money',
    blocks: [{ type: 'paragraph', text: 'Water use fell by a fifth.' }],
  },
  { type: 'pre', language: 'python', text: 'print("41 species")' },
  { type: 'divider' },
  { type: 'footer', text: 'test tier · qwen2.5-coder-1.5b · 3.2 s · AI-made, may be wrong' },
]

export interface ScriptedBot {
  readonly bot: Bot
  /** Draft ids people stopped. */
  readonly stopped: number[]
  /** Lets a streaming answer go on to its end. */
  finish(): void
  close(): Promise<void>
}

/** Starts polling. `/slow` streams a draft and waits for `finish` or Stop; anything else is answered at once. */
export function startScriptedBot(sim: TestSimulator): ScriptedBot {
  const bot = new Bot(sim.token, { client: { apiRoot: sim.base } })
  const stopped: number[] = []
  let release = Promise.withResolvers<'finish' | 'stop'>()
  bot.use((ctx, next) => {
    const update: Update = ctx.update
    if (update.stopped_message_generation === undefined) return next()
    stopped.push(update.stopped_message_generation.draft_id)
    release.resolve('stop')
    return undefined
  })
  bot.command('start', (ctx) => ctx.reply('Hello. Write or say something.'))
  bot.command('slow', (ctx) => {
    void stream(ctx.chat.id, ctx.msgId)
  })
  bot.command('keys', (ctx) =>
    ctx.reply('Which channel?', {
      reply_markup: {
        keyboard: [
          [
            {
              text: 'Choose a channel',
              request_chat: { request_id: 5, chat_is_channel: true, request_title: true },
            },
          ],
          [{ text: 'Not now' }],
        ],
        resize_keyboard: true,
        one_time_keyboard: true,
      },
    }),
  )
  bot.on('message:text', (ctx) =>
    ctx.api.raw.sendRichMessage({
      chat_id: ctx.chat.id,
      rich_message: { blocks: finalBlocks },
      reply_parameters: { message_id: ctx.msgId },
      reply_markup: {
        inline_keyboard: [
          [
            { text: 'Translate', callback_data: 'note' },
            { text: '.txt', callback_data: 'file' },
          ],
          [{ text: 'About this answer', callback_data: 'alert' }],
        ],
      },
    }),
  )
  bot.callbackQuery('note', (ctx) => ctx.answerCallbackQuery({ text: 'On its way' }))
  bot.callbackQuery('alert', (ctx) =>
    ctx.answerCallbackQuery({ text: 'Made by a test bot.', show_alert: true }),
  )
  bot.callbackQuery('file', async (ctx) => {
    await ctx.answerCallbackQuery()
    await ctx.replyWithDocument(new InputFile(Buffer.from('forty-one species'), 'summary.txt'))
  })

  async function stream(chat: number, source: number): Promise<void> {
    release = Promise.withResolvers()
    const text = 'The yard was left to grow for a year'
    const draft = (blocks: InputRichBlock<never>[]): Promise<true> =>
      bot.api.raw.sendRichMessageDraft({
        chat_id: chat,
        draft_id: source + 1000,
        can_stop: true,
        rich_message: { blocks },
      })
    await draft([{ type: 'thinking', text: 'Reading' }])
    for (const part of [11, 24, text.length])
      await draft([{ type: 'paragraph', text: text.slice(0, part) }])
    if ((await release.promise) === 'stop') {
      await bot.api.sendMessage(chat, 'Stopped. Nothing was charged.')
      return
    }
    await bot.api.raw.sendRichMessage({
      chat_id: chat,
      rich_message: { blocks: [{ type: 'paragraph', text: `${text}.` }] },
    })
  }

  void bot.start({
    allowed_updates: [
      'message',
      'channel_post',
      'callback_query',
      'stopped_message_generation',
    ] as never,
  })
  return { bot, stopped, finish: () => release.resolve('finish'), close: () => bot.stop() }
}
