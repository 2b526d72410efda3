/** @module Buttons under an answer that need its text: opened from the copy whose key the button carries, else read from the message itself. */
import { InputFile } from 'grammy'
import type { Message } from 'grammy/types'
import { toSrt } from '../../tasks/subtitles.ts'
import type { Press } from '../buttons.ts'
import type { Ctx, Services } from '../context.ts'
import type { CopyContent } from '../delivery/copies.ts'
import { type LanguageMenu, languageKeyboard } from '../replies/keyboards.ts'
import { flattenRich } from '../replies/rich-text.ts'
import { optionsOf } from '../replies/send.ts'
import { askerOf } from '../requests/asker.ts'
import { targetsFor } from '../requests/offered.ts'
import type { Requests } from '../requests/requests.ts'
import { leaveMenu, showMenu } from './menus.ts'
import type { Reply } from './press-reply.ts'

export interface FollowUpDeps extends Pick<Services, 'copies' | 'choice'> {
  readonly requests: Requests
}

type CopyPress = Extract<Press, { kind: 'copy' }>

/** What a button under an answer does with the answer's text. */
export async function followUp(
  deps: FollowUpDeps,
  ctx: Ctx,
  { press, message }: { press: CopyPress; message: Message },
): Promise<Reply> {
  const isMenu = message.text === ctx.texts.ask.whichLanguage
  const answer = isMenu ? message.reply_to_message : message
  if (press.action === 'menu') {
    if (!answer) return { text: ctx.texts.input.sendAgain, isAlert: true }
    return copyMenu(deps, ctx, { press, message: answer })
  }
  const content = (await deps.copies.open(press)) ?? shownText(answer, ctx)
  if (!content || !answer) return { text: ctx.texts.input.sendAgain, isAlert: true }
  const asker = { ...askerOf(ctx, answer, ctx.callbackQuery?.id ?? ''), pressed: press }
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
  { copies, choice }: FollowUpDeps,
  ctx: Ctx,
  { press, message }: { press: CopyPress; message: Message },
): Promise<Reply> {
  const content = await copies.open(press)
  const languages = targetsFor(choice.textModel, content?.language)
  if (languages.length === 0) return { text: ctx.texts.say.language, isAlert: true }
  const { id, key } = press
  const menu: LanguageMenu = {
    ui: ctx.ui,
    texts: ctx.texts,
    languages,
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
  return 'silent'
}

/** Without the copy the text is still in the message itself, unless it had to be cut. */
export function shownText(message: Message | undefined, ctx: Ctx): CopyContent | undefined {
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
