/** @module The front's side of the rows of `jobs`: taken in, looked at, ended early, delivered. */
import type { ErrorCode } from '../core/errors.ts'
import type { FrontId, JobId, Kid, OwnerId } from '../core/ids.ts'
import type { HoldRequest } from '../core/money.ts'
import type { Database, Tx } from '../db/database.ts'
import type { JobClass, JobFacts, JobState } from './desk-port.ts'
import { createEnding } from './ending.ts'
import {
  codeOfRow,
  jobOf,
  kidOfRow,
  type OpenJob,
  openColumns,
  toFacts,
  toOpenJob,
} from './job-row.ts'
import type { MoneyPort } from './money-port.ts'

export interface NewJob {
  readonly job: JobId
  readonly front: FrontId
  readonly owner: OwnerId
  /** Keyed hash, 64 hex characters. */
  readonly requestKey: string
  readonly task: string
  readonly model: string
  readonly tier: string
  readonly class: JobClass
  readonly maxAttempts: number
  readonly maxOutputBytes: number
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly sealedEnvelope: Uint8Array
  /** Both absent for a job whose key its asker holds. */
  readonly wrappedCek?: Uint8Array
  readonly wrappedSalt?: Uint8Array
  readonly clientHeld?: true
  readonly inputHash: string
  readonly blobId?: string
}

/** What delivering needs of an ended job. */
export interface EndedJob {
  readonly facts: JobFacts
  readonly state: 'done' | 'failed' | 'cancelled' | 'expired'
  readonly code: ErrorCode
  readonly attempt: number
  readonly kid?: Kid
  readonly wrappedResult?: Uint8Array
  readonly sealedResult?: Uint8Array
  readonly wrappedSalt?: Uint8Array
  readonly blobId: string | null
}

/** What following a running attempt needs. */
export interface RunningJob {
  readonly attempt: number
  readonly kid: Kid
  readonly wrappedResult: Uint8Array
}

const open = { in: ['queued', 'running'] } as const satisfies { in: JobState[] }
/** What delivery leaves nothing of. */
const forgotten = { wrappedResult: null, sealedResult: null, wrappedSalt: null }

export type DeskStore = ReturnType<typeof createDeskStore>

