/** @module Updates: kept before Telegram forgets them, handled once and in the order of their chat, taken up again after a crash. */
import type { Update } from 'grammy/types'
import type { Clock } from '../../core/clock.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import { Plaintext } from '../../core/plaintext.ts'
import { isMoneyNews } from '../features/checkout.ts'
import { refusalOf } from '../telegram/refusals.ts'
import type { Vault } from '../vault-port.ts'
import type { InboxStore, KeptUpdate, OpenUpdate } from './inbox.ts'
import { type Bundle, createMerger } from './merge.ts'

/** Always sent: left out, Telegram would keep the list of an earlier version. */
export const allowedUpdates = [
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'stopped_message_generation',
  'callback_query',
  'pre_checkout_query',
  'subscription',
  'my_chat_member',
  'chat_member',
] as const satisfies readonly Exclude<keyof Update, 'update_id'>[]

/** Handles one request; resolves when nothing of it can be lost any more (the job's row exists, the answer is out). */
type Handle = (bundle: Bundle) => Promise<void>

export interface UpdatesDeps {
  readonly inbox: InboxStore
  readonly vault: Vault
  readonly handle: Handle
  /** Told once when a request failed for good. */
  readonly giveUp: (update: Update, error: unknown) => Promise<void>
  /** Private messages that waited so long that one should ask first. */
  readonly askBacklog: (stale: readonly Update[]) => Promise<void>
  /** Updates worth no row: group messages that are none of our business. */
  readonly isIgnored: (update: Update) => Promise<boolean>
  /** What cannot wait for the inbox is done at once and leaves no row; undefined for everything else. Never rejects. */
  readonly atOnce: (update: Update) => Promise<void> | undefined
  /** Other processes may write to the same inbox: it is looked at five times a second. */
  readonly isShared: boolean
  readonly clock: Clock
  readonly log: Log
}

export interface Updates {
  /** Takes up what is open, and goes on looking. */
  start(): Promise<void>
  /** True as soon as the batch is safe; false when the process ends first: then Telegram must not be told that it is. */
  keep(batch: readonly Update[]): Promise<boolean>
  /** How many more updates there is room for; waits while there is none. */
  room(): Promise<number>
  /** Handles the kept old messages of a chat now, or closes them. */
  settleBacklog(chatId: number, choice: 'process' | 'discard'): Promise<number>
  /** Resolves when nothing is being handled. */
  idle(): Promise<void>
  stop(): Promise<void>
}

const maxConcurrent = 500
/** Three tries, 1 and 10 s apart, then the person is told. */
const retryAfterMs: readonly number[] = [1000, 10_000]
/** Database or connection away: nothing is wrong with the request, so it waits for about five minutes. */
const patientMs: readonly number[] = [500, 2000, 5000, 10_000, 30_000, 60_000, 60_000, 120_000]
/** An update that was there at so many starts may be what ends the process. */
const maxReplays = 5
const staleMs = 6 * 3_600_000
const staleCommandMs = 10 * 60_000
const stalePostMs = 24 * 3_600_000
const keepIdsMs = 48 * 3_600_000
/** Less than a comment waits for its forward, which another process may have been given. */
const lookEveryMs = 200
const renewEveryMs = 10_000

type StoreEvent = 'inbox.close-failed' | 'inbox.keep-failed' | 'inbox.claim-failed'

