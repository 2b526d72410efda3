/** @module Bare BullMQ: add → worker process → result by its events, on the Redis that the line uses too. */
import { randomBytes } from 'node:crypto'
import { Queue, QueueEvents } from 'bullmq'
import { startChild } from './child.ts'

export interface Requester {
  /** One job, from its request to its answer. */
  ask(text: string, owner: number): Promise<void>
  /** Puts jobs behind everything that is asked, which nobody asked for. */
  pile(jobs: number): Promise<void>
  close(): Promise<void>
}

const keep = { age: 3600, count: 1000 }

export async function openBare(redisUrl: string, slots: number): Promise<Requester> {
  const connection = { url: redisUrl, maxRetriesPerRequest: null }
  const queue = new Queue('jobs', {
    connection,
    prefix: '{bare:0}',
    streams: { events: { maxLen: 1000 } },
    defaultJobOptions: { removeOnComplete: keep, removeOnFail: keep },
  })
  const events = new QueueEvents('jobs', { connection, prefix: '{bare:0}' })
  const waiting = new Map<string, () => void>()
  events.on('completed', ({ jobId }) => {
    waiting.get(jobId)?.()
    waiting.delete(jobId)
  })
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()])
  const worker = await startChild('bare-worker.ts', {
    BARE_REDIS: redisUrl,
    BARE_SLOTS: String(slots),
  })
  return {
    ask: async (text) => {
      const jobId = `j${randomBytes(16).toString('hex')}`
      const done = Promise.withResolvers<void>()
      waiting.set(jobId, done.resolve)
      await queue.add('translate', { text }, { jobId })
      await done.promise
    },
    pile: (jobs) => pileUp(queue, jobs),
    close: async () => {
      await worker.stop()
      await Promise.all([queue.close(), events.close()])
    },
  }
}

/** Jobs of the last class: never reached while those of the first wait. */
export async function pileUp(queue: Queue, jobs: number): Promise<void> {
  for (let at = 0; at < jobs; at += 1000) {
    const size = Math.min(1000, jobs - at)
    await queue.addBulk(
      Array.from({ length: size }, () => ({
        name: 'translate',
        data: { v: 1, exp: 9_999_999_999 },
        opts: { priority: 1000, jobId: `j${randomBytes(16).toString('hex')}` },
      })),
    )
  }
}
