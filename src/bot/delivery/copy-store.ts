/** @module Rows of sealed copies behind the buttons under answers. */
import type { Clock } from '../../core/clock.ts'
import type { Database } from '../../db/database.ts'
import type { CopyStore } from './copies.ts'

export function createCopyStore(deps: { db: Database; botId: number; clock: Clock }): CopyStore {
  const { clock } = deps
  const { copy } = deps.db.rows
  const botId = BigInt(deps.botId)
  const now = (): Date => new Date(clock.now())
  return {
    put: async ({ id, chatId, userId, sealed, expiresAt }) => {
      await copy.create({
        data: {
          id,
          botId,
          chatId: BigInt(chatId),
          userId: userId === undefined ? null : BigInt(userId),
          expiresAt: new Date(expiresAt),
          sealedCopy: Uint8Array.from(sealed),
        },
      })
    },
    get: async (id) => {
      const row = await copy.findFirst({ where: { id, botId, expiresAt: { gt: now() } } })
      return row?.sealedCopy
    },
    sweep: async () => {
      await copy.deleteMany({ where: { botId, expiresAt: { lte: now() } } })
    },
    forget: async (userId) => {
      const { count } = await copy.deleteMany({ where: { botId, userId: BigInt(userId) } })
      return count
    },
  }
}
