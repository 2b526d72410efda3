/** @module The log of Bot API calls: what was asked and answered, for the page and for tests. */
import type { Events } from './events.ts'

interface Call {
  readonly id: number
  readonly at: number
  readonly bot: number
  /** As the bot wrote it. */
  readonly method: string
  readonly params: Readonly<Record<string, unknown>>
  readonly files: readonly {
    readonly field: string
    readonly file_name: string
    readonly size: number
  }[]
  readonly ok: boolean
  readonly error_code?: number
  readonly description?: string
  readonly result?: unknown
  /** Parameters the method did not look at. */
  readonly unknown: readonly string[]
}

export interface Calls {
  add(call: Omit<Call, 'id'>): void
  list(method?: string): Call[]
  clear(): void
}

/** Newest calls kept; a busy day of trying out is far below. */
const kept = 5000

export function createCalls(events: Events): Calls {
  const calls: Call[] = []
  let next = 1
  return {
    add: (entry) => {
      const call: Call = { id: next, ...entry }
      next += 1
      calls.push(call)
      if (calls.length > kept) calls.shift()
      if (call.method.toLowerCase() !== 'getupdates') events.send({ type: 'call', call })
    },
    list: (method) => {
      const wanted = method?.toLowerCase()
      return wanted === undefined
        ? [...calls]
        : calls.filter((call) => call.method.toLowerCase() === wanted)
    },
    clear: () => void calls.splice(0),
  }
}
