/** @module The bot put together: from a Telegram client and stores to a running bot. */
import { conversations } from '@grammyjs/conversations'
import { createUpdateFetcher, sequentialize } from '@grammyjs/runner'
import type { ApiClientOptions } from 'grammy'
import { Api, Bot, BotError } from 'grammy'
import type { Message, Update } from 'grammy/types'
import { AppError } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import type { JobId } from '../core/ids.ts'
import type { Lifetime } from '../core/lifetime.ts'
import type { Log } from '../core/log.ts'
import type { Secret } from '../core/plaintext.ts'
import type { Database } from '../db/database.ts'
import type { OpenStarsDesk, StarsDesk } from '../payments/stars/stars-desk-port.ts'
import type { Stars } from '../payments/stars/stars-port.ts'
import type { Desk } from '../queue/desk-port.ts'
import { createChannels } from './channels/channels.ts'
import type { Ctx, PersonFlavor, Services } from './context.ts'
import { createCopies } from './delivery/copies.ts'
import { createCopyStore } from './delivery/copy-store.ts'
import { createDeliver } from './delivery/deliver.ts'
import { createDeliveryStore } from './delivery/delivery-store.ts'
import { createLive } from './delivery/live.ts'
import type { ProofLinks } from './delivery/proof-links.ts'
import { type AnswerFacts, createRecentFacts } from './delivery/recent-facts.ts'
import { addForgetDialogue } from './dialogues/forget.ts'
import { dialogueStorage } from './dialogues/storage.ts'
import { createDialogueStore } from './dialogues/store.ts'
import { apologise, askBacklog } from './features/backlog.ts'
import { addCancel } from './features/cancel.ts'
import { answerCheckout } from './features/checkout.ts'
import { addData } from './features/data.ts'
import { addEdits, isFreshEdit } from './features/edits.ts'
import { addGpu } from './features/gpu.ts'
import { addInfo } from './features/info.ts'
import { addMessages } from './features/messages.ts'
import { addMoney } from './features/money.ts'
import { addPayments } from './features/payments.ts'
import { addLatePresses, addPresses, type PressDeps } from './features/presses.ts'
import { addSettings } from './features/settings.ts'
import { addStop } from './features/stop.ts'
import { addTaskCommands } from './features/task-commands.ts'
import { addTickets } from './features/tickets.ts'
import { createGpuStore } from './gpu/gpu-store.ts'
import type { GpuPort } from './gpu/port.ts'
import { watchGpus } from './gpu/watch.ts'
import { createGroups } from './groups/groups.ts'
import { createInboxStore } from './intake/inbox-store.ts'
import type { Bundle } from './intake/merge.ts'
import { type Fatal, type Intake, startPolling } from './intake/polling.ts'
import { allowedUpdates, createUpdates, type Updates } from './intake/updates.ts'
import { startWebhook, type WebhookOptions } from './intake/webhook.ts'
import { createExportStore } from './people/export-store.ts'
import { forgetPerson } from './people/forget.ts'
import { defaultSettings, uiOf } from './people/settings.ts'
import { createUserStore } from './people/user-store.ts'
import { detectLanguage } from './reading/language.ts'
import type { Reader } from './reading/read.ts'
import { createPrivatePublisher } from './replies/private.ts'
import { type Choice, createAccept, resumeLive } from './requests/accept.ts'
import { createLimits } from './requests/limits.ts'
import { type BoundOf, createPricing } from './requests/pricing.ts'
import { createRequests } from './requests/requests.ts'
import { createChats } from './telegram/chats.ts'
import { announce } from './telegram/commands.ts'
import { createFiles } from './telegram/files.ts'
import { type Pacer, paceCalls } from './telegram/pacer.ts'
import { refusalOf } from './telegram/refusals.ts'
import { retryCalls } from './telegram/retry.ts'
import { createStarCalls } from './telegram/star-calls.ts'
import { createUnreachableStore } from './telegram/unreachable-store.ts'
import { textsOf } from './texts/texts.ts'
import type { Vault } from './vault-port.ts'

/** `inbox`: takes in nothing and helps with what other processes of this bot kept. */
export type IntakeChoice =
  | { readonly kind: 'polling' | 'inbox' }
  | ({ readonly kind: 'webhook' } & WebhookOptions)

export interface BotDeps {
  readonly token: Secret
  readonly apiRoot: string
  readonly desk: Desk
  readonly vault: Vault
  readonly db: Database
  readonly reader: Reader
  readonly choice: Choice
  /** Key of the hashes by which channel posts are known again; the same after a restart. */
  readonly postKey: Uint8Array
  readonly clock: Clock
  readonly log: Log
  readonly life: Lifetime
  readonly intake: IntakeChoice
  readonly pacer: Pacer
  readonly proofs?: ProofLinks
  /** Absent where nothing is charged. */
  readonly money?: {
    readonly open: OpenStarsDesk
    readonly boundOf: BoundOf
    /** Telegram accounts that answer tickets. */
    readonly operators: readonly number[]
  }
  /** Absent: nobody brings machines here. */
  readonly gpu?: GpuPort
  readonly onFatal: (code: Fatal) => void
}

