/** @module Ending jobs without an answer: input and keys go in the statement that ends them, what was held for them goes back in the same transaction. */
import type { Database, Tx } from '../db/database.ts'
import { type OpenJob, openColumns, toOpenJob } from './job-row.ts'
import type { MoneyPort } from './money-port.ts'

type Where = NonNullable<Parameters<Tx['job']['updateManyAndReturn']>[0]['where']>

interface End {
  readonly state: 'cancelled' | 'expired' | 'failed'
  /** Of `core/errors.ts`; a row's own may be of a later release. */
  readonly code: string
  readonly nowMs: number
}

/** Ends the jobs of `where`, which must name open ones only, and gives each to one caller. */
export type EndJobs = (where: Where, end: End) => Promise<readonly OpenJob[]>

/** By itself one statement and so one commit; where there is a ledger, one transaction with the releases. */
export function createEnding(
  { rows, transaction }: Pick<Database, 'rows' | 'transaction'>,
  money: MoneyPort | undefined,
): EndJobs {
  return (where, end) => {
    if (!money) return endRows(rows, where, end)
    return transaction(async (tx) => {
      const ended = await endRows(tx, where, end)
      for (const { job } of ended) await money.release(tx, job, 'released')
      return ended
    })
  }
}

async function endRows(tx: Tx, where: Where, { state, code, nowMs }: End): Promise<OpenJob[]> {
  const found = await tx.job.updateManyAndReturn({
    where,
    data: {
      state,
      code,
      settledAt: new Date(nowMs),
      wrappedResult: null,
      sealedEnvelope: null,
      wrappedCek: null,
      wrappedSalt: null,
    },
    select: openColumns,
  })
  return found.map(toOpenJob)
}
