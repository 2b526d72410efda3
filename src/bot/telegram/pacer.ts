/** @module How fast the bot sends: within what Telegram bears, the important first, of several edits of one message only the last. */
import type { Transformer } from 'grammy'
import type { Clock } from '../../core/clock.ts'

/** In this order: an answer, our own sentences, edits; frames never wait. */
const ranks = { answer: 0, sentence: 1, edit: 2 } as const
type Rank = keyof typeof ranks

const rankOf: Readonly<Record<string, Rank | 'frame'>> = {
  sendRichMessage: 'answer',
  sendDocument: 'answer',
  sendMessage: 'sentence',
  editMessageText: 'edit',
  editMessageCaption: 'edit',
  editMessageReplyMarkup: 'edit',
  editEphemeralMessageText: 'edit',
  editEphemeralMessageReplyMarkup: 'edit',
  sendRichMessageDraft: 'frame',
  sendMessageDraft: 'frame',
}

/**
 * Telegram's published limits are about one message a second in a private chat, 20 a minute in a group (edits counted)
 * and 30 a second in all; bursts are borne. A group's three at once and one in 3.5 s are 20 in any minute.
 */
export const limits = {
  private: { burst: 3, everyMs: 1000 },
  group: { burst: 3, everyMs: 3500 },
} as const

/** So long an answer waits for its turn; a longer wait is said to the delivery, which comes again and meanwhile holds up no other chat. */
const longestWaitMs = 15_000
/** Chats that may be known at once; full buckets are forgotten first. */
const maxChats = 10_000

/** Fills by one every `everyMs` up to `burst`. */
class Bucket {
  readonly #burst: number
  readonly #everyMs: number
  #tokens: number
  #at: number

  constructor(it: { burst: number; everyMs: number }, now: number) {
    this.#burst = it.burst
    this.#everyMs = it.everyMs
    this.#tokens = it.burst
    this.#at = now
  }

