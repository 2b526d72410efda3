/** @module What the rows of a job ask of the ledger, inside the very transaction that writes them. Types only: `main.ts` passes the functions. */
import type { JobId } from '../core/ids.ts'
import type { Captured, CaptureRequest, Held, HoldRequest } from '../core/money.ts'
import type { Tx } from '../db/database.ts'

export interface MoneyPort {
  /** Throws `price.unknown`, `funds.insufficient`, `quota.spent` with nothing written. The same job again: the same hold. */
  hold(tx: Tx, request: HoldRequest): Promise<Held>
  /**
   * Once a job; the same digest again gives the same answer, undefined a job that nobody pays. Throws `hold.closed`,
   * `receipt.conflict`.
   */
  capture(tx: Tx, request: CaptureRequest): Promise<Captured | undefined>
  /** What the capture of exactly this receipt came to, read again; undefined where there was none, or nothing can be told of it. */
  capturedAs(
    tx: Tx,
    receipt: { readonly job: JobId; readonly receiptDigest: string },
  ): Promise<Captured | undefined>
  /** Gives the whole hold back; harmless when it is closed already or never was. */
  release(tx: Tx, job: JobId, how: 'released' | 'expired'): Promise<void>
}
