/** @module Ending jobs without an answer: with a ledger, what was held for them goes back in the same transaction. */
import type { Database, Tx } from '../db/database.ts'
import type { OpenJob } from './job-row.ts'
import type { MoneyPort } from './money-port.ts'

/** Runs `end` by itself, one statement and one commit; where there is a ledger, in one transaction with the releases. */
export async function endAndRelease(
  { rows, transaction }: Pick<Database, 'rows' | 'transaction'>,
  money: MoneyPort | undefined,
  end: (tx: Tx) => Promise<readonly OpenJob[]>,
): Promise<readonly OpenJob[]> {
  if (!money) return end(rows)
  return transaction(async (tx) => {
    const ended = await end(tx)
    for (const { job } of ended) await money.release(tx, job, 'released')
    return ended
  })
}
