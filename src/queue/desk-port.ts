/** @module What a front (bot, API) may ask of the desk. Types only: fronts get the functions from their `main.ts`. */
import type { ErrorCode } from '../core/errors.ts'
import type { Envelope } from '../core/frames.ts'
import type { FrontId, JobId, Kid, ModelId } from '../core/ids.ts'
import type { JobPrice, Payer } from '../core/money.ts'
import type { Plaintext } from '../core/plaintext.ts'
import type { Tier } from '../core/tier.ts'
import type { Units } from '../core/units.ts'

/** Interactive jobs go first, channel posts wait behind them, batches last; waiting lifts a job one class a minute. */
export type JobClass = 'interactive' | 'channel' | 'batch'

export interface JobRequest {
  readonly task: string
  readonly model: ModelId
  readonly tier: Tier
  /** JSON of the task's input, at most 1 MiB; sealed before anything is written. The desk wipes it. */
  readonly content: Plaintext
  /** Encoded sound, sealed to the blob store while it streams. */
  readonly audio?: AsyncIterable<Uint8Array>
  /** Names the asker for fairness; only its keyed hash leaves the process. */
  readonly owner: string
  /** Same key, same job: a repeated submit finds the first, also from another front. Only its keyed hash leaves the process. */
  readonly requestKey: string
  readonly class: JobClass
  readonly deadlineMs: number
  /** Who pays, and what the job may use at most: exact input, the task's own limit of output. Absent: nobody, or there is no ledger. */
  readonly paid?: PaidBy
}

export interface PaidBy {
  readonly payer: Payer
  readonly bound: Units
}

export interface Submitted {
  readonly job: JobId
  /** Jobs before this one, 0 when it starts at once; an estimate. */
  readonly place: number
  /** False when `requestKey` was known. */
  readonly isNew: boolean
}

/** Content-free facts of a job, kept in its row. */
export interface JobFacts {
  readonly job: JobId
  readonly task: string
  readonly model: ModelId
  /** `sha256:…` digest of the weights that answered; absent until done. */
  readonly weights?: string
  readonly tier: Tier
  readonly units: Units
  /** What it cost; absent where nobody pays and until done. */
  readonly price?: JobPrice
  readonly attempts: number
  /** Milliseconds: waiting for a worker, running on the last one, from submit to settled. */
  readonly timings: { readonly waitedMs: number; readonly ranMs: number; readonly totalMs: number }
}

export type Finished = JobFacts &
  (
    | {
        readonly state: 'done'
        /** JSON of `TaskOutput`. */
        readonly output: Plaintext
        /** Of the input and the result record, 32 bytes each: with them the asker can check the receipt. Nobody keeps them after delivery. */
        readonly salts?: { readonly input: Uint8Array; readonly output: Uint8Array }
      }
    | { readonly state: 'failed' | 'cancelled' | 'expired'; readonly code: ErrorCode }
  )

export type JobState = 'held' | 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired'

export interface JobStatus {
  readonly state: JobState
  readonly place: number
  readonly attempts: number
}

/** A job whose asker sealed it to workers of its own choice: no process of ours can open it. */
export interface SealedRequest {
  /** With `wraps`; times, tier and model are those of the envelope. */
  readonly envelope: Envelope
  /** H(input record), hex, as the asker says; the worker's receipt must agree. */
  readonly inputHash: string
  readonly owner: string
  readonly requestKey: string
  readonly class: JobClass
  /** As `JobRequest.paid`; nobody of ours can count what it uses, so the worker's receipt counts, within the bound. */
  readonly paid?: PaidBy
}

/** What became of such a job. */
export type SealedOutcome = JobFacts &
  (
    | {
        readonly state: 'done'
        /** Which attempt of which worker answered: the asker needs both to open `sealed`. */
        readonly attempt: number
        readonly kid: Kid
        /** `u32be n ‖ header ‖ every chunk`, as the worker sent them. */
        readonly sealed: Uint8Array
      }
    | { readonly state: 'failed' | 'cancelled' | 'expired'; readonly code: ErrorCode }
  )

/** What a front for such askers may do beside the desk's own. */
export interface SealedDesk {
  /**
   * Takes in a job that its asker sealed to workers. Throws as `submit` does, `env.shape` for an envelope without wraps,
   * with a blob, or whose times do not fit, `input.invalid` for a job id that is known.
   */
  submitSealed(request: SealedRequest): Promise<Submitted>
  /** The sealed answer, or how it ended; undefined while it is open, when it was collected, and for any other job. */
  collectSealed(job: JobId): Promise<SealedOutcome | undefined>
  /** Destroys what is kept of a collected answer. */
  dropSealed(job: JobId): Promise<void>
}

export interface DraftWatch {
  /** The whole answer so far; may take back earlier text. */
  readonly onDraft: (text: string) => void
  /** 0…100 */
  readonly onProgress: (percent: number) => void
}

export interface Desk {
  /**
   * Throws `stores.down` with nothing held, `input.too-large`, `input.too-many`, `worker.none`; of a job that is paid also
   * `price.unknown`, `funds.insufficient`, `quota.spent`.
   */
  submit(request: JobRequest): Promise<Submitted>
  /** True when the job will not be answered; false when it had ended before. Any front may: its own is told. */
  cancel(job: JobId): Promise<boolean>
  status(job: JobId): Promise<JobStatus>
  /** Live text of a running job; frames may be lost, the final answer never depends on them. Returns the end of watching. */
  watch(job: JobId, watch: DraftWatch): () => void
  /**
   * Hands every ended job of this front to `deliver`, at least once, also those that ended while the front was away.
   * When `deliver` resolves the row is marked delivered and the result's key destroyed; when it rejects it is tried again later.
   */
  startDeliveries(deliver: (finished: Finished) => Promise<void>): void
  readonly front: FrontId
}