  /** Milliseconds until `count` are there; 0 = now. */
  waitMs(now: number, count = 1): number {
    this.#fill(now)
    return Math.max(0, Math.ceil((count - this.#tokens) * this.#everyMs))
  }

  take(now: number): void {
    this.#fill(now)
    this.#tokens -= 1
  }

  /** Telegram asks for silence: nothing is there until `ms` are over. */
  drain(now: number, ms: number): void {
    this.#fill(now)
    this.#tokens = Math.min(this.#tokens, 1 - ms / this.#everyMs)
  }

  isFull(now: number): boolean {
    this.#fill(now)
    return this.#tokens >= this.#burst
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) / this.#everyMs)
    this.#at = now
  }
}

interface Waiting {
  readonly chatId: number
  readonly rank: Rank
  /** Edits with the same name replace each other. */
  readonly name?: string
  readonly settle: (turn: Turn) => void
}

/** `late`: a newer edit of the same message stands in for this one. `refused`: not before so many milliseconds. */
export type Turn = 'go' | 'late' | { readonly refusedMs: number }

export interface Pacer {
  /** Resolves when a call may be made. */
  turn(it: { chatId: number; rank: Rank; name?: string }): Promise<Turn>
  /** Whether a draft frame may be sent now and still leave room for an answer: 0, or the wait in ms. Counts it when it may. */
  frameInMs(chatId: number): number
  /** Telegram asked for silence in a chat. */
  flooded(chatId: number, ms: number): void
}

export function createPacer({
  clock,
  perSecond,
}: {
  readonly clock: Clock
  /** Messages a second to all chats together. */
  readonly perSecond: number
}): Pacer {
  const all = new Bucket({ burst: perSecond, everyMs: 1000 / perSecond }, clock.now())
  const chats = new Map<number, Bucket>()
  let waiting: Waiting[] = []
  let cancel: (() => void) | undefined

  const bucketOf = (chatId: number): Bucket => {
    const known = chats.get(chatId)
    if (known) return known
    if (chats.size >= maxChats)
      for (const [id, it] of chats) if (it.isFull(clock.now())) chats.delete(id)
    const bucket = new Bucket(isGroup(chatId) ? limits.group : limits.private, clock.now())
    chats.set(chatId, bucket)
    return bucket
  }
  const waitMs = ({ chatId, rank }: Waiting, now: number): number =>
    Math.max(all.waitMs(now), counts(chatId, rank) ? bucketOf(chatId).waitMs(now) : 0)

  const pump = (): void => {
    cancel?.()
    cancel = undefined
    const now = clock.now()
    let nextMs = Number.POSITIVE_INFINITY
    const left: Waiting[] = []
    for (const entry of waiting) {
      const ms = waitMs(entry, now)
      if (ms > 0) {
        nextMs = Math.min(nextMs, ms)
        left.push(entry)
        continue
      }
      all.take(now)
      if (counts(entry.chatId, entry.rank)) bucketOf(entry.chatId).take(now)
      entry.settle('go')
    }
    waiting = left
    if (waiting.length > 0) cancel = clock.after(nextMs, pump)
  }
  /** How long another answer to this chat would wait. */
  const queueMs = (chatId: number): number => {
    const ahead = waiting.filter((it) => it.chatId === chatId && it.rank === 'answer').length
    return bucketOf(chatId).waitMs(clock.now(), ahead + 1)
  }

  return {
    turn: (it) => {
      const { promise, resolve } = Promise.withResolvers<Turn>()
      const same = it.name === undefined ? -1 : waiting.findIndex(({ name }) => name === it.name)
      const old = waiting[same]
      if (old) {
        // The newer one takes the place in the queue.
        waiting[same] = { ...it, settle: resolve }
        old.settle('late')
        return promise
      }
      const refusedMs = it.rank === 'answer' ? queueMs(it.chatId) : 0
      if (refusedMs > longestWaitMs) return Promise.resolve({ refusedMs })
      const at = waiting.findIndex(({ rank }) => ranks[rank] > ranks[it.rank])
      waiting.splice(at < 0 ? waiting.length : at, 0, { ...it, settle: resolve })
      pump()
      return promise
    },
    frameInMs: (chatId) => {
      const now = clock.now()
      const ms = Math.max(all.waitMs(now, 2), bucketOf(chatId).waitMs(now, 2))
      if (ms > 0 || waiting.some((it) => it.chatId === chatId)) return Math.max(ms, 1)
      all.take(now)
      bucketOf(chatId).take(now)
      return 0
    },
    flooded: (chatId, ms) => bucketOf(chatId).drain(clock.now(), ms),
  }
}

const isGroup = (chatId: number): boolean => chatId < 0

/** Edits count in groups only. */
const counts = (chatId: number, rank: Rank): boolean => rank !== 'edit' || isGroup(chatId)

/** Makes every call wait for its turn; one that would wait too long is refused as Telegram would, with `retry_after`. */
export function paceCalls(pacer: Pacer): Transformer {
  // The shape is grammY's.
  // oxlint-disable-next-line max-params
  return async (prev, method, payload, signal) => {
    const kind = rankOf[method]
    const chatId = chatOf(payload)
    if (kind === undefined || chatId === undefined) return prev(method, payload, signal)
    if (kind === 'frame') {
      const ms = pacer.frameInMs(chatId)
      return ms > 0 ? tooEarly(ms) : prev(method, payload, signal)
    }
    const name = kind === 'edit' ? editName(method, payload) : undefined
    const turn = await pacer.turn({ chatId, rank: kind, ...(name !== undefined && { name }) })
    if (turn === 'go') return prev(method, payload, signal)
    // To whoever sent it the older edit is done: what it would have shown is not the truth any more.
    return turn === 'late' ? notModified : tooEarly(turn.refusedMs)
  }
}

const notModified = {
  ok: false,
  error_code: 400,
  description: 'Bad Request: message is not modified',
} as const

const tooEarly = (ms: number) =>
  ({
    ok: false,
    error_code: 429,
    description: 'Too Many Requests: paced',
    parameters: { retry_after: Math.ceil(ms / 1000) },
  }) as const

/** The chat a call is about, where it is named by its number. */
export const chatOf = (payload: object): number | undefined =>
  'chat_id' in payload && typeof payload.chat_id === 'number' ? payload.chat_id : undefined

function editName(method: string, payload: object): string | undefined {
  const id =
    'ephemeral_message_id' in payload
      ? `e${String(payload.ephemeral_message_id)}`
      : 'message_id' in payload && typeof payload.message_id === 'number'
        ? String(payload.message_id)
        : undefined
  return id === undefined ? undefined : `${method}:${String(chatOf(payload))}:${id}`
}
