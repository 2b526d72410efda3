/** @module The bot put together: from a Telegram client and stores to a running bot. */
import type { Update } from 'grammy/types'
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
import type { Services } from './context.ts'
import { createCopies } from './delivery/copies.ts'
import { createCopyStore } from './delivery/copy-store.ts'
import { createDeliver } from './delivery/deliver.ts'
import { createDeliveryStore } from './delivery/delivery-store.ts'
import { createLive } from './delivery/live.ts'
import type { ProofLinks } from './delivery/proof-links.ts'
import { type AnswerFacts, createRecentFacts } from './delivery/recent-facts.ts'
import { createDialogueStore } from './dialogues/store.ts'
import { apologise, askBacklog } from './features/backlog.ts'
import { answerCheckout } from './features/checkout.ts'
import { isFreshEdit } from './features/edits.ts'
import { createGpuStore } from './gpu/gpu-store.ts'
import type { GpuPort } from './gpu/port.ts'
import { watchGpus } from './gpu/watch.ts'
import { createGroups } from './groups/groups.ts'
import { addHandlers } from './handlers.ts'
import { createHandling } from './intake/handling.ts'
import { createInboxStore } from './intake/inbox-store.ts'
import { type IntakeChoice, startIntake } from './intake/intake.ts'
import type { Fatal } from './intake/polling.ts'
import { createUpdates, type Updates } from './intake/updates.ts'
import { createExportStore } from './people/export-store.ts'
import { type ForgetDeps, forgetPerson } from './people/forget.ts'
import { createUserStore } from './people/user-store.ts'
import { detectLanguage } from './reading/language.ts'
import type { Reader } from './reading/read.ts'
import { createPrivatePublisher } from './replies/private.ts'
import { type Choice, createAccept, resumeLive } from './requests/accept.ts'
import { createLimits } from './requests/limits.ts'
import { type BoundOf, createPricing } from './requests/pricing.ts'
import { createChats } from './telegram/chats.ts'
import { openClients } from './telegram/clients.ts'
import { announce } from './telegram/commands.ts'
import { createFiles } from './telegram/files.ts'
import { type Pacer, paceCalls } from './telegram/pacer.ts'
import { createStarCalls } from './telegram/star-calls.ts'
import { createUnreachableStore } from './telegram/unreachable-store.ts'
import type { Vault } from './vault-port.ts'

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
  const { bot, api, frameApi, urgentApi } = await openClients(deps)
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

  const updates = createUpdates({
    inbox,
    vault,
    handle: createHandling(bot),
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

  const forgetting: ForgetDeps = {
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
  addHandlers(bot, {
    services,
    chats,
    channels,
    groups,
    updates,
    dialogues,
    vault,
    exports: createExportStore({ ...own, ...(money && { money }), ...(gpu && { gpu }) }),
    forget: (userId) => forgetPerson(forgetting, userId),
    operators,
    ...(gpu && { gpu }),
  })

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

/** Messages of groups and channels leave no trace unless they are for us. */
function isPublic(update: Update): boolean {
  const message =
    update.message ?? update.edited_message ?? update.channel_post ?? update.edited_channel_post
  return message !== undefined && (message.chat.type !== 'private' || !!update.edited_message)
}
