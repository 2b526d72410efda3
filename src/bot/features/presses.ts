/** @module Pressed buttons: each press is answered, each is authorised anew, data of another version says that it is too old. */
import { type Composer, type Filter } from 'grammy'
import type { CallbackQuery, Message } from 'grammy/types'
import { isErrorCode } from '../../core/app-error.ts'
import { describe } from '../../core/describe.ts'
import { tierSchema } from '../../core/tier.ts'
import { isDialogueData, type Press, parsePress } from '../buttons.ts'
import type { Ctx, Services } from '../context.ts'
import type { SentFacts } from '../delivery/delivery.ts'
import type { Updates } from '../intake/updates.ts'
import { addNever } from '../people/settings.ts'
import type { Place } from '../place.ts'
import { type LanguageMenu, languageKeyboard } from '../replies/keyboards.ts'
import { sentenceOf } from '../replies/say.ts'
import { askerOf } from '../requests/asker.ts'
import { readMessage } from '../requests/incoming.ts'
import { readable, targetsFor } from '../requests/offered.ts'
import type { Requests } from '../requests/requests.ts'
import { refusalOf } from '../telegram/refusals.ts'
import { languageName, type Texts } from '../texts/texts.ts'
import { pressAside } from './asides.ts'
import { pressComment } from './comment-press.ts'
import { followUp } from './follow-ups.ts'
import { leaveMenu, showMenu } from './menus.ts'
import { pressMoney } from './money.ts'
import type { Reply } from './press-reply.ts'
import { pressSetting } from './settings.ts'

export interface PressDeps extends Services {
  readonly requests: Requests
  readonly settleBacklog: Updates['settleBacklog']
  readonly forget: (ctx: Ctx, choice: 'yes' | 'no') => Promise<void>
  readonly operators: readonly number[]
}

/** Buttons of dialogues that are over, and whatever else nobody knows: every press is answered. */
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
  // In groups only the facts are for everybody; the rest belongs to whoever asked, and says so itself.
  if (!press || !message || !(isPrivate || forGroups.has(press.kind)))
    return { text: ctx.texts.say['too-old'], isAlert: true }
  try {
    return await handle(deps, ctx, { press, message })
  } catch (error) {
    deps.log.failure('press.failed', describe(error))
    return { text: sentenceOf(error, ctx.texts).text, isAlert: true }
  }
}

const forGroups: ReadonlySet<Press['kind']> = new Set(['details', 'cancel', 'aside'])

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
      if (!delivery || !(await mayCancel(ctx, { message, place: delivery.place })))
        return { text: ctx.texts.say['too-old'], isAlert: true }
      await deps.desk.cancel(press.job)
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
    case 'comment':
      return pressComment(deps, ctx, press)
    case 'aside':
      return pressAside(deps, ctx, { press, message })
    case 'copy':
      return followUp(deps, ctx, { press, message })
    case 'priced':
      ctx.isPriceAgreed = true
      return handle(deps, ctx, { press: press.press, message })
    case 'money':
      return pressMoney(deps, ctx, press)
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

/** The asker, and the admins of the group the answer goes to. */
async function mayCancel(
  ctx: Ctx,
  { message, place }: { message: Message; place: Place },
): Promise<boolean> {
  if (!ctx.from) return false
  if (place.userId === ctx.from.id) return true
  if (message.chat.type === 'private' || place.chatId !== message.chat.id) return false
  const { status } = await ctx.api.getChatMember(place.chatId, ctx.from.id)
  return status === 'creator' || status === 'administrator'
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
