/** @module Pressed buttons: each press is answered, each is authorised anew, data of another version says that it is too old. */
import { type Composer, type Filter, InputFile } from 'grammy'
import type { CallbackQuery, Message } from 'grammy/types'
import { isErrorCode } from '../../core/app-error.ts'
import { describe } from '../../core/describe.ts'
import { tierSchema } from '../../core/tier.ts'
import { toSrt } from '../../tasks/subtitles.ts'
import { isDialogueData, type Press, parsePress } from '../buttons.ts'
import type { Ctx, Services } from '../context.ts'
import type { CopyContent } from '../copies.ts'
import type { SentFacts } from '../delivery-store.ts'
import { readMessage } from '../incoming.ts'
import { readable, targetsFor } from '../offered.ts'
import { type LanguageMenu, languageKeyboard } from '../replies/keyboards.ts'
import { flattenRich } from '../replies/rich-text.ts'
import { say, sentenceOf } from '../replies/say.ts'
import { optionsOf } from '../replies/send.ts'
import { addNever } from '../settings.ts'
import { refusalOf } from '../telegram-errors.ts'
import { languageName, type Texts } from '../texts/texts.ts'
import type { Updates } from '../updates.ts'
import { askerOf } from './asker.ts'
import type { Requests } from './requests.ts'
import { pressSetting } from './settings.ts'

/** What a press says back: nothing, a toast, or an alert. */
export type Reply = { readonly text: string; readonly isAlert: boolean } | 'silent'

export interface PressDeps extends Services {
  readonly requests: Requests
  readonly settleBacklog: Updates['settleBacklog']
  readonly forget: (ctx: Ctx, choice: 'yes' | 'no') => Promise<void>
}

/** Buttons of dialogues that are over. */
export function addLatePresses(composer: Composer<Ctx>): void {
  composer.on('callback_query', async (ctx) => {
    await ctx.answerCallbackQuery({ text: ctx.texts.say['too-old'], show_alert: true })
  })
}

export function addPresses(composer: Composer<Ctx>, deps: PressDeps): void {
  composer.on('callback_query:data', async (ctx, next) => {
    // Buttons of an open dialogue belong to it.
    if (isDialogueData(ctx.callbackQuery.data)) return next()
    const reply = await replyTo(deps, ctx)
    const answer =
      reply === 'silent' ? {} : { text: reply.text.slice(0, 200), show_alert: reply.isAlert }
    await ctx.answerCallbackQuery(answer).catch((error: unknown) => {
      // Nobody waits for the answer to a press any more; what it did is done.
      if (refusalOf(error)?.kind !== 'late') throw error
    })
  })
}

/** Never throws: what a press could not do is said, and the person may press again. */
async function replyTo(deps: PressDeps, ctx: Filter<Ctx, 'callback_query:data'>): Promise<Reply> {
  const press = parsePress(ctx.callbackQuery.data)
  const message = reachable(ctx.callbackQuery)
  const isPrivate = message?.chat.type === 'private'
  // In groups only the facts are for everybody; the rest belongs to whoever asked.
  if (!press || !message || !(isPrivate || press.kind === 'details'))
    return { text: ctx.texts.say['too-old'], isAlert: true }
  try {
    return await handle(deps, ctx, { press, message })
  } catch (error) {
    deps.log.failure('press.failed', describe(error))
    return { text: sentenceOf(error, ctx.texts).text, isAlert: true }
  }
}

const reachable = ({ message }: CallbackQuery): Message | undefined =>
  message && message.date !== 0 ? message : undefined

interface Pressed {
  readonly press: Press
  readonly message: Message
}

