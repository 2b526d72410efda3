/** @module Receipts and notes as they were stored when their jobs settled, for whoever can show the credential (API B1). */
import type { JobId } from '../core/ids.ts'
import type { Database } from '../db/database.ts'

/** `open`: the job waits or runs, so there is no receipt yet. */
export type FoundReceipt =
  | { readonly kind: 'open' }
  | {
      readonly kind: 'kept'
      /** Hash of the credential that opens it, hex. */
      readonly view: string
      readonly evidenceId: string
      /** Canonical JSON, as the worker signed it, and the gateway's note. */
      readonly document: string
      readonly note: string
    }

export interface ReceiptStore {
  /** Undefined for a job that never was, ended without an answer, or is too old. */
  find(job: JobId): Promise<FoundReceipt | undefined>
}

export function createReceiptStore({ rows }: Database): ReceiptStore {
  return {
    find: async (job) => {
      const row = await rows.receipt.findUnique({ where: { job } })
      if (row?.note && row.view !== null)
        return {
          kind: 'kept',
          view: row.view,
          evidenceId: row.evidenceId,
          document: Buffer.from(row.document).toString('utf8'),
          note: Buffer.from(row.note).toString('utf8'),
        }
      const open = await rows.job.findFirst({
        where: { id: job, state: { in: ['queued', 'running'] } },
        select: { id: true },
      })
      return open ? { kind: 'open' } : undefined
    },
  }
}
