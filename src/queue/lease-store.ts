/** @module The broker's side of the rows: the fence, the release log, and the one statement that settles (CONF §6). */
import { AppError } from '../core/app-error.ts'
import { parseStrictJson } from '../core/canonical.ts'
import type { ErrorCode } from '../core/errors.ts'
import { type Envelope, envelopeSchema } from '../core/frames.ts'
import type { FrontId, JobId, Kid, LeaseId, ModelId } from '../core/ids.ts'
import type { Captured } from '../core/money.ts'
import type { Tier } from '../core/tier.ts'
import type { Units } from '../core/units.ts'
import type { Database, Tx } from '../db/database.ts'
import { createEnding } from './ending.ts'
import {
  codeOfRow,
  frontOf,
  kidOfRow,
  leaseOf,
  type OpenJob,
  openColumns,
  toOpenJob,
} from './job-row.ts'
import type { MoneyPort } from './money-port.ts'
import { createSettledStore } from './settled-store.ts'

/** Who is given the key. */
export interface ReleaseTo {
  readonly job: JobId
  readonly lease: LeaseId
  readonly kid: Kid
  /** What the worker may serve: the row must be of this model and tier, whatever queue it was fetched from. */
  readonly model: ModelId
  readonly tier: Tier
  readonly evidenceId: string
  readonly epoch: number
  readonly nowMs: number
}

/** The row at the moment of its release; the fence is already moved. */
export interface ReleasedRow {
  readonly open: OpenJob
  readonly attempt: number
  readonly envelope: Envelope
  /** Absent for a job whose key its asker holds: then the envelope has the worker's own wrap, and no other. */
  readonly wrappedCek?: Uint8Array
  readonly inputHash: string
  readonly maxOutputBytes: number
  /** What the attempt before ended with, if it failed. */
  readonly lastCode: ErrorCode | undefined
}

/** What the release writes beside the fence, in the same transaction. */
export interface ReleaseEntry {
  readonly chain: string
  readonly seq: number
  readonly envHash: string
  readonly prev: string
  readonly hash: string
  readonly wrappedResult: Uint8Array
}

/** Attempt, lease and worker that a result must come from. */
export interface Fence {
  readonly job: JobId
  readonly attempt: number
  readonly lease: LeaseId
  readonly kid: Kid
}

/** A receipt as it stands in its row: public hashes, ids and numbers. */
interface StoredReceipt {
  /** H(document), hex. */
  readonly digest: string
  /** Canonical JSON, as signed. */
  readonly document: string
  /** The gateway's note to it, canonical JSON. */
  readonly note: string
}

export interface Settlement {
  readonly sealedResult: Uint8Array
  readonly receipt: StoredReceipt
  /** Hash of the credential that opens the receipt, hex. */
  readonly view: string
  readonly weights: string
  readonly units: Units
  readonly evidenceId: string
  readonly pay: PayFacts
  readonly nowMs: number
}

/** What the ledger has to know of an answer beside its receipt. */
export interface PayFacts {
  /** Account hash of the worker's payout address; absent where it has none. */
  readonly payee?: string
  /** As the gateway counted; absent where it could not. */
  readonly recounted?: Units
  /** False for an answer that costs nothing. */
  readonly isCharged: boolean
}

/** What became of a settled job. */
export interface Settled {
  /** Who is to deliver. */
  readonly front: FrontId
  /** Absent where nobody pays. */
  readonly captured?: Captured
}

/** A running attempt found again after a restart. */
export interface RunningAttempt {
  readonly open: OpenJob
  readonly lease: LeaseId
  readonly envelope: Envelope
  readonly isClientHeld: boolean
  readonly wrappedCek: Uint8Array | undefined
  readonly wrappedResult: Uint8Array
  readonly inputHash: string
  readonly evidenceId: string
  readonly epoch: number
  readonly leasedAtMs: number
  readonly maxOutputBytes: number
  readonly lastCode: ErrorCode | undefined
}

export type Refusal =
  | 'release.tier'
  | 'release.closed'
  | 'release.attempts'
  | 'release.expired'
  /** Its asker sealed the key to other workers. */
  | 'release.kid'
