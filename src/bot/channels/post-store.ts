/** @module Rows of channel posts that were taken on: keyed hashes of their text, the job, and the sealed post while the job runs. */
import type { Clock } from '../../core/clock.ts'
import { isJobId, type JobId, parseId } from '../../core/ids.ts'
import type { Database } from '../../db/database.ts'

export interface PostKey {
  readonly chatId: number
  readonly messageId: number
}

export interface Post extends PostKey {
  /** Keyed hash of what the author wrote. */
  readonly source: string
  readonly sourceUnits: number
  /** Keyed hash of the whole text as we wrote it: our own edit comes back as an update and must be known again. */
  readonly written?: string
  /** Absent between taking the post on and submitting its job. */
  readonly job?: JobId
  readonly updatedAt: number
}

export interface PostStore {
  get(key: PostKey): Promise<Post | undefined>
  /** Takes on a new version of a post: its job is not known yet. What was written before stays known. */
  take(key: PostKey, version: PostVersion): Promise<void>
  /** Names the job of version `source`; does nothing when another version was taken on since. */
  setJob(key: PostKey, of: { source: string; job: JobId }): Promise<void>
  /** The sealed post of `job`; undefined when another version was taken on since. */
  sealedOf(key: PostKey, job: JobId): Promise<Uint8Array | undefined>
  /** Before the edit is sent, so that its echo is known however early it comes. */
  willWrite(key: PostKey, written: string): Promise<void>
  /** The summary is out or given up: the sealed post goes. */
  done(key: PostKey, job: JobId): Promise<void>
  removeChat(chatId: number): Promise<void>
  sweep(time: number): Promise<void>
}

interface PostVersion {
  readonly source: string
  readonly sourceUnits: number
  readonly sealed?: Uint8Array
}

export function createPostStore(deps: { db: Database; botId: number; clock: Clock }): PostStore {
  const { post } = deps.db.rows
  const botId = BigInt(deps.botId)
  const now = (): Date => new Date(deps.clock.now())
  const of = ({ chatId, messageId }: PostKey) => ({ botId, chatId: BigInt(chatId), messageId })
  return {
    get: async (key) => {
      const row = await post.findUnique({ where: { botId_chatId_messageId: of(key) } })
      if (!row) return undefined
      return {
        ...key,
        source: row.source,
        sourceUnits: row.sourceUnits,
        ...(row.written !== null && { written: row.written }),
        ...(row.job !== null && { job: parseId(row.job, isJobId) }),
        updatedAt: row.updatedAt.getTime(),
      }
    },
    take: async (key, { source, sourceUnits, sealed }) => {
      const row = {
        source,
        sourceUnits,
        job: null,
        sealedPost: sealed === undefined ? null : Uint8Array.from(sealed),
        updatedAt: now(),
      }
      await post.upsert({
        where: { botId_chatId_messageId: of(key) },
        create: { ...of(key), ...row },
        update: row,
      })
    },
    setJob: async (key, { source, job }) => {
      await post.updateMany({ where: { ...of(key), source }, data: { job } })
    },
    sealedOf: async (key, job) => {
      const row = await post.findFirst({ where: { ...of(key), job }, select: { sealedPost: true } })
      return row?.sealedPost ?? undefined
    },
    willWrite: async (key, written) => {
      await post.updateMany({ where: of(key), data: { written } })
    },
    done: async (key, job) => {
      await post.updateMany({
        where: { ...of(key), job },
        data: { sealedPost: null, updatedAt: now() },
      })
    },
    removeChat: async (chatId) => {
      await post.deleteMany({ where: { botId, chatId: BigInt(chatId) } })
    },
    sweep: async (time) => {
      await post.deleteMany({ where: { botId, updatedAt: { lt: new Date(time) } } })
    },
  }
}
