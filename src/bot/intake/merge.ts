/** @module Joins what a person sent as one thing but Telegram delivers as several updates: a comment with a forward, the parts of an album. */
import type { Message, Update } from 'grammy/types'
import type { Clock } from '../../core/clock.ts'

/** One request: the update to handle and everything that belongs to it, in order (itself included). */
export interface Bundle {
  readonly update: Update
  readonly parts: readonly Update[]
}

/** Text waits 300 ms for a forward; every further part extends the wait to 800 ms, up to 3 s in all. */
export const mergeMs = { text: 300, part: 800, most: 3000 } as const

export interface Merger {
  add(update: Update): void
  /** Emits what still waits. */
  flush(): void
}

interface Waiting {
  readonly parts: Update[]
  readonly since: number
  readonly album: string | undefined
  cancel: () => void
}

/**
 * Calls `emit` once for each request, in the order of arrival for each person and chat: what arrives behind a waiting
 * text sends that text on first, unless it belongs to it. Updates without a person in a chat are never held.
 */
export function createMerger(clock: Clock, emit: (bundle: Bundle) => void): Merger {
  const waiting = new Map<string, Waiting>()

  const release = (key: string): void => {
    const held = waiting.get(key)
    if (!held) return
    waiting.delete(key)
    held.cancel()
    // The material leads: its message is the one that gets the reply.
    const lead = held.parts.find((part) => isMaterial(part)) ?? held.parts[0]
    if (lead) emit({ update: lead, parts: held.parts })
  }
  const hold = (key: string, held: Waiting, ms: number): void => {
    held.cancel()
    const left = Math.max(0, held.since + mergeMs.most - clock.now())
    held.cancel = clock.after(Math.min(ms, left), () => release(key))
    waiting.set(key, held)
  }

  return {
    add: (update) => {
      const message = update.message ?? update.channel_post
      const key = message && keyOf(message)
      if (!message || key === undefined) {
        emit({ update, parts: [update] })
        return
      }
      const held = waiting.get(key)
      if (held && belongs(held, message)) {
        held.parts.push(update)
        hold(key, held, mergeMs.part)
        return
      }
      release(key)
      const ms = waitOf(message)
      const album = message.media_group_id
      if (ms === 0) emit({ update, parts: [update] })
      else hold(key, { parts: [update], since: clock.now(), album, cancel: () => undefined }, ms)
    },
    flush: () => {
      for (const key of waiting.keys()) release(key)
    },
  }
}

const keyOf = ({ chat, from, message_thread_id: thread }: Message): string | undefined =>
  from || chat.type === 'channel' ? `${chat.id}:${thread ?? 0}:${from?.id ?? 0}` : undefined

/** How long a fresh message may wait for more. */
function waitOf(message: Message): number {
  if (message.media_group_id !== undefined) return mergeMs.part
  return isComment(message) ? mergeMs.text : 0
}

/** A text that may turn out to be the instruction for a forward behind it. */
const isComment = (message: Message): boolean =>
  message.chat.type === 'private' &&
  message.text !== undefined &&
  message.forward_origin === undefined &&
  !message.text.startsWith('/')

function belongs(held: Waiting, message: Message): boolean {
  if (held.album !== undefined) return message.media_group_id === held.album
  const first = held.parts[0]?.message
  if (!first || !isComment(first)) return false
  const last = held.parts.at(-1)?.message
  const sameAlbum =
    message.media_group_id !== undefined && message.media_group_id === last?.media_group_id
  return message.forward_origin !== undefined || sameAlbum
}

const isMaterial = ({ message }: Update): boolean => message !== undefined && !isComment(message)