export type LeaseStore = ReturnType<typeof createLeaseStore>

/** Two gateways meet at one job only after a lost lock. */
const maxReleaseTries = 5

const fenceOf = ({ job, attempt, lease, kid }: Fence) =>
  ({ id: job, state: 'running', attempt, lease, kid }) as const

export function createLeaseStore(db: Database, money?: MoneyPort) {
  const { rows } = db
  const endJobs = createEnding(db, money)
  const refusalOf = async ({ job, model, tier, nowMs }: ReleaseTo): Promise<Refusal> => {
    const row = await rows.job.findUnique({
      where: { id: job },
      select: { state: true, expiresAt: true, model: true, tier: true },
    })
    if (row?.state !== 'queued' && row?.state !== 'running') return 'release.closed'
    if (row.model !== model || row.tier !== tier) return 'release.tier'
    return row.expiresAt.getTime() <= nowMs ? 'release.expired' : 'release.attempts'
  }
  /**
   * One statement and so one commit and one round trip, where a transaction with these three steps would take five: the
   * fence moves only from the attempt before, and the entry of the log is written only if it moved.
   */
  const moveFence = async (
    { job, lease, kid, evidenceId, epoch, nowMs }: ReleaseTo,
    attempt: number,
    entry: ReleaseEntry,
  ): Promise<boolean> => {
    const at = new Date(nowMs)
    const wrappedResult = Uint8Array.from(entry.wrappedResult)
    const count = await rows.$executeRaw`
      WITH moved AS (
        UPDATE jobs SET attempt = ${attempt}::int, state = 'running', lease = ${lease}, kid = ${kid},
          evidence_id = ${evidenceId}, started_at = ${at}::timestamptz, wrapped_result = ${wrappedResult}::bytea
        WHERE id = ${job} AND attempt = ${attempt - 1}::int AND state IN ('queued', 'running')
          AND expires_at > ${at}::timestamptz
        RETURNING id, attempt, lease, kid, evidence_id, started_at
      )
      INSERT INTO releases (job, attempt, lease, kid, evidence_id, at, epoch, chain, seq, env_hash, prev, hash)
      SELECT id, attempt, lease, kid, evidence_id, started_at, ${epoch}::int, ${entry.chain}, ${entry.seq}::int,
        ${entry.envHash}, ${entry.prev}, ${entry.hash} FROM moved`
    return count === 1
  }
  return {
    ...createSettledStore(db, money),

    /**
     * Moves the fence to a new attempt with the keys that `write` makes for it, in one statement: either the attempt
     * counts and is logged, or nothing happened. `write` is called again when another gateway was quicker; keys of a call
     * that came to nothing open nothing. Throws what `write` throws, `stores.down` when others are quicker every time.
     */
    release: async (
      to: ReleaseTo,
      write: (row: ReleasedRow) => Promise<ReleaseEntry>,
    ): Promise<ReleasedRow | Refusal> => {
      for (let tries = 0; tries < maxReleaseTries; tries++) {
        const row = await rows.job.findFirst({
          where: {
            id: to.job,
            model: to.model,
            tier: to.tier,
            state: { in: ['queued', 'running'] },
            expiresAt: { gt: new Date(to.nowMs) },
            attempt: { lt: rows.job.fields.maxAttempts },
          },
        })
        if (!row?.sealedEnvelope || (!row.wrappedCek && !row.clientHeld)) return refusalOf(to)
        const envelope = envelopeFor(to.kid, readEnvelope(row.sealedEnvelope), row.clientHeld)
        if (!envelope) return 'release.kid'
        const found: ReleasedRow = {
          open: toOpenJob({ ...row, state: 'running', attempt: row.attempt + 1 }),
          attempt: row.attempt + 1,
          envelope,
          ...(row.wrappedCek && { wrappedCek: row.wrappedCek }),
          inputHash: row.inputHash,
          maxOutputBytes: row.maxOutputBytes,
          lastCode: row.lastCode === null ? undefined : codeOfRow(row.lastCode),
        }
        if (await moveFence(to, found.attempt, await write(found))) return found
      }
      throw new AppError('stores.down')
    },

    /**
     * Undefined when the fence has moved or the job has ended (`release.fenced`), else the front that is to deliver.
     * One commit: input and its key go, answer and receipt come, and what was held is captured, or nothing happens.
     * Throws what the ledger's `capture` throws.
     */
    settle: async (fence: Fence, done: Settlement): Promise<Settled | undefined> => {
      if (!money) {
        const front = await settleRow(rows, fence, done)
        return front && { front }
      }
      return db.transaction(async (tx) => {
        const front = await settleRow(tx, fence, done)
        if (!front) return undefined
        const captured = await money.capture(tx, {
          job: fence.job,
          kid: fence.kid,
          receiptDigest: done.receipt.digest,
          evidenceId: done.evidenceId,
          weights: done.weights,
          reported: done.units,
          ...done.pay,
        })
        if (!captured) return { front }
        await tx.job.update({
          where: { id: fence.job },
          data: {
            priceAsset: captured.asset,
            priceAmount: captured.charge,
            priceFree: captured.isFree,
          },
          select: { id: true },
        })
        return { front, captured }
      })
    },

    /** Ends the job without an answer, on behalf of this attempt only. */
    fail: async (
      fence: Fence,
      end: { code: ErrorCode; nowMs: number },
    ): Promise<OpenJob | undefined> => {
      const [ended] = await endJobs(fenceOf(fence), { state: 'failed', ...end })
      return ended
    },

    /** Takes the lease away from this attempt; the job waits again. False when the fence had moved. */
    takeBack: async (fence: Fence, code: ErrorCode): Promise<boolean> => {
      const { count } = await rows.job.updateMany({
        where: fenceOf(fence),
        data: { state: 'queued', lease: null, wrappedResult: null, lastCode: code },
      })
      return count === 1
    },

    /** Ends a job whose attempts are used up, whoever had the last one. */
    giveUp: async (job: JobId, nowMs: number): Promise<OpenJob | undefined> => {
      const row = await rows.job.findUnique({ where: { id: job }, select: { lastCode: true } })
      const code = row?.lastCode ?? 'worker.lost'
      const [ended] = await endJobs(
        { id: job, state: { in: ['queued', 'running'] } },
        { state: 'failed', code, nowMs },
      )
      return ended
    },

    /** Any job of ours, whatever its state. */
    look: async (job: JobId): Promise<OpenJob | undefined> => {
      const row = await rows.job.findUnique({ where: { id: job }, select: openColumns })
      return row ? toOpenJob(row) : undefined
    },

    /** The last worker of a job, so that another one is preferred, and what its attempt ended with. */
    last: async (job: JobId): Promise<{ kid: string | undefined; code: ErrorCode | undefined }> => {
      const row = await rows.job.findUnique({
        where: { id: job },
        select: { kid: true, lastCode: true },
      })
      const code = row?.lastCode
      return { kid: row?.kid ?? undefined, code: code ? codeOfRow(code) : undefined }
    },

    /** The workers a job's key was sealed to by its asker; undefined for any other job. */
    chosenKids: async (job: JobId): Promise<ReadonlySet<string> | undefined> => {
      const row = await rows.job.findUnique({
        where: { id: job },
        select: { clientHeld: true, sealedEnvelope: true },
      })
      if (!row?.clientHeld || !row.sealedEnvelope) return undefined
      return new Set(readEnvelope(row.sealedEnvelope).wraps?.map(({ kid }) => kid))
    },

    /** Who had an attempt, by the release log. */
    kidOf: async (job: JobId, attempt: number): Promise<Kid | undefined> => {
      const log = await rows.release.findUnique({
        where: { job_attempt: { job, attempt } },
        select: { kid: true },
      })
      return log ? kidOfRow(log.kid) : undefined
    },

    /** The attempt as the row knows it, or undefined when it is not this worker's running one. */
    running: async (job: JobId, attempt: number, kid: Kid): Promise<RunningAttempt | undefined> => {
      const row = await rows.job.findFirst({ where: { id: job, state: 'running', attempt, kid } })
      const log = await rows.release.findUnique({ where: { job_attempt: { job, attempt } } })
      if (!row?.sealedEnvelope || !row.wrappedResult || !row.lease || !row.evidenceId || !log)
        return undefined
      return {
        open: toOpenJob(row),
        lease: leaseOf(row.lease),
        envelope: readEnvelope(row.sealedEnvelope),
        isClientHeld: row.clientHeld,
        wrappedCek: row.wrappedCek ?? undefined,
        wrappedResult: row.wrappedResult,
        inputHash: row.inputHash,
        evidenceId: row.evidenceId,
        epoch: log.epoch,
        leasedAtMs: log.at.getTime(),
        maxOutputBytes: row.maxOutputBytes,
        lastCode: row.lastCode === null ? undefined : codeOfRow(row.lastCode),
      }
    },

    /** Those of these attempts that no longer run: cancelled, expired or fenced without a message reaching us. */
    overtaken: async (fences: readonly Fence[]): Promise<ReadonlySet<JobId>> => {
      const found = await rows.job.findMany({
        where: { id: { in: fences.map(({ job }) => job) }, state: 'running' },
        select: { id: true, attempt: true, lease: true },
      })
      const current = new Map(found.map((row) => [row.id, row]))
      return new Set(
        fences
          .filter(({ job, attempt, lease }) => {
            const row = current.get(job)
            return row?.attempt !== attempt || row.lease !== lease
          })
          .map(({ job }) => job),
      )
    },
  }
}

