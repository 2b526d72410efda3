/** @module Rows of channels whose admin set the bot up. */
import type { Clock } from '../../core/clock.ts'
import type { Database } from '../../db/database.ts'
import { chooseUi, type UiLanguage } from '../texts/texts.ts'

/** `comment`: the summary stands under the post in the discussion group. `append`: at the end of the post itself. */
export type ChannelMode = 'off' | 'comment' | 'append'

export interface Channel {
  readonly chatId: number
  readonly mode: ChannelMode
  /** UTF-16 units from which a post is summarised. */
  readonly threshold: number
  /** Language of the summary; absent: the post's own. */
  readonly language?: string
  /** Language in which the admin is told things. */
  readonly ui: UiLanguage
  /** Who set the channel up, and is told when something is wrong. */
  readonly adminId: number
  /** Discussion group, where there is one. */
  readonly linkedId?: number
}

export interface ChannelStore {
  get(chatId: number): Promise<Channel | undefined>
  byLinked(groupId: number): Promise<Channel | undefined>
  ofAdmin(userId: number): Promise<readonly Channel[]>
  /** Idempotent: the last one counts. */
  save(channel: Channel): Promise<void>
  /** Whether its admin was not told yet today (UTC) that money is missing; from now on he was. Only one caller gets true. */
  tellFunds(chatId: number): Promise<boolean>
  remove(chatId: number): Promise<void>
  forget(userId: number): Promise<number>
}

export function createChannelStore(deps: {
  db: Database
  botId: number
  clock: Clock
}): ChannelStore {
  const { channel } = deps.db.rows
  const botId = BigInt(deps.botId)
  const keyOf = (chatId: number) => ({ botId_chatId: { botId, chatId: BigInt(chatId) } })
  return {
    get: async (chatId) => {
      const row = await channel.findUnique({ where: keyOf(chatId) })
      return row ? read(row) : undefined
    },
    byLinked: async (groupId) => {
      const row = await channel.findFirst({ where: { botId, linkedId: BigInt(groupId) } })
      return row ? read(row) : undefined
    },
    ofAdmin: async (userId) => {
      const rows = await channel.findMany({
        where: { botId, adminId: BigInt(userId) },
        orderBy: { chatId: 'desc' },
      })
      return rows.map(read)
    },
    save: async ({ chatId, adminId, linkedId, language, ...rest }) => {
      const row = {
        ...rest,
        adminId: BigInt(adminId),
        linkedId: linkedId === undefined ? null : BigInt(linkedId),
        language: language ?? null,
        updatedAt: new Date(deps.clock.now()),
      }
      await channel.upsert({
        where: keyOf(chatId),
        create: { botId, chatId: BigInt(chatId), ...row },
        update: row,
      })
    },
    tellFunds: async (chatId) => {
      const today = new Date(new Date(deps.clock.now()).toISOString().slice(0, 10))
      const { count } = await channel.updateMany({
        where: {
          botId,
          chatId: BigInt(chatId),
          OR: [{ fundsTold: null }, { fundsTold: { lt: today } }],
        },
        data: { fundsTold: today },
      })
      return count > 0
    },
    remove: async (chatId) => {
      await channel.deleteMany({ where: { botId, chatId: BigInt(chatId) } })
    },
    forget: async (userId) => {
      const { count } = await channel.deleteMany({ where: { botId, adminId: BigInt(userId) } })
      return count
    },
  }
}

interface Row {
  readonly chatId: bigint
  readonly mode: ChannelMode
  readonly threshold: number
  readonly language: string | null
  readonly ui: string
  readonly adminId: bigint
  readonly linkedId: bigint | null
}

const read = (row: Row): Channel => ({
  chatId: Number(row.chatId),
  mode: row.mode,
  threshold: row.threshold,
  ...(row.language !== null && { language: row.language }),
  ui: chooseUi(row.ui),
  adminId: Number(row.adminId),
  ...(row.linkedId !== null && { linkedId: Number(row.linkedId) }),
})
