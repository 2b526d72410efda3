/** @module Rows of chats that refused the bot. */
import type { Clock } from '../../core/clock.ts'
import type { Database } from '../../db/database.ts'
import type { UnreachableStore } from './chats.ts'

export function createUnreachableStore(deps: {
  db: Database
  botId: number
  clock: Clock
}): UnreachableStore {
  const { unreachableChat } = deps.db.rows
  const botId = BigInt(deps.botId)
  const rowOf = (chatId: number) => ({ botId, chatId: BigInt(chatId) })
  return {
    add: async (chatId) => {
      const since = new Date(deps.clock.now())
      const { count } = await unreachableChat.createMany({
        data: [{ ...rowOf(chatId), since }],
        skipDuplicates: true,
      })
      return count > 0
    },
    remove: async (chatId) => {
      await unreachableChat.deleteMany({ where: rowOf(chatId) })
    },
    has: async (chatId) => (await unreachableChat.count({ where: rowOf(chatId) })) > 0,
  }
}