/** One statement: input and its key go, answer and receipt come, or nothing happens. */
async function settleRow(tx: Tx, fence: Fence, done: Settlement): Promise<FrontId | undefined> {
  const { units, receipt } = done
  const at = new Date(done.nowMs)
  const sealedResult = Uint8Array.from(done.sealedResult)
  const document = Uint8Array.from(Buffer.from(receipt.document, 'utf8'))
  const note = Uint8Array.from(Buffer.from(receipt.note, 'utf8'))
  const [row] = await tx.$queryRaw<{ front: string }[]>`
    WITH settled AS (
      UPDATE jobs SET state = 'done', settled_at = ${at}::timestamptz, sealed_result = ${sealedResult}::bytea,
        receipt_digest = ${receipt.digest}, weights = ${done.weights}, in_tokens = ${units.inTokens}::bigint,
        cached_tokens = ${units.cachedTokens}::bigint, out_tokens = ${units.outTokens}::bigint,
        audio_ms = ${units.audioMs}::bigint, sealed_envelope = NULL, wrapped_cek = NULL
      WHERE id = ${fence.job} AND state = 'running' AND attempt = ${fence.attempt}::int
        AND lease = ${fence.lease} AND kid = ${fence.kid}
      RETURNING id, attempt, kid, evidence_id, receipt_digest, settled_at, front
    ), kept AS (
      INSERT INTO receipts (job, attempt, kid, evidence_id, digest, at, document, note, view)
      SELECT id, attempt, kid, evidence_id, receipt_digest, settled_at, ${document}::bytea, ${note}::bytea,
        ${done.view} FROM settled
    )
    SELECT front FROM settled`
  return row && frontOf(row.front)
}

/** What this worker may be shown: of wraps its own only. Undefined when the asker chose others. */
function envelopeFor(kid: Kid, envelope: Envelope, isClientHeld: boolean): Envelope | undefined {
  if (!isClientHeld) return envelope
  const wraps = envelope.wraps?.filter((wrap) => wrap.kid === kid)
  return wraps && wraps.length > 0 ? { ...envelope, wraps } : undefined
}

/** Throws `env.shape`; the row is ours, but a database is not trusted with what a worker will parse. */
function readEnvelope(bytes: Uint8Array): Envelope {
  const parsed = envelopeSchema.safeParse(parseStrictJson(Buffer.from(bytes).toString('utf8')))
  if (!parsed.success) throw new AppError('env.shape')
  return parsed.data
}
