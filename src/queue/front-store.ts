/** @module The rows of fronts: who delivers for the same bot, and what one of them leaves to another (ENG B9). */
import type { FrontId } from '../core/ids.ts'
import type { Database } from '../db/database.ts'
import { frontOf } from './job-row.ts'

export type FrontStore = ReturnType<typeof createFrontStore>

export function createFrontStore({ rows }: Database) {
  return {
    /** Says that this front delivers for the bot. Idempotent. */
    join: async (front: FrontId, bot: string): Promise<void> => {
      const known = await rows.front.findUnique({ where: { id: front } })
      if (known?.bot === bot) return
      await rows.front.upsert({
        where: { id: front },
        create: { id: front, bot },
        update: { bot },
      })
    },

    /** The other fronts of the bot, alive or not. */
    twins: async (front: FrontId, bot: string): Promise<readonly FrontId[]> => {
      const found = await rows.front.findMany({ where: { bot, id: { not: front } } })
      return found.map(({ id }) => frontOf(id))
    },

    /** Moves every job that `from` owes, ended or not, in one statement: of two twins each job goes to one. */
    takeOver: async (from: FrontId, to: FrontId): Promise<number> => {
      const { count } = await rows.job.updateMany({
        where: { front: from, deliveredAt: null },
        data: { front: to },
      })
      return count
    },
  }
}
