/** @module Rows of what people set. */
import type { Clock } from '../../core/clock.ts'
import type { Database } from '../../db/database.ts'
import { readUi, type Settings } from './settings.ts'

export interface UserStore {
  get(userId: number): Promise<Settings | undefined>
  save(userId: number, settings: Settings): Promise<void>
  forget(userId: number): Promise<number>
}

export function createUserStore(deps: { db: Database; botId: number; clock: Clock }): UserStore {
  const { botUser } = deps.db.rows
  const botId = BigInt(deps.botId)
  const keyOf = (userId: number) => ({ botId_userId: { botId, userId: BigInt(userId) } })
  return {
    get: async (userId) => {
      const row = await botUser.findUnique({ where: keyOf(userId) })
      if (!row) return undefined
      const reads = split(row.reads)
      const ui = readUi(row.ui)
      return {
        ...(ui && { ui }),
        reads,
        never: split(row.never),
        target: row.target ?? reads[0] ?? 'en',
        summaryFrom: row.summaryFrom,
        copies: row.copies,
        askAbove: row.askAbove,
      }
    },
    save: async (userId, settings) => {
      const row = {
        ui: settings.ui ?? null,
        reads: settings.reads.join(','),
        never: settings.never.join(','),
        target: settings.target,
        summaryFrom: settings.summaryFrom,
        copies: settings.copies,
        askAbove: settings.askAbove,
        updatedAt: new Date(deps.clock.now()),
      }
      await botUser.upsert({
        where: keyOf(userId),
        create: { botId, userId: BigInt(userId), ...row },
        update: row,
      })
    },
    forget: async (userId) => {
      const { count } = await botUser.deleteMany({ where: { botId, userId: BigInt(userId) } })
      return count
    },
  }
}

const split = (codes: string): string[] => codes.split(',').filter((code) => code !== '')
