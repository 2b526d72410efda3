/** @module Live text of running jobs: opens sealed chunks from Redis pub/sub for those who watch. Losing any of it costs nothing but the preview. */
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import type { FrontId, JobId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { decodeFrontMessage, type FrontMessage, frontChannel } from './channels.ts'
import type { DraftWatch } from './desk-port.ts'
import type { DeskSealing, DraftReader } from './desk-sealing.ts'
import type { DeskStore } from './desk-store.ts'
import type { RedisLink } from './redis.ts'

export interface Drafts {
  watch(job: JobId, watch: DraftWatch): () => void
  /** Registers who is told that a job has ended. */
  onEnded(listener: (job: JobId) => void): void
  close(): void
}

interface Watched {
  readonly watches: Set<DraftWatch>
  /** Steps of one job run one after the other: chunks must stay in order while a row is read. */
  last: Promise<void>
  attempt: number
  reader: DraftReader | undefined
}

/** Listens on the front's channel until closed. */
export async function createDrafts(deps: {
  front: FrontId
  redis: RedisLink
  store: DeskStore
  sealing: DeskSealing
  clock: Clock
  log: Log
}): Promise<Drafts> {
  const { front, redis, store, sealing, log } = deps
  const watched = new Map<JobId, Watched>()
  const ended = new Set<(job: JobId) => void>()

  const readerFor = async (job: JobId, entry: Watched, attempt: number): Promise<void> => {
    if (entry.attempt === attempt) return
    entry.reader?.discard()
    entry.reader = undefined
    entry.attempt = attempt
    const running = await store.running(job)
    if (running?.attempt === attempt) entry.reader = sealing.followDraft({ job, ...running })
  }
  const follow = async (
    message: Extract<FrontMessage, { kind: 'chunk' }>,
    entry: Watched,
  ): Promise<void> => {
    try {
      await readerFor(message.job, entry, message.attempt)
      const step = entry.reader?.push(message.header, message.chunk)
      if (!step) return
      for (const watch of entry.watches) {
        if (step.kind === 'draft') watch.onDraft(step.text)
        if (step.kind === 'progress') watch.onProgress(step.percent)
      }
    } catch (error) {
      // Redis may hand us anything; the final answer comes another way.
      log.failure('draft.dropped', describe(error))
    }
  }
  const unsubscribe = await redis.subscribe(frontChannel(front), (bytes) => {
    const message = decodeFrontMessage(bytes)
    if (!message) return
    if (message.kind === 'ended') {
      for (const listener of ended) listener(message.job)
      return
    }
    const entry = watched.get(message.job)
    if (entry) entry.last = entry.last.then(() => follow(message, entry))
  })

  return {
    watch: (job, watch) => {
      const entry = watched.get(job) ?? {
        watches: new Set(),
        last: Promise.resolve(),
        attempt: 0,
        reader: undefined,
      }
      watched.set(job, entry)
      entry.watches.add(watch)
      return () => {
        entry.watches.delete(watch)
        if (entry.watches.size > 0) return
        entry.reader?.discard()
        if (watched.get(job) === entry) watched.delete(job)
      }
    },
    onEnded: (listener) => {
      ended.add(listener)
    },
    close: () => {
      unsubscribe()
      for (const entry of watched.values()) entry.reader?.discard()
      watched.clear()
    },
  }
}
