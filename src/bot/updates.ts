/** @module Updates: kept before Telegram forgets them, handled once, replayed after a crash. */
import {
  createRunner,
  createSource,
  type RunnerHandle,
  type UpdateSupplier,
} from '@grammyjs/runner'
import type { Update } from 'grammy/types'
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import type { Log } from '../core/log.ts'
import { Plaintext } from '../core/plaintext.ts'
import type { InboxStore, KeptUpdate, OpenUpdate } from './inbox.ts'
import { type Bundle, createMerger } from './merge.ts'
import { refusalOf } from './telegram-errors.ts'
import type { Vault } from './vault-port.ts'

/** Always sent: left out, Telegram would keep the list of an earlier version. */
export const allowedUpdates = [
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'stopped_message_generation',
  'callback_query',
  'my_chat_member',
  'chat_member',
] as const satisfies readonly Exclude<keyof Update, 'update_id'>[]

/** Handles one request; resolves when nothing of it can be lost any more (the job's row exists, the answer is out). */
type Handle = (bundle: Bundle) => Promise<void>

/** The runner's own kind of signal. */
type Signal = Parameters<UpdateSupplier<Update>['supply']>[1]

export interface UpdatesDeps {
  /** Fetches the next updates; confirms those it gave before. */
  readonly fetch: (size: number, signal: Signal) => Promise<readonly Update[]>
  readonly inbox: InboxStore
  readonly vault: Vault
  readonly handle: Handle
  /** Told once when a request failed for good. */
  readonly giveUp: (update: Update, error: unknown) => Promise<void>
  /** Private messages that waited so long that one should ask first. */
  readonly askBacklog: (stale: readonly Update[]) => Promise<void>
  /** Updates worth no row: group messages that are none of our business. */
  readonly isIgnored: (update: Update) => Promise<boolean>
  /** Called once when polling cannot go on: the token is wrong or another process polls. */
  readonly onFatal: (code: 'telegram.token' | 'telegram.conflict' | 'internal.error') => void
  readonly clock: Clock
  readonly log: Log
}

export interface Updates {
  /** Replays what is open, then polls. */
  start(): Promise<void>
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

export function createUpdates(deps: UpdatesDeps): Updates {
  const { inbox, vault, clock, log } = deps
  const running = new Set<Promise<void>>()
  const stale = new Map<number, Update[]>()
  let wake: (() => void) | undefined
  let isStopping = false

  const merger = createMerger(clock, (bundle) => {
    const task = handleKept(bundle).finally(() => {
      running.delete(task)
      wake?.()
    })
    running.add(task)
  })

  async function handleKept({ update, parts }: Bundle): Promise<void> {
    const ids = parts.map((part) => part.update_id)
    for (let attempt = 0; ; attempt++) {
      try {
        await deps.handle({ update, parts })
        break
      } catch (error) {
        log.failure('update.failed', describe(error))
        if (isStopping) return
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
  }

  const tellUnanswered = (error: unknown): void => log.failure('update.unanswered', describe(error))

  /** The database may be away: what must be written is tried until it is. */
  async function persist<T>(
    event: 'inbox.close-failed' | 'inbox.keep-failed',
    write: () => Promise<T>,
  ): Promise<T | undefined> {
    for (let waitMs = 200; ; waitMs = Math.min(waitMs * 2, 10_000)) {
      try {
        return await write()
      } catch (error) {
        log.failure(event, describe(error))
        if (isStopping) return undefined
        await clock.sleep(waitMs)
      }
    }
  }

  /** Gives back the updates that are new and now safe. */
  async function keep(batch: readonly Update[]): Promise<readonly Update[]> {
    const wanted: Update[] = []
    for (const update of batch) if (!(await deps.isIgnored(update))) wanted.push(update)
    if (wanted.length === 0) return []
    const rows = wanted.map((update) => rowOf(update, vault))
    const fresh = await persist('inbox.keep-failed', () => inbox.keep(rows))
    return wanted.filter((update) => fresh?.has(update.update_id))
  }

  async function replay(): Promise<void> {
    await inbox.sweep(clock.now() - keepIdsMs)
    for (const row of await inbox.open()) {
      if ((await inbox.replayed(row.updateId)) > maxReplays) {
        log.warn('update.dropped', { updateId: row.updateId })
        await inbox.close([row.updateId])
        continue
      }
      const update = openRow(row, vault)
      const verdict = update ? freshness(update, row, clock.now()) : 'drop'
      if (update && verdict === 'handle') merger.add(update)
      else if (update && verdict === 'ask') {
        const chat = update.message?.chat.id ?? 0
        stale.set(chat, [...(stale.get(chat) ?? []), update])
      } else await inbox.close([row.updateId])
    }
    merger.flush()
    for (const updates of stale.values()) await deps.askBacklog(updates).catch(tellUnanswered)
  }

  const source = createSource<Update>({
    // The next call, which confirms this batch to Telegram, is made only when this one has been kept.
    supply: async (size, signal) => [...(await keep(await deps.fetch(size, signal)))],
  })
  let runner: RunnerHandle | undefined
  return {
    start: async () => {
      await replay()
      runner = createRunner(source, {
        handle: async (updates) => {
          for (const update of updates) merger.add(update)
          while (running.size >= maxConcurrent)
            await new Promise<void>((resolve) => (wake = resolve))
          return maxConcurrent - running.size
        },
        size: () => running.size,
        snapshot: () => [],
      })
      runner.start()
      runner.task()?.catch((error: unknown) => {
        log.failure('polling.ended', describe(error))
        const kind = refusalOf(error)?.kind
        if (kind === 'conflict') deps.onFatal('telegram.conflict')
        else if (kind === 'token') deps.onFatal('telegram.token')
        else if (!isStopping) deps.onFatal('internal.error')
      })
    },
    settleBacklog: async (chatId, choice) => {
      const updates = stale.get(chatId) ?? []
      stale.delete(chatId)
      if (choice === 'discard') await inbox.close(updates.map((update) => update.update_id))
      else for (const update of updates) merger.add(update)
      return updates.length
    },
    idle: async () => {
      merger.flush()
      while (running.size > 0) await Promise.all(running)
    },
    stop: async () => {
      isStopping = true
      await runner?.stop()?.catch(() => undefined)
      merger.flush()
      await Promise.all(running)
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
    sealed: vault.seal('inbox', String(updateId), Plaintext.of(JSON.stringify(update))),
  }
}

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
  if (message?.chat.type === 'private') return age > staleMs ? 'ask' : 'handle'
  // A channel's post, in the channel or as its copy in the discussion group.
  if (update.channel_post || message?.is_automatic_forward === true)
    return age > stalePostMs ? 'drop' : 'handle'
  if (message) return age > staleCommandMs ? 'drop' : 'handle'
  return age > staleMs ? 'drop' : 'handle'
}
