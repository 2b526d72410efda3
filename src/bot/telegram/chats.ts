/** @module Chats that refuse the bot or have moved: told by any call, or by Telegram itself. */
import type { Transformer } from 'grammy'
import type { Update } from 'grammy/types'
import type { Log } from '../../core/log.ts'
import type { Desk } from '../../queue/desk-port.ts'
import type { DeliveryStore } from '../delivery/delivery.ts'
import { chatOf } from './pacer.ts'

/** Chats nothing is sent to until something comes from them. */
export interface UnreachableStore {
  /** False when it was known. */
  add(chatId: number): Promise<boolean>
  remove(chatId: number): Promise<void>
  has(chatId: number): Promise<boolean>
}

export interface ChatsDeps {
  readonly unreachable: UnreachableStore
  readonly deliveries: Pick<DeliveryStore, 'openOf'>
  readonly desk: Pick<Desk, 'cancel'>
  /** Settings, rows and open jobs of a group follow it, in one transaction. */
  readonly move: (from: number, to: number) => Promise<void>
  readonly log: Log
}

export interface Chats {
  /** True while the last thing known of a chat is that it refused the bot. */
  isUnreachable(chatId: number): Promise<boolean>
  /** Something came from a chat: it can be reached again, unless that was the news that the bot is blocked. */
  heard(update: Update): Promise<void>
  /** Watches the answers to calls: 403 marks the chat, a moved group is followed and the call made once more. */
  readonly watch: Transformer
}

export function createChats({ unreachable, deliveries, desk, move, log }: ChatsDeps): Chats {
  const lose = async (chatId: number): Promise<void> => {
    if (!(await unreachable.add(chatId))) return
    const open = await deliveries.openOf({ chatId })
    for (const { job } of open) await desk.cancel(job)
    log.info('chat.unreachable', { cancelled: open.length })
  }
  return {
    isUnreachable: (chatId) => unreachable.has(chatId),
    heard: async (update) => {
      const member = update.my_chat_member
      const chatId = (
        member ??
        update.message ??
        update.channel_post ??
        update.callback_query?.message
      )?.chat.id
      if (chatId === undefined) return
      if (member?.chat.type === 'private' && member.new_chat_member.status === 'kicked')
        await lose(chatId)
      else await unreachable.remove(chatId)
    },
    // The shape is grammY's.
    // oxlint-disable-next-line max-params
    watch: async (prev, method, payload, signal) => {
      const response = await prev(method, payload, signal)
      const chatId = chatOf(payload)
      if (response.ok || chatId === undefined || !/^(?:send|edit)/.test(method)) return response
      if (response.error_code === 403) await lose(chatId)
      const to = response.parameters?.migrate_to_chat_id
      if (to === undefined) return response
      await move(chatId, to)
      // Messages have other numbers in the supergroup: what the old one was is not there.
      Object.assign(payload, { chat_id: to })
      Reflect.deleteProperty(payload, 'reply_parameters')
      return prev(method, payload, signal)
    },
  }
}