async function handle(deps: PressDeps, ctx: Ctx, { press, message }: Pressed): Promise<Reply> {
  switch (press.kind) {
    case 'details': {
      const facts = await deps.deliveries.facts(press.job)
      const text = facts ? factsText(facts, ctx.texts) : ctx.texts.answer.noFacts
      return { text, isAlert: true }
    }
    case 'cancel': {
      const delivery = await deps.deliveries.get(press.job)
      if (delivery && delivery.place.userId === ctx.from?.id) await deps.desk.cancel(press.job)
      return 'silent'
    }
    case 'translate':
    case 'summarize':
    case 'transcribe':
      return again(deps, ctx, { press, message })
    case 'to-menu':
    case 'from-menu':
      return openMenu(deps, ctx, { press, message })
    case 'never': {
      if (!ctx.from) return 'silent'
      await deps.users.save(ctx.from.id, addNever(ctx.settings, press.language))
      const name = languageName(ctx.ui, press.language)
      return { text: ctx.texts.settings.neverSaved(name), isAlert: true }
    }
    case 'copy':
      return followUp(deps, ctx, { press, message })
    case 'setting':
      return pressSetting(deps, ctx, press)
    case 'backlog': {
      await deps.settleBacklog(message.chat.id, press.choice)
      await ctx.deleteMessage()
      if (press.choice === 'discard') await ctx.reply(ctx.texts.backlog.discarded)
      return 'silent'
    }
    case 'forget':
      await deps.forget(ctx, press.choice)
      return 'silent'
  }
}

type SourcePress = Extract<Press, { kind: 'translate' | 'summarize' | 'transcribe' }>

/** Takes the source from the message that the pressed one answers. */
async function again(
  { requests }: PressDeps,
  ctx: Ctx,
  { press, message }: { press: SourcePress; message: Message },
): Promise<Reply> {
  const source = message.reply_to_message
  if (!source) return { text: ctx.texts.input.sourceGone, isAlert: true }
  const asker = askerOf(ctx, source, ctx.callbackQuery?.id ?? '')
  const incoming = readMessage(source)
  await leaveMenu(ctx, message)
  switch (press.kind) {
    case 'translate':
      await requests.translate(asker, incoming, press)
      return 'silent'
    case 'summarize':
      await requests.summarize(asker, incoming, press)
      return 'silent'
    case 'transcribe':
      await requests.transcribe(asker, incoming, press)
      return 'silent'
  }
}

/** A menu or question has done its work once something is chosen; answers stay. */
async function leaveMenu(ctx: Ctx, message: Message): Promise<void> {
  const isAnswer = message.rich_message !== undefined || message.document !== undefined
  if (isAnswer) return
  await ctx.deleteMessage().catch(() => undefined)
}

/** A new menu under the source, or another page of the menu that was pressed. */
async function openMenu(
  { choice }: PressDeps,
  ctx: Ctx,
  {
    press,
    message,
  }: { press: Extract<Press, { kind: 'to-menu' | 'from-menu' }>; message: Message },
): Promise<Reply> {
  const source = message.reply_to_message
  if (!source) return { text: ctx.texts.input.sourceGone, isAlert: true }
  const { ui, texts } = ctx
  const common = { ui, texts, page: press.page }
  const menu: LanguageMenu =
    press.kind === 'to-menu'
      ? {
          ...common,
          languages: targetsFor(choice.textModel, undefined),
          choose: (to) => ({ kind: 'translate', to, sure: false }),
          turn: (page) => ({ kind: 'to-menu', page }),
        }
      : {
          ...common,
          languages: readable.filter((language) => language !== press.to),
          choose: (from) => ({ kind: 'translate', to: press.to, from, sure: false }),
          turn: (page) => ({ kind: 'from-menu', to: press.to, page }),
        }
  const text = press.kind === 'to-menu' ? texts.ask.whichLanguage : texts.ask.whichSource
  await showMenu(ctx, { message, source, text, keyboard: languageKeyboard(menu) })
  return 'silent'
}

