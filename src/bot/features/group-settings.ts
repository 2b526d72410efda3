/** @module Settings of a group: for admins, by buttons, checked at every press. */
import type { Composer } from 'grammy'
import type { InlineKeyboardButton, Message } from 'grammy/types'
import type { Ctx } from '../context.ts'
import type { GroupSettings } from '../groups/group-store.ts'
import { say } from '../replies/say.ts'
import { placeOf } from '../requests/asker.ts'
import { targetsFor } from '../requests/offered.ts'
import { languageName, textsOf } from '../texts/texts.ts'
import { type GroupDeps, isAdmin } from './group-messages.ts'
import { onCommand } from './task-commands.ts'

/** `g` + what + value: `gv` voice, `gl` lock, `ga` answers, `gt` languages, `gt<code>` one of them, `gt-` off, `gm` menu. */
const shape = /^g([vltma])([a-z]{2,3}|-)?$/

const isGroupData = (data: string): boolean => shape.test(data)

export function addGroupSettings(composer: Composer<Ctx>, deps: GroupDeps): void {
  onCommand(composer, 'settings', async (ctx, { message }) => {
    if (!(await isAdmin(ctx, message))) {
      await say(deps.api, placeOf(ctx, message), { text: ctx.texts.group.adminsOnly })
      return
    }
    const settings = (await deps.groups.get(message.chat.id)) ?? fresh(ctx)
    await say(deps.api, placeOf(ctx, message), mainScreen(settings))
  })
  composer.on('callback_query:data').filter(
    (ctx) => isGroupData(ctx.callbackQuery.data),
    async (ctx, next) => {
      const message = ctx.callbackQuery.message
      const match = shape.exec(ctx.callbackQuery.data)
      if (!message || message.date === 0 || !match) return next()
      // The button comes from a real person even under a message of an anonymous admin: checked anew.
      const { status } = await ctx.api.getChatMember(message.chat.id, ctx.from.id)
      if (status !== 'creator' && status !== 'administrator') {
        await ctx.answerCallbackQuery({ text: ctx.texts.group.adminsOnly, show_alert: true })
        return
      }
      await press(deps, ctx, { message, key: match[1] ?? '', value: match[2] })
      await ctx.answerCallbackQuery()
    },
  )
}

const fresh = (ctx: Ctx): GroupSettings => ({
  ui: ctx.ui,
  voice: false,
  locked: false,
  open: false,
})

interface Pressed {
  readonly message: Message
  readonly key: string
  readonly value: string | undefined
}

async function press(deps: GroupDeps, ctx: Ctx, { message, key, value }: Pressed): Promise<void> {
  const { groups, choice } = deps
  const before = (await groups.get(message.chat.id)) ?? fresh(ctx)
  const targets = targetsFor(choice.textModel, undefined)
  if (key === 't' && value === undefined) {
    await show(ctx, languageScreen(before, targets))
    return
  }
  const after = changed(before, { key, value, targets })
  if (after) await groups.save(message.chat.id, after)
  await show(ctx, mainScreen(after ?? before))
  if (after) await announceChange(deps, { message, before, after })
}

function changed(
  before: GroupSettings,
  { key, value, targets }: Pick<Pressed, 'key' | 'value'> & { targets: readonly string[] },
): GroupSettings | undefined {
  if (key === 'v') return { ...before, voice: !before.voice }
  if (key === 'a') return { ...before, open: !before.open }
  if (key === 'l') return { ...before, locked: !before.locked }
  if (key !== 't' || value === undefined) return undefined
  const { translate: _off, ...rest } = before
  if (value === '-') return rest
  return targets.includes(value) ? { ...rest, translate: value } : undefined
}

/** Everybody in the group is told what happens to their messages from now on. */
async function announceChange(
  { api, me }: GroupDeps,
  change: { message: Message; before: GroupSettings; after: GroupSettings },
): Promise<void> {
  const { message, before, after } = change
  const { group } = textsOf(after.ui)
  const place = { kind: 'group', chatId: message.chat.id } as const
  if (after.voice && !before.voice) await say(api, place, { text: group.noticeVoice })
  if (after.translate !== undefined && after.translate !== before.translate) {
    const name = languageName(after.ui, after.translate)
    await say(api, place, { text: group.noticeTranslate(name) })
  }
  const isListening = after.voice || after.translate !== undefined
  if (!isListening || me.can_read_all_group_messages) return
  // In privacy mode a bot hears only what is addressed to it, unless it is an admin.
  const { status } = await api.getChatMember(message.chat.id, me.id)
  if (status !== 'administrator') await say(api, place, { text: group.needAdmin })
}

interface Screen {
  readonly text: string
  readonly keyboard: InlineKeyboardButton[][]
}

async function show(ctx: Ctx, { text, keyboard }: Screen): Promise<void> {
  await ctx.editMessageText(text, { reply_markup: { inline_keyboard: keyboard } })
}

function mainScreen(settings: GroupSettings): Screen {
  const { group } = textsOf(settings.ui)
  const into = settings.translate
  return {
    text: group.title,
    keyboard: [
      [{ text: group.voice(settings.voice), callback_data: 'gv' }],
      [
        {
          text: into ? group.translate(languageName(settings.ui, into)) : group.translateOff,
          callback_data: 'gt',
        },
      ],
      [{ text: group.open(settings.open), callback_data: 'ga' }],
      [{ text: group.locked(settings.locked), callback_data: 'gl' }],
    ],
  }
}

function languageScreen({ ui, translate }: GroupSettings, targets: readonly string[]): Screen {
  const { group, buttons } = textsOf(ui)
  const choices = targets.map((code) => ({
    text: `${translate === code ? '✓ ' : ''}${languageName(ui, code)}`,
    callback_data: `gt${code}`,
  }))
  const rows: InlineKeyboardButton[][] = []
  for (let at = 0; at < choices.length; at += 3) rows.push(choices.slice(at, at + 3))
  return {
    text: group.title,
    keyboard: [
      ...rows,
      [
        { text: group.off, callback_data: 'gt-' },
        { text: buttons.back, callback_data: 'gm' },
      ],
    ],
  }
}