export interface RunningBot {
  readonly facts: (job: JobId) => AnswerFacts | undefined
  readonly updates: Updates
  /** Absent where nothing is charged. */
  readonly stars?: Pick<Stars, 'compare'>
}

/** How often expired copies and old rows are deleted. */
const sweepEveryMs = 10 * 60_000
const compareEveryMs = 24 * 3_600_000
const keepDeliveriesMs = 7 * 24 * 3_600_000

/** Starts polling and delivering; everything it opens is kept in `life`. */
export async function startBot(deps: BotDeps): Promise<RunningBot> {
  const { desk, vault, db, clock, log, life, choice } = deps
  const client: ApiClientOptions = { apiRoot: deps.apiRoot, timeoutSeconds: 60 }
  const bot = new Bot<Ctx>(deps.token.reveal(), { client })
  bot.api.config.use(retryCalls(clock, deps.pacer))
  await bot.init().catch(refuseToken)
  const api = new Api(deps.token.reveal(), client)
  api.config.use(retryCalls(clock, deps.pacer))
  const frameApi = new Api(deps.token.reveal(), { ...client, timeoutSeconds: 5 })

  const urgentApi = new Api(deps.token.reveal(), { ...client, timeoutSeconds: 5 })
  const money = deps.money?.open(createStarCalls(api), bot.botInfo.id)
  const boundOf = deps.money?.boundOf
  const pricing = money && boundOf && createPricing({ ...choice, desk: money, boundOf })
  const operators = deps.money?.operators ?? []
  const gpu = deps.gpu && { port: deps.gpu, store: createGpuStore(db), clock }

  const own = { db, botId: bot.botInfo.id, clock }
  const deliveries = createDeliveryStore(own)
  const users = createUserStore(own)
  const copyStore = createCopyStore(own)
  const inbox = createInboxStore({ ...own, holder: desk.front })
  const dialogues = createDialogueStore(own)
  const copies = createCopies({ store: copyStore, clock })
  const recent = createRecentFacts()
  const inPrivate = createPrivatePublisher({ api, frameApi })
  const channels = createChannels({
    ...own,
    api,
    desk,
    deliveries,
    copies,
    vault,
    hashKey: deps.postKey,
    log,
    signal: life.signal,
  })
  const groups = createGroups({ ...own, api, me: bot.botInfo })
  const unreachable = createUnreachableStore(own)
  const move = (from: number, to: number) => groups.move(from, to)
  const chats = createChats({ unreachable, deliveries, desk, move, log })
  // The last one is asked first: whoever waits for a turn waits before the call and all its repetitions.
  for (const it of [bot.api, api, frameApi]) it.config.use(chats.watch, paceCalls(deps.pacer))
  const publishers = { private: inPrivate, ...groups.publishers, ...channels.publishers }
  const live = life.keep('drafts', createLive({ desk, publishers, clock, log }), (it) => it.close())
  const files = createFiles({
    api,
    root: deps.apiRoot,
    token: deps.token,
    clock,
    signal: life.signal,
  })
  const limits = createLimits({ deliveries, clock })
  const accept = createAccept({
    desk,
    deliveries,
    live,
    files,
    limits,
    choice,
    botId: bot.botInfo.id,
    clock,
    ...(pricing && { pricing }),
  })
  const services: Services & { reader: Reader } = {
    api,
    desk,
    accept,
    deliveries,
    users,
    copies,
    files,
    limits,
    choice,
    me: bot.botInfo,
    clock,
    log,
    reader: deps.reader,
    ...(money && { money }),
    ...(pricing && { pricing }),
  }
  const requests = createRequests(services)

  const flavors = new WeakMap<Update, Pick<PersonFlavor, 'parts' | 'track'>>()
  const updates = createUpdates({
    inbox,
    vault,
    handle: (bundle) => handleBundle(bot, flavors, bundle),
    giveUp: (update) => apologise(services, update),
    askBacklog: (stale) => askBacklog(services, stale),
    atOnce: ({ pre_checkout_query: query }) =>
      query && answerCheckout({ api: urgentApi, money, clock, log }, query),
    isIgnored: async (update) =>
      isPublic(update) &&
      !isFreshEdit(update) &&
      !(await groups.wants(update)) &&
      !(await channels.wants(update)),
    isShared: db.kind === 'postgres',
    clock,
    log,
  })

  bot.use(async (ctx, next) => {
    Object.assign(ctx, flavors.get(ctx.update))
    await next()
  })
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
  const forgetAll = {
    desk,
    deliveries,
    users,
    copies: copyStore,
    inbox,
    channels,
    unreachable,
    ...(money && { money }),
    ...(gpu && {
      machines: {
        forget: (userId: number) => gpu.store.forget(gpu.port.ownerOf(userId), clock.now()),
      },
    }),
  }
  const forget = async (ctx: Ctx, answer: 'yes' | 'no'): Promise<void> => {
    const { forget: words } = ctx.texts
    await ctx.conversation.exitAll()
    if (!ctx.from || answer === 'no') await ctx.reply(words.kept)
    else await ctx.reply(words.done(await forgetPerson(forgetAll, ctx.from.id)))
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
  addData(privately, {
    me: bot.botInfo,
    exports: createExportStore({ ...own, ...(money && { money }), ...(gpu && { gpu }) }),
  })
  addSettings(privately, services)
  addTaskCommands(privately, requests)
  addEdits(privately, services, requests)
  addMessages(privately, services, requests)
  addLatePresses(bot)

  life.keep('updates', updates, (it) => it.stop())
  const sweeping = clock.every(sweepEveryMs, () => {
    void Promise.all([
      copyStore.sweep(),
      deliveries.sweep(clock.now() - keepDeliveriesMs),
      channels.sweep(),
    ]).catch((error: unknown) => log.failure('sweep.failed', describe(error)))
  })
  life.keep('sweep', sweeping, (stop) => stop())
  await announce(api).catch((error: unknown) => log.failure('announce.failed', describe(error)))
  // The detector's tables take a second to load: not while the first person waits.
  void detectLanguage(bot.botInfo.first_name.repeat(8), [])
  await resumeLive({ desk, deliveries, live })
  desk.startDeliveries(
    createDeliver({
      deliveries,
      users,
      copies,
      live,
      publishers,
      recent,
      chats,
      ...(deps.proofs && { proofs: deps.proofs }),
      ...(money && { money }),
      clock,
      log,
    }),
  )
  await updates.start()
  if (gpu) life.keep('gpu', watchGpus({ ...gpu, api, log }), (it) => it.close())
  if (money) life.keep('stars', startComparing({ money, clock, log }), (stop) => stop())
  life.keep('intake', await startIntake({ ...deps, bot, api, updates }), (it) => it?.stop())
  log.info('bot.started', { front: desk.front })
  return { facts: (job) => recent.of(job), updates, ...(money && { stars: money.stars }) }
}

/** What Telegram counts and we do not is booked at the start and once a day. */
function startComparing({
  money,
  clock,
  log,
}: Pick<BotDeps, 'clock' | 'log'> & { readonly money: StarsDesk }): () => void {
  const compare = (): void => {
    money.stars
      .compare()
      .catch((error: unknown) => log.failure('stars.compare-failed', describe(error)))
  }
  compare()
  return clock.every(compareEveryMs, compare)
}

/** Opens the way in for updates; whatever was the way before is closed at Telegram. */
async function startIntake(
  deps: BotDeps & { readonly bot: Bot<Ctx>; readonly api: Api; readonly updates: Updates },
): Promise<Intake | undefined> {
  const { intake, bot, api, updates, onFatal, log } = deps
  switch (intake.kind) {
    case 'inbox':
      return undefined
    case 'webhook':
      return startWebhook(intake, { api, botId: bot.botInfo.id, updates, log })
    case 'polling': {
      await api.deleteWebhook()
      const allowed = { timeout: 30, allowed_updates: allowedUpdates }
      const fetch = createUpdateFetcher(bot, { fetch: allowed, silent: true })
      return startPolling({ fetch, updates, onFatal, log })
    }
  }
}

/** Handles one request and waits for the work that outlasts its handler. */
async function handleBundle(
  bot: Bot<Ctx>,
  flavors: WeakMap<Update, Pick<PersonFlavor, 'parts' | 'track'>>,
  { update, parts }: Bundle,
): Promise<void> {
  const tracked: Promise<void>[] = []
  const messages: Message[] = parts
    .map((part) => part.message ?? part.channel_post)
    .filter((part) => part !== undefined)
  flavors.set(update, { parts: messages, track: (work) => void tracked.push(work) })
  try {
    await bot.handleUpdate(update)
  } catch (error) {
    // The wrapper holds the whole update; what goes on is only what went wrong.
    throw error instanceof BotError ? error.error : error
  } finally {
    await Promise.allSettled(tracked)
  }
  await Promise.all(tracked)
}

/** A token that Telegram does not know is the operator's business, told by its code. */
function refuseToken(cause: unknown): never {
  if (refusalOf(cause)?.kind === 'token') throw new AppError('telegram.token', {}, { cause })
  throw cause
}

/** One chat and topic, and one person, at a time. */
function constraintsOf(ctx: Ctx): string[] {
  const chat = ctx.chatId === undefined ? [] : [`c${ctx.chatId}:${ctx.msg?.message_thread_id ?? 0}`]
  return ctx.from ? [...chat, `u${ctx.from.id}`] : chat
}

/** Messages of groups and channels leave no trace unless they are for us. */
function isPublic(update: Update): boolean {
  const message =
    update.message ?? update.edited_message ?? update.channel_post ?? update.edited_channel_post
  return message !== undefined && (message.chat.type !== 'private' || !!update.edited_message)
}
