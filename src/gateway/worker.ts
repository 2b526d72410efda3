/** @module An admitted worker and the leases it holds, as the gateway sees them; state that lives as long as the connection. */
import type { ErrorCode } from '../core/errors.ts'
import type { FrameOf, FromGateway } from '../core/frames.ts'
import type { BlobId, JobId, Kid, ModelId, PoolId } from '../core/ids.ts'
import type { OpenJob } from '../queue/job-row.ts'
import type { Fence } from '../queue/lease-store.ts'
import type { Fetched } from '../queue/shard.ts'
import type { AdmittedSession } from '../tee/admission/admission.ts'
import type { OpenedResult, ResultReader } from '../tee/sealing/result-stream.ts'
import type { SealedAnswer, SealedReader } from '../tee/sealing/sealed-stream.ts'

/** `llm` jobs use text slots, `stt` jobs speech slots. */
export type SlotKind = 'llm' | 'stt'

/** What a worker serves in one pool. */
export interface Served {
  readonly model: ModelId
  readonly kind: SlotKind
  /** `sha256:…`, as its attested claims say. */
  readonly weights: string
}

/** `over`: ended or fenced, but its slot is not free before the worker lets go of it. */
type LeaseState = 'running' | 'settling' | 'over'

/** One job lent to one worker. */
export interface Lease extends Fence {
  readonly open: OpenJob
  readonly served: Served
  /** Seals the answer; for a job whose key its asker holds it makes the token of the blob only. */
  readonly resultSecret: Uint8Array
  /** The asker sealed the key to workers itself: this gateway cannot open the answer. */
  readonly isClientHeld: boolean
  readonly envHash: string
  readonly inputHash: string
  readonly evidenceId: string
  readonly epoch: number
  /** Padded bytes of the input record. */
  readonly bucket: number
  readonly maxAttempts: number
  readonly maxOutputBytes: number
  readonly leasedAtMs: number
  /** What the attempt before ended with. */
  readonly lastCode: ErrorCode | undefined
  readonly blob: { readonly id: BlobId; readonly size: number; readonly token: string } | undefined
  worker: Worker
  fetched: Fetched
  state: LeaseState
  stream:
    | { readonly header: string; readonly reader: ResultReader; opened?: OpenedResult }
    | { readonly header: string; readonly sealed: SealedReader; closed?: SealedAnswer }
    | undefined
  /** Tokens of its source, once they are counted here; absent where the gateway does not count. */
  readonly source?: Promise<number | undefined>
  missedPings: number
  /** A checked result that the database could not take yet. */
  unsettled: FrameOf<'result'> | undefined
}

/** A job that a reconnected worker names and this gateway does not hold (yet): what it says is kept until that is decided. */
export interface Pending {
  readonly job: JobId
  readonly attempt: number
  readonly frames: (() => void)[]
  bytes: number
  isDeciding: boolean
}

export interface Worker {
  readonly kid: Kid
  session: AdmittedSession
  send(frame: FromGateway): void
  unsentBytes(): number
  /** `bye` and close. */
  close(code: number): void
  /** Ends the socket at once. */
  cut(): void
  readonly slots: Record<SlotKind, number>
  readonly pools: Map<PoolId, Served>
  readonly leases: Map<JobId, Lease>
  /** Slots promised to leases that are being released. */
  readonly reserved: Record<SlotKind, number>
  readonly pending: Map<JobId, Pending>
  /** Leases of the same worker's earlier connection, until `ready` says which still run. */
  inherited: Map<JobId, Lease>
  isDraining: boolean
  /** Its owner wants it to take nothing new. */
  isPaused: boolean
  /** Its session has ended: no new leases before it is renewed. */
  isExpired: boolean
  /** What judged its session has changed: no new leases before it has shown new evidence. */
  isStale: boolean
  isGone: boolean
}

/** Free = slots − leases − promised, absolute numbers each time, so nothing drifts. */
export function freeSlots(worker: Worker, kind: SlotKind): number {
  let used = worker.reserved[kind]
  for (const lease of worker.leases.values()) if (lease.served.kind === kind) used++
  return worker.slots[kind] - used
}
