/** @module Owners who asked to be paid now. */
import type { Database } from '../../db/database.ts'

export interface DemandStore {
  all(): Promise<ReadonlyMap<string, number>>
  add(payee: string, atMs: number): Promise<void>
}

/** One row a payee: a later word replaces an earlier one, and a payout after it makes it void. */
export const createDemandStore = (db: Database): DemandStore => ({
  all: async () =>
    new Map(
      (await db.rows.payoutDemand.findMany()).map(({ payee, askedAt }) => [
        payee,
        askedAt.getTime(),
      ]),
    ),
  add: async (payee, atMs) => {
    const askedAt = new Date(atMs)
    await db.rows.payoutDemand.upsert({
      where: { payee },
      create: { payee, askedAt },
      update: { askedAt },
    })
  },
})