/** One front's rows; looked at and ended early by any. Each call is one commit, and without a ledger one statement. */
export function createDeskStore(db: Database, front: FrontId, money?: MoneyPort) {
  const { rows } = db
  const end = createEnding(db, money)
  return {
    findByRequest: async (requestKey: string): Promise<JobId | undefined> => {
      const row = await rows.job.findUnique({ where: { requestKey }, select: { id: true } })
      return row ? jobOf(row.id) : undefined
    },

    /**
     * False when the request key is known (a rival submit was quicker). What the job may cost is held in the same
     * transaction. Throws what the ledger's `hold` throws, and then nothing is written.
     */
    insert: async (entry: NewJob, hold?: HoldRequest): Promise<boolean> => {
      if (!money || !hold) return insertRow(rows, entry)
      return db.transaction(async (tx) => {
        if (!(await insertRow(tx, entry))) return false
        await money.hold(tx, hold)
        return true
      })
    },

    /** Takes a refused job back; nothing of it stays but a hold that was given back. */
    remove: async (job: JobId): Promise<void> => {
      const where = { id: job, state: 'queued', attempt: 0 } as const
      if (!money) {
        await rows.job.deleteMany({ where })
        return
      }
      await db.transaction(async (tx) => {
        const { count } = await tx.job.deleteMany({ where })
        if (count > 0) await money.release(tx, job, 'released')
      })
    },

    look: async (job: JobId): Promise<(OpenJob & { state: JobState }) | undefined> => {
      const row = await rows.job.findFirst({
        where: { id: job },
        select: openColumns,
      })
      return row ? { ...toOpenJob(row), state: row.state } : undefined
    },

    running: async (job: JobId): Promise<RunningJob | undefined> => {
      const row = await rows.job.findFirst({
        where: { id: job, front, state: 'running' },
        select: { attempt: true, kid: true, wrappedResult: true },
      })
      if (!row?.kid || !row.wrappedResult) return undefined
      return { attempt: row.attempt, kid: kidOfRow(row.kid), wrappedResult: row.wrappedResult }
    },

    /** Ends an open job without an answer; undefined when it had ended. Fences every running attempt. */
    cancel: async (job: JobId, nowMs: number): Promise<OpenJob | undefined> => {
      const where = { id: job, state: open }
      const [ended] = await end(where, { state: 'cancelled', code: 'job.cancelled', nowMs })
      return ended
    },

    /** Ended jobs of this front that were not delivered, oldest first. */
    undelivered: async (limit: number): Promise<readonly JobId[]> => {
      const found = await rows.job.findMany({
        where: {
          front,
          deliveredAt: null,
          clientHeld: false,
          state: { notIn: ['queued', 'running'] },
        },
        orderBy: { settledAt: 'asc' },
        take: limit,
        select: { id: true },
      })
      return found.map((row) => jobOf(row.id))
    },

    /** `clientHeld`: of jobs that no process of ours can open, which are collected and not delivered. */
    ended: async (job: JobId, clientHeld = false): Promise<EndedJob | undefined> => {
      const row = await rows.job.findFirst({
        where: {
          id: job,
          front,
          deliveredAt: null,
          clientHeld,
          state: { notIn: ['queued', 'running'] },
        },
      })
      if (!row || row.state === 'queued' || row.state === 'running') return undefined
      return {
        facts: toFacts(row),
        state: row.state,
        code: codeOfRow(row.code),
        attempt: row.attempt,
        blobId: row.blobId,
        ...(row.kid !== null && { kid: kidOfRow(row.kid) }),
        ...(row.wrappedResult && { wrappedResult: row.wrappedResult }),
        ...(row.sealedResult && { sealedResult: row.sealedResult }),
        ...(row.wrappedSalt && { wrappedSalt: row.wrappedSalt }),
      }
    },

    /** Destroys the answer and its secret; idempotent. */
    markDelivered: async (job: JobId, nowMs: number): Promise<void> => {
      await rows.job.updateMany({
        where: { id: job, front, deliveredAt: null },
        data: { deliveredAt: new Date(nowMs), ...forgotten },
      })
    },
  }
}

export type SweepStore = ReturnType<typeof createSweepStore>

/** Rows that end in one transaction. */
const expirePage = 200

