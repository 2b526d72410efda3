/** @module Rows of what the admins of a group switched on. */
import type { Clock } from '../../core/clock.ts'
import type { Database } from '../../db/database.ts'
import { chooseUi, type UiLanguage } from '../texts/texts.ts'

export interface GroupSettings {
  readonly ui: UiLanguage
  /** Voice messages and round videos are written down by themselves. */
  readonly voice: boolean
  /** Messages in other languages are translated into this one by themselves. */
  readonly translate?: string
  /** Only admins may use the bot. */
  readonly locked: boolean
  /** Answers to commands are shown to everybody; else only to whoever asked. */
  readonly open: boolean
}

export interface GroupStore {
  /** Undefined for a group where nobody set anything. Remembered for a minute, since every message of a group asks. */
  get(chatId: number): Promise<GroupSettings | undefined>
  save(chatId: number, settings: GroupSettings): Promise<void>
  /** A group became a supergroup: settings, deliveries, copies and the channel it belongs to follow, in one transaction. Safe to repeat. */
  move(from: number, to: number): Promise<void>
  /** The bot was removed: settings, copies and finished deliveries of the chat go. */
  forget(chatId: number): Promise<void>
}

const rememberMs = 60_000
const maxRemembered = 5000

export function createGroupStore(deps: { db: Database; botId: number; clock: Clock }): GroupStore {
  const { clock, db } = deps
  const { group } = db.rows
  const botId = BigInt(deps.botId)
  const known = new Map<number, { settings: GroupSettings | undefined; until: number }>()
  const keyOf = (chatId: number) => ({ botId_chatId: { botId, chatId: BigInt(chatId) } })
  const rowOf = (settings: GroupSettings) => ({
    ui: settings.ui,
    voice: settings.voice,
    translate: settings.translate ?? null,
    locked: settings.locked,
    open: settings.open,
    updatedAt: new Date(clock.now()),
  })
  return {
    get: async (chatId) => {
      const found = known.get(chatId)
      if (found && found.until > clock.now()) return found.settings
      const row = await group.findUnique({ where: keyOf(chatId) })
      const settings: GroupSettings | undefined = row
        ? {
            ui: chooseUi(row.ui),
            voice: row.voice,
            ...(row.translate !== null && { translate: row.translate }),
            locked: row.locked,
            open: row.open,
          }
        : undefined
      if (known.size >= maxRemembered) known.clear()
      known.set(chatId, { settings, until: clock.now() + rememberMs })
      return settings
    },
    save: async (chatId, settings) => {
      const row = rowOf(settings)
      await group.upsert({
        where: keyOf(chatId),
        create: { botId, chatId: BigInt(chatId), ...row },
        update: row,
      })
      known.delete(chatId)
    },
    move: async (from, to) => {
      await db.transaction(async (tx) => {
        const row = await tx.group.findUnique({ where: keyOf(from) })
        if (row) {
          await tx.group.deleteMany({
            where: { botId, chatId: { in: [BigInt(from), BigInt(to)] } },
          })
          await tx.group.create({ data: { ...row, chatId: BigInt(to) } })
        }
        const where = { botId, chatId: BigInt(from) }
        const data = { chatId: BigInt(to) }
        // Messages have other numbers there: a reply would go to a stranger's.
        await tx.delivery.updateMany({ where, data: { ...data, replyTo: null } })
        await tx.copy.updateMany({ where, data })
        await tx.channel.updateMany({
          where: { botId, linkedId: BigInt(from) },
          data: { linkedId: BigInt(to) },
        })
      })
      known.delete(from)
      known.delete(to)
    },
    forget: async (chatId) => {
      const where = { botId, chatId: BigInt(chatId) }
      await db.transaction(async (tx) => {
        await tx.group.deleteMany({ where })
        await tx.copy.deleteMany({ where })
        await tx.delivery.deleteMany({ where: { ...where, state: { in: ['sent', 'dropped'] } } })
      })
      known.delete(chatId)
    },
  }
}
