/** @module Messages of a group that concern the bot: commands, mentions, and what an admin switched on. */
import type { Composer } from 'grammy'
import type { Message } from 'grammy/types'
import { pairAdvice } from '../../tasks/languages.ts'
import type { Ctx, Services } from '../context.ts'
import { addressOf, isAnonymousAdmin } from '../groups/address.ts'
import type { GroupSettings, GroupStore } from '../groups/group-store.ts'
import { detectLanguage } from '../reading/language.ts'
import { letterCount, lettersOnly } from '../reading/letters.ts'
import { say } from '../replies/say.ts'
import { askerOf, placeOf } from '../requests/asker.ts'
import { readMessage } from '../requests/incoming.ts'
import { readInstruction } from '../requests/instructions.ts'
import { mixedOf } from '../requests/mixed.ts'
import type { Requests } from '../requests/requests.ts'
import { routeOf } from '../requests/routing.ts'
import { textsOf } from '../texts/texts.ts'
import { openAside } from './asides.ts'
import { type Command, onCommand, runTask, type TaskName } from './task-commands.ts'

export interface GroupDeps extends Pick<Services, 'api' | 'choice' | 'limits' | 'log' | 'me'> {
  readonly groups: GroupStore
  readonly requests: Requests
}

/** Shorter texts are greetings and interjections. */
const minLetters = 12

const commands = {
  tr: 'translate',
  text: 'transcribe',
  tldr: 'summarize',
} as const satisfies Record<string, TaskName>

/** `composer` sees groups only. */
export function addGroupMessages(composer: Composer<Ctx>, deps: GroupDeps): void {
  for (const name of ['tr', 'text', 'tldr'] as const)
    onCommand(composer, name, async (ctx, command) => {
      const { message } = command
      if ((await deps.groups.get(message.chat.id))?.open !== true)
        await openAside(deps, ctx, message)
      if (await mayUse(deps, ctx, message))
        await runTask(ctx, deps.requests, { ...command, name: commands[name] })
    })
  for (const name of ['help', 'start'])
    onCommand(composer, name, async (ctx, { message }) => {
      await say(deps.api, placeOf(ctx, message), { text: ctx.texts.group.help })
    })
  composer.on('message', async (ctx) => {
    const { message } = ctx
    const address = addressOf(message, ctx.me)
    if (address.kind === 'words') await obeyWords(deps, ctx, { message, argument: address.words })
    else if (address.kind === 'none') await automatic(deps, ctx, message)
  })
}

/** Says once, politely, why not; silent beyond the rate. */
async function mayUse(deps: GroupDeps, ctx: Ctx, message: Message): Promise<boolean> {
  const { api, groups, limits } = deps
  const settings = await groups.get(message.chat.id)
  if (settings?.locked === true && !(await isAdmin(ctx, message))) {
    await say(api, placeOf(ctx, message), { text: ctx.texts.group.lockedFor })
    return false
  }
  const verdict = ctx.from ? limits.rate(ctx.from.id) : 'ok'
  if (verdict === 'notice') await say(api, placeOf(ctx, message), { text: ctx.texts.input.tooFast })
  return verdict === 'ok'
}

/** Asks Telegram each time: rights are taken as quickly as they are given. */
export async function isAdmin(ctx: Ctx, message: Message): Promise<boolean> {
  if (isAnonymousAdmin(message)) return true
  if (!ctx.from) return false
  const { status } = await ctx.api.getChatMember(message.chat.id, ctx.from.id)
  return status === 'creator' || status === 'administrator'
}

/** A mention with words, mostly in reply to the material. */
async function obeyWords(deps: GroupDeps, ctx: Ctx, command: Command): Promise<void> {
  const { message, argument } = command
  if (!(await mayUse(deps, ctx, message))) return
  const source = message.reply_to_message
  const instruction = readInstruction(argument)
  if (!source || !instruction) {
    await say(deps.api, placeOf(ctx, message), { text: ctx.texts.group.notUnderstood })
    return
  }
  const asker = askerOf(ctx, source)
  const incoming = readMessage(source)
  if (instruction.kind === 'transcribe' || incoming.body.kind === 'sound')
    await deps.requests.transcribe(asker, incoming, {})
  else if (instruction.kind === 'summarize')
    await deps.requests.summarize(asker, incoming, instruction)
  else await deps.requests.translate(asker, incoming, { ...instruction, sure: true })
}

/** What an admin switched on; refusals are silent, since nobody asked. */
async function automatic(deps: GroupDeps, ctx: Ctx, message: Message): Promise<void> {
  const settings = await deps.groups.get(message.chat.id)
  if (!settings) return
  const incoming = readMessage(message)
  const asker = {
    ...askerOf(ctx, message),
    ui: settings.ui,
    texts: textsOf(settings.ui),
    isSilent: true,
    // Whoever wrote it asked for nothing: the group has a small purse of its own.
    payer: { kind: 'purse', name: `c${message.chat.id}` },
  } as const
  if (routeOf(incoming).kind === 'sound') {
    if (settings.voice && (message.voice || message.video_note))
      await deps.requests.transcribe(asker, incoming, {})
    return
  }
  const to = settings.translate
  if (to === undefined || !isWorthTranslating(incoming.text)) return
  const from = await foreignLanguage(incoming.text, to)
  if (from === undefined) return
  if (from !== 'several' && pairAdvice(deps.choice.textModel, from, to) === 'refused') return
  const known = from === 'several' ? {} : { from }
  await deps.requests.translate(asker, incoming, { ...known, to, sure: true })
}

/** The language that is not the group's own: of the text, or of its foreign parts. */
async function foreignLanguage(text: string, to: string): Promise<string | undefined> {
  const mixed = await mixedOf(text, [to], (language) => language === to)
  if (mixed) return mixed.from ?? 'several'
  const detected = await detectLanguage(text, [to])
  return detected === 'undecided' || detected.language === to ? undefined : detected.language
}

const isWorthTranslating = (text: string): boolean => letterCount(lettersOnly(text)) >= minLetters

/** Whether a message that is not addressed to us falls under what is switched on. */
export function isCovered(settings: GroupSettings | undefined, message: Message): boolean {
  if (!settings) return false
  if (settings.voice && (message.voice || message.video_note)) return true
  const text = message.text ?? message.caption ?? ''
  return settings.translate !== undefined && isWorthTranslating(text)
}
