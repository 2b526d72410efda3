/** @module Sets a channel up: which one, may we, where the summary stands, from which length, in which language, a preview. */
import { type Conversation, createConversation } from '@grammyjs/conversations'
import type { Composer, Context } from 'grammy'
import type { ChatAdministratorRights } from 'grammy/types'
import type { Channel, ChannelMode, ChannelStore } from '../channels/channel-store.ts'
import { postText } from '../channels/posts.ts'
import { type Inspection, inspectChannel } from '../channels/rights.ts'
import type { Ctx, Services } from '../context.ts'
import { detectLanguage } from '../reading/language.ts'
import { askerOf } from '../requests/asker.ts'
import { targetsFor } from '../requests/offered.ts'
import type { Requests } from '../requests/requests.ts'
import { languageName, type Texts, textsOf, type UiLanguage } from '../texts/texts.ts'
import { Menu } from './menu.ts'
import { dialogueWaitMs } from './waiting.ts'

/** Name of the dialogue for `ctx.conversation.enter`; its argument is a channel's id, or absent to pick one. */
export const channelDialogue = 'channel'

export interface ChannelDialogueDeps
  extends Pick<Services, 'api' | 'choice' | 'clock' | 'deliveries' | 'me'> {
  readonly channels: ChannelStore
  readonly requests: Requests
}

const thresholds = [500, 1000, 2000] as const
const minThreshold = 200
const maxThreshold = 4000
const requestId = 1
/** Free previews in 24 h. */
const maxPreviews = 3
const dayMs = 24 * 3_600_000

type Good = Extract<Inspection, { kind: 'ok' }> & { readonly chatId: number }

interface Talk {
  readonly conversation: Conversation<Ctx>
  readonly menu: Menu
  readonly texts: Texts
  readonly ui: UiLanguage
  readonly userId: number
}

export function addChannelDialogue(composer: Composer<Ctx>, deps: ChannelDialogueDeps): void {
  async function dialogue(
    conversation: Conversation<Ctx>,
    ctx: Context,
    given?: number,
  ): Promise<void> {
    const userId = ctx.from?.id
    if (userId === undefined) return
    const ui = await conversation.external((outside) => outside.ui)
    const texts = textsOf(ui)
    const menu = new Menu({ conversation, texts, chatId: userId }, ctx)
    const talk = { conversation, menu, texts, ui, userId }
    const chatId = given ?? (await pick(talk, ctx))
    const found = await inspect(deps, talk, chatId)
    if (!found) return menu.close(texts.dialogue.cancelled)
    const plan = await askAll(deps, talk, found)
    if (!plan) return menu.close(texts.dialogue.cancelled)
    const channel: Channel = {
      ...plan,
      chatId,
      ui,
      adminId: userId,
      ...(found.linkedId !== undefined && { linkedId: found.linkedId }),
    }
    await conversation.external(() => deps.channels.save(channel))
    const { saved, switchedOff } = texts.channel
    await menu.close((plan.mode === 'off' ? switchedOff : saved)(found.title))
  }
  composer.use(
    createConversation(dialogue, { id: channelDialogue, maxMillisecondsToWait: dialogueWaitMs }),
  )
}

const noRights: ChatAdministratorRights = {
  is_anonymous: false,
  can_manage_chat: false,
  can_delete_messages: false,
  can_manage_video_chats: false,
  can_restrict_members: false,
  can_promote_members: false,
  can_change_info: false,
  can_invite_users: false,
  can_post_stories: false,
  can_edit_stories: false,
  can_delete_stories: false,
  can_send_welcome_messages: false,
}

/** Telegram's own chooser: it makes the bot an administrator in the same tap. */
async function pick({ menu, texts }: Talk, ctx: Context): Promise<number> {
  const rights = { ...noRights, can_post_messages: true, can_edit_messages: true }
  const button = {
    text: texts.channel.pickButton,
    request_chat: {
      request_id: requestId,
      chat_is_channel: true,
      user_administrator_rights: rights,
      bot_administrator_rights: rights,
      request_title: true,
    },
  }
  await ctx.reply(texts.channel.pick, {
    reply_markup: { keyboard: [[button]], resize_keyboard: true, one_time_keyboard: true },
  })
  return menu.until(({ message }) => {
    const shared = message?.chat_shared
    return shared?.request_id === requestId ? shared.chat_id : undefined
  })
}

/** Looks again until everything is right; undefined when the person gives up. */
async function inspect(
  deps: ChannelDialogueDeps,
  { conversation, menu, texts, userId }: Talk,
  chatId: number,
): Promise<Good | undefined> {
  for (;;) {
    const found = await conversation.external(() =>
      inspectChannel(deps.api, deps.me, { chatId, userId }),
    )
    if (found.kind === 'ok') return { ...found, chatId }
    const again = await menu.ask({
      text: texts.channel.problems[found.what],
      options: [
        { label: texts.channel.checkAgain, value: true },
        { label: texts.buttons.cancel, value: false },
      ],
    })
    if (!again) return undefined
  }
}

type Plan = Pick<Channel, 'mode' | 'threshold' | 'language'>

