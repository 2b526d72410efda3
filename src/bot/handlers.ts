/** @module Which handlers hear an update, in which order. */
import { conversations } from '@grammyjs/conversations'
import { sequentialize } from '@grammyjs/runner'
import type { Bot } from 'grammy'
import type { Channels } from './channels/channels.ts'
import type { Ctx, Services } from './context.ts'
import { addForgetDialogue } from './dialogues/forget.ts'
import { dialogueStorage } from './dialogues/storage.ts'
import type { DialogueStore } from './dialogues/store.ts'
import { addCancel } from './features/cancel.ts'
import { addData } from './features/data.ts'
import { addEdits } from './features/edits.ts'
import { addGpu, type GpuDeps } from './features/gpu.ts'
import { addInfo } from './features/info.ts'
import { addMessages } from './features/messages.ts'
import { addMoney } from './features/money.ts'
import { addPayments } from './features/payments.ts'
import { addLatePresses, addPresses, type PressDeps } from './features/presses.ts'
import { addSettings } from './features/settings.ts'
import { addStop } from './features/stop.ts'
import { addTaskCommands } from './features/task-commands.ts'
import { addTickets } from './features/tickets.ts'
import type { Groups } from './groups/groups.ts'
import type { Updates } from './intake/updates.ts'
import type { ExportStore } from './people/export-store.ts'
import { defaultSettings, uiOf } from './people/settings.ts'
import type { Reader } from './reading/read.ts'
import { createRequests } from './requests/requests.ts'
import type { Chats } from './telegram/chats.ts'
import { textsOf } from './texts/texts.ts'
import type { Vault } from './vault-port.ts'

export interface HandlerDeps {
  readonly services: Services & { readonly reader: Reader }
  readonly chats: Pick<Chats, 'heard'>
  readonly channels: Channels
  readonly groups: Groups
  readonly updates: Pick<Updates, 'settleBacklog'>
  readonly dialogues: DialogueStore
  readonly vault: Vault
  readonly exports: ExportStore
  /** Deletes everything kept about a person; gives back the number of rows. */
  readonly forget: (userId: number) => Promise<number>
  /** Telegram accounts that answer tickets. */
  readonly operators: readonly number[]
  readonly gpu?: GpuDeps
}

/** Stop and payments overtake whatever waits for its turn; all others go one at a time in their chat. */
export function addHandlers(bot: Bot<Ctx>, deps: HandlerDeps): void {
  const { services, chats, channels, groups, updates, dialogues, vault, operators, gpu } = deps
  const { api, users, money, me, log } = services
  const requests = createRequests(services)

  addStop(bot, services)
  if (money) addPayments(bot, { api, money, users, log })
  bot.use(sequentialize((ctx) => constraintsOf(ctx)))
  bot.use(async (ctx, next) => {
    await chats.heard(ctx.update)
    const code = ctx.from?.language_code
    const known = ctx.from ? await users.get(ctx.from.id) : undefined
    ctx.settings = known ?? defaultSettings(code)
    ctx.ui = uiOf(ctx.settings, code)
    ctx.texts = textsOf(ctx.ui)
    await next()
  })
  const forget = async (ctx: Ctx, answer: 'yes' | 'no'): Promise<void> => {
    const { forget: words } = ctx.texts
    await ctx.conversation.exitAll()
    if (!ctx.from || answer === 'no') await ctx.reply(words.kept)
    else await ctx.reply(words.done(await deps.forget(ctx.from.id)))
  }
  const presses: PressDeps = {
    ...services,
    requests,
    settleBacklog: (chatId, wish) => updates.settleBacklog(chatId, wish),
    forget,
    operators,
  }
  channels.addPublic(bot, services, async (userId) => (await dialogues.read(userId)) !== undefined)
  const inGroups = bot.filter(
    (ctx) => ctx.chat?.type === 'group' || ctx.chat?.type === 'supergroup',
  )
  groups.add(inGroups, services, requests)
  addPresses(inGroups, presses)
  const privately = bot.filter((ctx) => ctx.chat?.type === 'private')
  privately.use(conversations({ storage: dialogueStorage({ store: dialogues, vault }) }))
  if (gpu) addGpu(privately, gpu)
  addPresses(privately, presses)
  addCancel(privately)
  addForgetDialogue(privately, forget, money)
  channels.addPrivate(privately, services, requests)
  if (money) {
    addMoney(privately, { ...services, money, operators })
    addTickets(privately, { ...services, money, operators })
  }
  addInfo(privately, services)
  addData(privately, { me, exports: deps.exports })
  addSettings(privately, services)
  addTaskCommands(privately, requests)
  addEdits(privately, services, requests)
  addMessages(privately, services, requests)
  addLatePresses(bot)
}

/** One chat and topic, and one person, at a time. */
function constraintsOf(ctx: Ctx): string[] {
  const chat = ctx.chatId === undefined ? [] : [`c${ctx.chatId}:${ctx.msg?.message_thread_id ?? 0}`]
  return ctx.from ? [...chat, `u${ctx.from.id}`] : chat
}