export function createUpdates(deps: UpdatesDeps): Updates {
  const { inbox, vault, clock, log } = deps
  const running = new Set<Promise<void>>()
  /** Lane of every update that waits for its parts or is being handled. */
  const inHand = new Map<number, number>()
  /** Lanes this process was given, with what is in hand of each. */
  const lanes = new Map<number, number>()
  const stale = new Map<number, Update[]>()
  const stops: (() => void)[] = []
  const wakes = new Set<() => void>()
  let startedAt = clock.now()
  const ending = new AbortController()
  let isFull = false
  /** What a person has to decide on takes up no room. */
  const room = (): number => {
    const shelved = [...stale.values()].reduce((sum, updates) => sum + updates.length, 0)
    return maxConcurrent - inHand.size + shelved
  }

  const merger = createMerger(clock, (bundle) => {
    track(handleKept(bundle))
  })

  function track(work: Promise<void>): void {
    const task = work.finally(() => running.delete(task))
    running.add(task)
  }

  async function handleKept({ update, parts }: Bundle): Promise<void> {
    const ids = parts.map((part) => part.update_id)
    for (let attempt = 0; ; attempt++) {
      try {
        await deps.handle({ update, parts })
        break
      } catch (error) {
        log.failure('update.failed', describe(error))
        if (ending.signal.aborted) return
        const waitMs = (isAway(error) ? patientMs : retryAfterMs)[attempt]
        const isHopeless = refusalOf(error)?.kind === 'gone'
        if (waitMs === undefined || isHopeless) {
          if (!isHopeless) await deps.giveUp(update, error).catch(tellUnanswered)
          break
        }
        await clock.sleep(waitMs)
      }
    }
    await persist('inbox.close-failed', () => inbox.close(ids))
    letGo(ids)
    if (isFull) void pull()
  }

  const tellUnanswered = (error: unknown): void => log.failure('update.unanswered', describe(error))

  /** The database may be away: what must be written is tried until it is. */
  async function persist<T>(event: StoreEvent, write: () => Promise<T>): Promise<T | undefined> {
    for (let waitMs = 200; ; waitMs = Math.min(waitMs * 2, 10_000)) {
      try {
        return await write()
      } catch (error) {
        log.failure(event, describe(error))
        if (ending.signal.aborted) return undefined
        await clock.sleep(waitMs)
      }
    }
  }

  function take({ updateId, lane }: Pick<OpenUpdate, 'updateId' | 'lane'>): void {
    inHand.set(updateId, lane)
    lanes.set(lane, (lanes.get(lane) ?? 0) + 1)
  }

  function letGo(ids: readonly number[]): void {
    for (const id of ids) {
      const lane = inHand.get(id)
      if (lane !== undefined && inHand.delete(id)) lanes.set(lane, (lanes.get(lane) ?? 1) - 1)
    }
    for (const wake of wakes) wake()
    wakes.clear()
  }

  /** Takes open rows in hand, again when it was called meanwhile; never twice at once. */
  let pulling: Promise<void> | undefined
  let isWanted = false
  function pull(): Promise<void> {
    isWanted = true
    pulling ??= (async () => {
      while (isWanted && !ending.signal.aborted) {
        isWanted = false
        await persist('inbox.claim-failed', pullOnce)
      }
      pulling = undefined
    })()
    return pulling
  }

  async function pullOnce(): Promise<void> {
    const idle = [...lanes].filter(([, count]) => count === 0).map(([lane]) => lane)
    await inbox.release(idle)
    for (const lane of idle) lanes.delete(lane)
    isFull = room() <= 0
    if (isFull) return
    const asked: Update[][] = []
    const rows = await inbox.claim([...inHand.keys()], room())
    const unseen = new Set(rows.map((row) => row.updateId))
    for (const row of rows) take(row)
    try {
      for (const row of rows) {
        const update = await look(row)
        unseen.delete(row.updateId)
        if (!update) continue
        if (freshness(update, row, clock.now()) === 'handle') merger.add(update)
        else asked.push(shelve(update))
      }
    } catch (error) {
      // The database went away in between: what was not looked at is claimed again by the next try.
      letGo([...unseen])
      throw error
    }
    // What was interrupted has all its parts by now.
    if (rows.some((row) => row.receivedAt < startedAt)) merger.flush()
    isFull = room() <= 0
    for (const updates of new Set(asked)) await deps.askBacklog(updates).catch(tellUnanswered)
  }

  /** The update of a row that is worth handling; any other row is closed. */
  async function look(row: OpenUpdate): Promise<Update | undefined> {
    const ids = [row.updateId]
    if (row.receivedAt < startedAt && (await inbox.replayed(row.updateId)) > maxReplays)
      log.warn('update.dropped', { updateId: row.updateId })
    else {
      const update = openRow(row, vault)
      if (update && freshness(update, row, clock.now()) !== 'drop') return update
    }
    await inbox.close(ids)
    letGo(ids)
    return undefined
  }

  function shelve(update: Update): Update[] {
    const chat = update.message?.chat.id ?? 0
    const updates = stale.get(chat) ?? []
    updates.push(update)
    stale.set(chat, updates)
    return updates
  }

  return {
    start: async () => {
      startedAt = clock.now()
      await inbox.sweep(clock.now() - keepIdsMs)
      await pull()
      if (deps.isShared) stops.push(clock.every(lookEveryMs, () => void pull()))
      stops.push(
        clock.every(renewEveryMs, () => {
          inbox
            .renew()
            .catch((error: unknown) => log.failure('inbox.claim-failed', describe(error)))
          void pull()
        }),
      )
    },
    keep: async (batch) => {
      const wanted: Update[] = []
      for (const update of batch) {
        const done = deps.atOnce(update)
        if (done) track(done)
        else if (!(await deps.isIgnored(update))) wanted.push(update)
      }
      if (wanted.length === 0) return true
      const rows = wanted.map((update) => rowOf(update, vault))
      const kept = await persist('inbox.keep-failed', () => inbox.keep(rows))
      if (kept && kept.size > 0) void pull()
      return kept !== undefined
    },
    room: async () => {
      while (room() <= 0 && !ending.signal.aborted)
        await new Promise<void>((resolve) => void wakes.add(resolve))
      return room()
    },
    settleBacklog: async (chatId, choice) => {
      const updates = stale.get(chatId) ?? []
      stale.delete(chatId)
      if (choice === 'process') for (const update of updates) merger.add(update)
      else {
        const ids = updates.map((update) => update.update_id)
        await inbox.close(ids)
        letGo(ids)
      }
      return updates.length
    },
    idle: async () => {
      await pulling
      merger.flush()
      while (running.size > 0) await Promise.all(running)
    },
    stop: async () => {
      ending.abort()
      for (const stop of stops) stop()
      letGo([])
      await pulling
      merger.flush()
      await Promise.all(running)
      await inbox.release([...lanes.keys()]).catch(() => undefined)
    },
  }
}

