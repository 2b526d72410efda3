/** @module Everything the database holds about one person, for /export: numbers, codes and times, since no words are kept. */
import type { Database } from '../db/database.ts'
import type { StarsDesk } from '../payments/stars/stars-desk.ts'

export interface ExportStore {
  /** JSON, indented; sealed bytes are named by their size. */
  of(userId: number): Promise<string>
}

export function createExportStore({
  db,
  botId,
  money,
}: {
  db: Database
  botId: number
  money?: Pick<StarsDesk, 'exportOf'>
}): ExportStore {
  const { botUser, delivery, copy, channel, dialogue, inbox } = db.rows
  return {
    of: async (userId) => {
      const own = { where: { botId: BigInt(botId), userId: BigInt(userId) } }
      const [settings, answers, copies, updates, channels, dialogues] = await Promise.all([
        botUser.findMany(own),
        delivery.findMany(own),
        copy.findMany(own),
        inbox.findMany(own),
        channel.findMany({ where: { botId: BigInt(botId), adminId: BigInt(userId) } }),
        dialogue.findMany({ where: { botId: BigInt(botId), chatId: BigInt(userId) } }),
      ])
      const purse = await money?.exportOf(userId)
      const all = { v: 1, settings, answers, copies, updates, channels, dialogues, money: purse }
      return JSON.stringify(all, plain, 2)
    },
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? { sealedBytes: value.length } : value
}