async function showMenu(
  ctx: Ctx,
  menu: {
    message: Message
    source: Message
    text: string
    keyboard: ReturnType<typeof languageKeyboard>
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

type CopyPress = Extract<Press, { kind: 'copy' }>

/** What a button under an answer does with the answer's text. */
async function followUp(
  deps: PressDeps,
  ctx: Ctx,
  { press, message }: { press: CopyPress; message: Message },
): Promise<Reply> {
  const isMenu = message.text === ctx.texts.ask.whichLanguage
  const answer = isMenu ? message.reply_to_message : message
  if (press.action === 'menu') {
    if (!answer) return { text: ctx.texts.input.sendAgain, isAlert: true }
    await copyMenu(deps, ctx, { press, message: answer })
    return 'silent'
  }
  const content = (await deps.copies.open(press)) ?? shownText(answer, ctx)
  if (!content || !answer) return { text: ctx.texts.input.sendAgain, isAlert: true }
  const asker = askerOf(ctx, answer, ctx.callbackQuery?.id ?? '')
  switch (press.action) {
    case 'summarize':
      await deps.requests.summarizeText(asker, content, summaryTarget(ctx, content))
      return 'silent'
    case 'translate':
      await leaveMenu(ctx, message)
      await deps.requests.translateText(asker, content, press.language ?? ctx.settings.target)
      return 'silent'
    case 'txt':
      await sendText(ctx, answer, { name: 'text.txt', text: content.text })
      return 'silent'
    case 'srt': {
      if (!content.segments) return { text: ctx.texts.input.sendAgain, isAlert: true }
      await sendText(ctx, answer, { name: 'subtitles.srt', text: toSrt(content.segments) })
      return 'silent'
    }
  }
}

const summaryTarget = ({ settings }: Ctx, { language }: CopyContent): string =>
  settings.reads.includes(language) ? language : settings.target

async function copyMenu(
  { copies, choice }: PressDeps,
  ctx: Ctx,
  { press, message }: { press: CopyPress; message: Message },
): Promise<void> {
  const content = await copies.open(press)
  const { id, key } = press
  const menu: LanguageMenu = {
    ui: ctx.ui,
    texts: ctx.texts,
    languages: targetsFor(choice.textModel, content?.language),
    page: press.page ?? 0,
    choose: (language) => ({ kind: 'copy', action: 'translate', id, key, language }),
    turn: (page) => ({ kind: 'copy', action: 'menu', id, key, page }),
  }
  const pressed = ctx.callbackQuery?.message
  await showMenu(ctx, {
    message: pressed && 'text' in pressed ? pressed : message,
    source: message,
    text: ctx.texts.ask.whichLanguage,
    keyboard: languageKeyboard(menu),
  })
}

/** Without the copy the text is still in the message itself, unless it had to be cut. */
function shownText(message: Message | undefined, ctx: Ctx): CopyContent | undefined {
  const blocks = message?.rich_message?.blocks
  if (!blocks) return undefined
  const { text } = flattenRich(blocks)
  return text === '' ? undefined : { v: 1, text, language: ctx.settings.target }
}

async function sendText(
  ctx: Ctx,
  answer: Message,
  file: { name: string; text: string },
): Promise<void> {
  const { place } = askerOf(ctx, answer)
  const bytes = new TextEncoder().encode(file.text.toWellFormed())
  await ctx.api.sendDocument(place.chatId, new InputFile(bytes, file.name), optionsOf(place))
}

/** At most 200 characters: the alert of "Details". */
function factsText(facts: SentFacts, texts: Texts): string {
  const tier = tierSchema.safeParse(facts.tier)
  return [
    ...(tier.success ? [texts.footer.tier[tier.data]] : []),
    texts.details.model(facts.model),
    facts.audioMs > 0
      ? texts.footer.audio(Math.round(facts.audioMs / 1000))
      : texts.footer.tokens(facts.tokens),
    texts.details.attempts(facts.attempts),
    texts.footer.seconds((facts.totalMs / 1000).toFixed(1)),
    ...(isErrorCode(facts.outcome) ? [facts.outcome] : []),
  ]
    .join('\n')
    .slice(0, 200)
}
