/** @module Rows of updates that were kept before Telegram was told to forget them. */
import type { Clock } from '../core/clock.ts'
import type { Database } from '../db/database.ts'
import type { InboxStore } from './inbox.ts'

export function createInboxStore(deps: { db: Database; botId: number; clock: Clock }): InboxStore {
  const { clock } = deps
  const { inbox } = deps.db.rows
  const botId = BigInt(deps.botId)
  return {
    keep: async (rows) => {
      if (rows.length === 0) return new Set()
      const receivedAt = new Date(clock.now())
      const made = await inbox.createManyAndReturn({
        data: rows.map((row) => ({
          botId,
          updateId: BigInt(row.updateId),
          kind: row.kind,
          chatId: row.chatId === undefined ? null : BigInt(row.chatId),
          userId: row.userId === undefined ? null : BigInt(row.userId),
          messageId: row.messageId ?? null,
          receivedAt,
          sealedUpdate: Uint8Array.from(row.sealed),
        })),
        skipDuplicates: true,
        select: { updateId: true },
      })
      return new Set(made.map((row) => Number(row.updateId)))
    },
    open: async () => {
      const rows = await inbox.findMany({
        where: { botId, state: 'open' },
        orderBy: { updateId: 'asc' },
      })
      return rows.flatMap((row) =>
        row.sealedUpdate
          ? [
              {
                updateId: Number(row.updateId),
                kind: row.kind,
                receivedAt: row.receivedAt.getTime(),
                sealed: row.sealedUpdate,
              },
            ]
          : [],
      )
    },
    close: async (updateIds) => {
      await inbox.updateMany({
        where: { botId, updateId: { in: updateIds.map(BigInt) } },
        data: { state: 'done', sealedUpdate: null },
      })
    },
    replayed: async (updateId) => {
      const [row] = await inbox.updateManyAndReturn({
        where: { botId, updateId: BigInt(updateId) },
        data: { attempts: { increment: 1 } },
        select: { attempts: true },
      })
      return row?.attempts ?? 0
    },
    sweep: async (time) => {
      await inbox.deleteMany({
        where: { botId, state: 'done', receivedAt: { lt: new Date(time) } },
      })
    },
    forget: async (userId) => {
      const { count } = await inbox.deleteMany({ where: { botId, userId: BigInt(userId) } })
      return count
    },
  }
}
