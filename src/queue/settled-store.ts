/** @module What became of attempts that were settled, for workers that missed the answer to their result. */
import type { JobId, Kid } from '../core/ids.ts'
import type { Captured } from '../core/money.ts'
import type { Database } from '../db/database.ts'
import type { MoneyPort } from './money-port.ts'

/** An attempt that may have been settled, by whom. */
interface SettledBy {
  readonly job: JobId
  readonly attempt: number
  readonly kid: Kid
}

export function createSettledStore({ rows }: Database, money?: MoneyPort) {
  return {
    /** Whether this very attempt gave the job's answer. */
    isSettledBy: async ({ job, attempt, kid }: SettledBy): Promise<boolean> =>
      (await rows.receipt.count({ where: { job, attempt, kid } })) > 0,

    /** What the settlement of this attempt with this receipt came to, for whoever missed the answer; undefined for any other. */
    settledAs: async (
      { job, attempt, kid }: SettledBy,
      digest: string,
    ): Promise<{ readonly captured?: Captured } | undefined> => {
      const count = await rows.receipt.count({ where: { job, attempt, kid, digest } })
      if (count === 0) return undefined
      const captured = await money?.capturedAs(rows, { job, receiptDigest: digest })
      return captured ? { captured } : {}
    },
  }
}
