/** @module Hands every ended job to its front at least once; the row, not a message, says what is still owed (ENG B9). */
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import { isBlobId, type JobId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import type { Blobs } from './blobs.ts'
import type { Finished } from './desk-port.ts'
import type { DeskSealing } from './desk-sealing.ts'
import type { DeskStore, EndedJob } from './desk-store.ts'

export interface Deliveries {
  start(deliver: (finished: Finished) => Promise<void>): void
  /** A job of this front may have ended. */
  hint(job: JobId): void
  /** Jobs of another front may be this front's now. */
  scan(): void
  /** Waits for deliveries under way. */
  close(): Promise<void>
}

const scanMs = 10_000
const maxAtOnce = 16
/** 1 s … 60 s between tries of one job. */
const retryMs = (tries: number): number => Math.min(1000 * 2 ** (tries - 1), 60_000)

export function startDeliveries(deps: {
  store: DeskStore
  blobs: Blobs
  sealing: DeskSealing
  clock: Clock
  log: Log
  onEnded: (listener: (job: JobId) => void) => void
}): Deliveries {
  const { store, blobs, sealing, clock, log } = deps
  const queue: JobId[] = []
  const busy = new Set<JobId>()
  const tries = new Map<JobId, number>()
  const running = new Set<Promise<void>>()
  const stops = new Set<() => void>()
  let deliver: ((finished: Finished) => Promise<void>) | undefined
  let closed = false

  const open = (job: JobId, ended: EndedJob): Finished => {
    const { facts, state, code, attempt, kid, wrappedResult, sealedResult, wrappedSalt } = ended
    if (state !== 'done') return { ...facts, state, code }
    try {
      if (kid && wrappedResult && sealedResult) {
        const sealed = { result: sealedResult, ...(wrappedSalt && { salt: wrappedSalt }) }
        const opened = sealing.openResult({ job, attempt, kid, wrappedResult }, sealed)
        return { ...facts, state, ...opened }
      }
    } catch (error) {
      log.failure('result.unreadable', describe(error))
    }
    return { ...facts, state: 'failed', code: 'stores.lost' }
  }
  const deliverOne = async (job: JobId): Promise<void> => {
    if (!deliver) return
    const ended = await store.ended(job)
    if (!ended) return
    const finished = open(job, ended)
    try {
      await deliver(finished)
    } finally {
      if (finished.state === 'done') wipeAnswer(finished)
    }
    await store.markDelivered(job, clock.now())
    if (ended.blobId !== null && isBlobId(ended.blobId)) await blobs.remove(ended.blobId)
    tries.delete(job)
    log.info('job.delivered', { job, state: finished.state })
  }
  const pump = (): void => {
    if (closed || !deliver) return
    for (const job of queue.splice(0, maxAtOnce - busy.size)) {
      busy.add(job)
      const done = deliverOne(job)
        .catch((error: unknown) => retryLater(job, error))
        .finally(() => {
          busy.delete(job)
          running.delete(done)
          pump()
        })
      running.add(done)
    }
  }
  const retryLater = (job: JobId, error: unknown): void => {
    const count = (tries.get(job) ?? 0) + 1
    tries.set(job, count)
    log.failure('delivery.failed', describe(error))
    const stop = clock.after(retryMs(count), () => {
      stops.delete(stop)
      waiting.delete(job)
      hint(job)
    })
    waiting.add(job)
    stops.add(stop)
  }
  /** Jobs whose next try has a time of its own: neither scan nor hint brings it forward. */
  const waiting = new Set<JobId>()
  const hint = (job: JobId): void => {
    if (closed || waiting.has(job) || busy.has(job) || queue.includes(job)) return
    queue.push(job)
    pump()
  }
  const scan = async (): Promise<void> => {
    try {
      for (const job of await store.undelivered(200)) hint(job)
    } catch (error) {
      log.failure('delivery.scan-failed', describe(error))
    }
  }

  return {
    start: (handler) => {
      deliver = handler
      deps.onEnded(hint)
      void scan() // its errors are logged
      stops.add(clock.every(scanMs, () => void scan()))
    },
    hint,
    scan: () => void scan(), // its errors are logged
    close: async () => {
      closed = true
      for (const stop of stops) stop()
      await Promise.allSettled(running)
    },
  }
}

function wipeAnswer({ output, salts }: Extract<Finished, { state: 'done' }>): void {
  output.wipe()
  salts?.input.fill(0)
  salts?.output.fill(0)
}