/** A store or Telegram that cannot be reached, as far as a foreign error tells: by its class, never by its words. */
const isAway = (error: unknown): boolean =>
  refusalOf(error)?.kind === 'lost' ||
  (error instanceof Error && /^(PrismaClient|DriverAdapter)/.test(error.constructor.name))

function rowOf(update: Update, vault: Vault): KeptUpdate {
  const updateId = update.update_id
  const message =
    update.message ?? update.edited_message ?? update.channel_post ?? update.edited_channel_post
  const callback = update.callback_query
  const chatId = message?.chat.id ?? callback?.message?.chat.id
  const userId = message?.from?.id ?? callback?.from.id
  const messageId = message?.message_id ?? callback?.message?.message_id
  return {
    updateId,
    kind: kindOf(update),
    ...(chatId !== undefined && { chatId }),
    ...(userId !== undefined && { userId }),
    ...(messageId !== undefined && { messageId }),
    lane: laneOf(update, chatId),
    sealed: vault.seal('inbox', String(updateId), Plaintext.of(JSON.stringify(update))),
  }
}

/** Stop and news of money wait for nothing; whatever else belongs to a chat keeps the order of the chat. */
const laneOf = (update: Update, chatId: number | undefined): number =>
  (isMoneyNews(update) ? undefined : chatId) ??
  update.my_chat_member?.chat.id ??
  update.chat_member?.chat.id ??
  update.update_id

const kindOf = (update: Update): string =>
  Object.keys(update).find((key) => key !== 'update_id') ?? 'unknown'

/** Undefined when its key is gone: it is more than a day old. */
function openRow(row: OpenUpdate, vault: Vault): Update | undefined {
  try {
    const text = new TextDecoder().decode(
      vault.open('inbox', String(row.updateId), row.sealed).reveal(),
    )
    const update: unknown = JSON.parse(text)
    return isUpdate(update) ? update : undefined
  } catch {
    return undefined
  }
}

/** Sealed by ourselves, so the id is proof enough of the shape. */
const isUpdate = (value: unknown): value is Update =>
  typeof value === 'object' && value !== null && 'update_id' in value

/** What is still worth doing after a pause. */
function freshness(update: Update, row: OpenUpdate, now: number): 'handle' | 'ask' | 'drop' {
  const age = now - row.receivedAt
  const { message } = update
  // However late: somebody has paid.
  if (isMoneyNews(update)) return 'handle'
  if (message?.chat.type === 'private') return age > staleMs ? 'ask' : 'handle'
  // A channel's post, in the channel or as its copy in the discussion group.
  if (update.channel_post || message?.is_automatic_forward === true)
    return age > stalePostMs ? 'drop' : 'handle'
  if (message) return age > staleCommandMs ? 'drop' : 'handle'
  return age > staleMs ? 'drop' : 'handle'
}
