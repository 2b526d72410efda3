/** @module Rows of open dialogues; their state holds people's words and stands sealed. */
import type { Clock } from '../../core/clock.ts'
import type { Database } from '../../db/database.ts'

export interface DialogueStore {
  read(chatId: number): Promise<Uint8Array | undefined>
  write(chatId: number, sealed: Uint8Array): Promise<void>
  delete(chatId: number): Promise<number>
  /** Deletes what was last touched before `time`: nobody waits that long. */
  sweep(time: number): Promise<void>
}

export function createDialogueStore(deps: {
  db: Database
  botId: number
  clock: Clock
}): DialogueStore {
  const { dialogue } = deps.db.rows
  const botId = BigInt(deps.botId)
  return {
    read: async (chatId) => {
      const row = await dialogue.findUnique({
        where: { botId_chatId: { botId, chatId: BigInt(chatId) } },
      })
      return row?.sealedState
    },
    write: async (chatId, sealed) => {
      const row = {
        sealedState: Uint8Array.from(sealed),
        updatedAt: new Date(deps.clock.now()),
      }
      await dialogue.upsert({
        where: { botId_chatId: { botId, chatId: BigInt(chatId) } },
        create: { botId, chatId: BigInt(chatId), ...row },
        update: row,
      })
    },
    delete: async (chatId) => {
      const { count } = await dialogue.deleteMany({ where: { botId, chatId: BigInt(chatId) } })
      return count
    },
    sweep: async (time) => {
      await dialogue.deleteMany({ where: { botId, updatedAt: { lt: new Date(time) } } })
    },
  }
}