/** All fronts' rows, for the sweeps. */
export function createSweepStore(db: Database, money?: MoneyPort) {
  const { rows } = db
  const end = createEnding(db, money)
  return {
    /** Ends what is past its deadline; each row is returned to one caller only. */
    expire: async (nowMs: number): Promise<readonly OpenJob[]> => {
      const due = { state: open, expiresAt: { lte: new Date(nowMs) } }
      const ended: OpenJob[] = []
      for (;;) {
        // A read first: nearly always nothing is due, and an idle UPDATE would be a commit all the same.
        const found = await rows.job.findMany({
          where: due,
          take: expirePage,
          select: { id: true },
        })
        if (found.length === 0) return ended
        const where = { ...due, id: { in: found.map(({ id }) => id) } }
        ended.push(...(await end(where, { state: 'expired', code: 'job.expired', nowMs })))
      }
    },

    /** The open ones among these jobs. */
    find: async (jobs: readonly JobId[]): Promise<readonly OpenJob[]> => {
      const found = await rows.job.findMany({
        where: { id: { in: [...jobs] }, state: open },
        select: openColumns,
      })
      return found.map(toOpenJob)
    },

    /** Open jobs older than `beforeMs`, a page after `after`. */
    open: async (beforeMs: number, after?: JobId): Promise<readonly OpenJob[]> => {
      const found = await rows.job.findMany({
        where: {
          state: open,
          createdAt: { lte: new Date(beforeMs) },
          ...(after !== undefined && { id: { gt: after } }),
        },
        orderBy: { id: 'asc' },
        take: 500,
        select: openColumns,
      })
      return found.map(toOpenJob)
    },

    /** Waiting jobs below the first class, for promotion. */
    waiting: async (beforeMs: number): Promise<readonly OpenJob[]> => {
      const found = await rows.job.findMany({
        where: {
          state: 'queued',
          class: { not: 'interactive' },
          createdAt: { lte: new Date(beforeMs) },
        },
        orderBy: { createdAt: 'asc' },
        take: 500,
        select: openColumns,
      })
      return found.map(toOpenJob)
    },

    /** Which of these jobs are open. */
    stillOpen: async (jobs: readonly JobId[]): Promise<ReadonlySet<JobId>> => {
      const found = await rows.job.findMany({
        where: { id: { in: [...jobs] }, state: open },
        select: { id: true },
      })
      return new Set(found.map((row) => jobOf(row.id)))
    },

    /** Fails an open job for a reason of ours (a lost blob); undefined when it had ended. */
    fail: async (job: JobId, code: ErrorCode, nowMs: number): Promise<OpenJob | undefined> => {
      const [ended] = await end({ id: job, state: open }, { state: 'failed', code, nowMs })
      return ended
    },

    /** Open or undelivered jobs that own one of these blobs. */
    blobOwners: async (blobs: readonly string[]): Promise<ReadonlySet<string>> => {
      const found = await rows.job.findMany({
        where: { blobId: { in: [...blobs] }, state: open },
        select: { blobId: true },
      })
      return new Set(found.flatMap((row) => (row.blobId === null ? [] : [row.blobId])))
    },

    /**
     * Forgets delivered jobs that ended before `jobsMs`, receipts written before `proofsMs`, and chains of releases whose
     * last entry is older than that: a chain goes whole, so that what is left of the log can still be checked.
     */
    purge: async (before: { jobsMs: number; proofsMs: number }): Promise<number> => {
      const proofs = { at: { lt: new Date(before.proofsMs) } }
      await rows.receipt.deleteMany({ where: proofs })
      const old = await rows.release.groupBy({
        by: ['chain'],
        having: { at: { _max: proofs.at } },
      })
      await rows.release.deleteMany({ where: { chain: { in: old.map(({ chain }) => chain) } } })
      const { count } = await rows.job.deleteMany({
        where: {
          state: { notIn: ['queued', 'running'] },
          deliveredAt: { not: null },
          settledAt: { lt: new Date(before.jobsMs) },
        },
      })
      return count
    },

    /** Destroys answers that nobody fetched within a day; their keys go with the hour's KEK as well. */
    dropStale: async (beforeMs: number, nowMs: number): Promise<number> => {
      const { count } = await rows.job.updateMany({
        where: { deliveredAt: null, settledAt: { lte: new Date(beforeMs) } },
        data: { deliveredAt: new Date(nowMs), ...forgotten },
      })
      return count
    },
  }
}

async function insertRow(tx: Tx, entry: NewJob): Promise<boolean> {
  const { job, createdAtMs, expiresAtMs, wrappedCek, wrappedSalt, ...fields } = entry
  const { count } = await tx.job.createMany({
    data: [
      {
        ...fields,
        id: job,
        createdAt: new Date(createdAtMs),
        expiresAt: new Date(expiresAtMs),
        sealedEnvelope: Uint8Array.from(entry.sealedEnvelope),
        ...(wrappedCek && { wrappedCek: Uint8Array.from(wrappedCek) }),
        ...(wrappedSalt && { wrappedSalt: Uint8Array.from(wrappedSalt) }),
      },
    ],
    skipDuplicates: true,
  })
  return count === 1
}
