/** @module Everything the database holds about one person, for /export: numbers, codes and times, since no words are kept. */
import type { Database } from '../../db/database.ts'
import type { StarsDesk } from '../../payments/stars/stars-desk-port.ts'
import { machinesOfOwner } from '../gpu/export-store.ts'
import type { GpuPort } from '../gpu/port.ts'

export interface ExportStore {
  /** JSON, indented; sealed bytes are named by their size. */
  of(userId: number): Promise<string>
}

export function createExportStore({
  db,
  botId,
  money,
  gpu,
}: {
  db: Database
  botId: number
  money?: Pick<StarsDesk, 'exportOf'>
  gpu?: { readonly port: Pick<GpuPort, 'ownerOf'> }
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
      const owned = gpu && (await machinesOfOwner(db, gpu.port.ownerOf(userId)))
      const words = { v: 1, settings, answers, copies, updates, channels, dialogues }
      return JSON.stringify({ ...words, money: purse, gpu: owned }, plain, 2)
    },
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? { sealedBytes: value.length } : value
}