async function askAll(
  deps: ChannelDialogueDeps,
  talk: Talk,
  found: Good,
): Promise<Plan | undefined> {
  const mode = await askMode(deps, talk, found)
  if (mode === undefined) return undefined
  if (mode === 'off') return { mode, threshold: thresholds[1] }
  const threshold = await askThreshold(talk)
  const language = await askLanguage(deps, talk)
  const plan: Plan = { mode, threshold, ...(language !== undefined && { language }) }
  return (await confirm(deps, talk, { title: found.title, plan })) ? plan : undefined
}

/** A way that is not open says why, and is looked at again when the person has changed something. */
async function askMode(
  deps: ChannelDialogueDeps,
  talk: Talk,
  first: Good,
): Promise<ChannelMode | undefined> {
  const { menu, texts } = talk
  const words = texts.channel
  let found: Good | undefined = first
  while (found) {
    const mode: ChannelMode = await menu.ask({
      text: words.askMode(found.title),
      options: [
        { label: words.comment, value: 'comment' },
        { label: words.append, value: 'append' },
        { label: words.off, value: 'off' },
      ],
    })
    const missing = missingFor(mode, found, texts)
    if (missing === undefined) return mode
    const again = await menu.ask({
      text: missing,
      options: [
        { label: words.checkAgain, value: true },
        { label: texts.buttons.back, value: false },
      ],
    })
    if (again) found = await inspect(deps, talk, found.chatId)
  }
  return undefined
}

function missingFor(mode: ChannelMode, found: Good, { channel }: Texts): string | undefined {
  switch (mode) {
    case 'off':
      return undefined
    case 'append':
      return found.mayAppend ? undefined : channel.mayNotEdit
    case 'comment':
      if (found.comments === 'yes') return undefined
      return found.comments === 'no-group' ? channel.noGroup : channel.joinGroup
  }
}

function askThreshold({ menu, texts, ui }: Talk): Promise<number> {
  const numbers = new Intl.NumberFormat(ui)
  return menu.ask<number>({
    text: texts.channel.askThreshold,
    options: thresholds.map((value) => ({
      label: texts.channel.characters(numbers.format(value)),
      value,
    })),
    typed: ({ text }) => {
      const value = /^\d{3,4}$/.test(text?.trim() ?? '') ? Number(text) : 0
      return value >= minThreshold && value <= maxThreshold ? value : undefined
    },
  })
}

/** Undefined: the language of each post. */
async function askLanguage(
  { choice }: ChannelDialogueDeps,
  { menu, texts, ui }: Talk,
): Promise<string | undefined> {
  const own = { label: texts.channel.ownLanguage, value: '' }
  const others = targetsFor(choice.textModel, undefined).map((code) => ({
    label: languageName(ui, code),
    value: code,
  }))
  const chosen = await menu.ask({
    text: texts.channel.askLanguage,
    options: [own, ...others],
    perRow: 3,
  })
  return chosen === '' ? undefined : chosen
}

async function confirm(
  deps: ChannelDialogueDeps,
  talk: Talk,
  { title, plan }: { title: string; plan: Plan },
): Promise<boolean> {
  const { menu, texts, ui } = talk
  const words = texts.channel
  const { language } = plan
  const lines = [
    words.modes[plan.mode],
    words.fromLength(words.characters(new Intl.NumberFormat(ui).format(plan.threshold))),
    language === undefined ? words.inOwnLanguage : words.inLanguage(languageName(ui, language)),
  ]
  let text = words.confirm(title, lines)
  for (;;) {
    const wish = await menu.ask({
      text,
      options: [
        { label: words.save, value: 'save' },
        { label: words.preview, value: 'preview' },
        { label: texts.buttons.cancel, value: 'cancel' },
      ],
    })
    if (wish !== 'preview') return wish === 'save'
    if (!(await mayPreview(deps, talk))) text = words.previewsUsed(maxPreviews)
    else text = (await preview(deps, talk, plan)) ? words.previewSoon : words.confirm(title, lines)
  }
}

/** The count is of another time when the dialogue is replayed, so it is taken once. */
const mayPreview = (
  { clock, deliveries }: ChannelDialogueDeps,
  { conversation, userId }: Talk,
): Promise<boolean> =>
  conversation.external(
    async () => (await deliveries.previewsOf(userId, clock.now() - dayMs)) < maxPreviews,
  )

/** Summarises a forwarded post for the admin alone. The answer comes when it comes: a dialogue never waits for a worker. */
async function preview(
  { requests }: ChannelDialogueDeps,
  { conversation, menu, texts, ui }: Talk,
  { language }: Plan,
): Promise<boolean> {
  const text = await menu.ask({
    text: texts.channel.askPreview,
    options: [{ label: texts.buttons.back, value: '' }],
    typed: (message) => postText(message) || undefined,
  })
  if (text === '') return false
  await conversation.external(async (outside) => {
    if (!outside.message) return
    const asker = {
      ...askerOf(outside, outside.message, 'preview'),
      isPreview: true,
      // The preview costs the admin nothing: it has an allowance of its own.
      payer: { kind: 'purse', name: `preview:${outside.message.chat.id}` },
    } as const
    await requests.summarizeText(asker, { text }, language ?? (await languageOf(text, ui)))
  })
  return true
}

async function languageOf(text: string, ui: UiLanguage): Promise<string> {
  const detected = await detectLanguage(text, [ui])
  return detected === 'undecided' ? ui : detected.language
}
