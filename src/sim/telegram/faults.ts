/** @module Faults on order: the next calls of a method fail in a chosen way. */

export type FaultKind =
  | 'error'
  /** The call takes effect and is answered with the error all the same. */
  | 'error-after'
  | 'html'
  | 'slow'
  | 'close-before'
  | 'close-after'
  | 'truncate-file'
  | 'duplicate-update'
  | 'reorder-updates'

export interface Fault {
  /** Lower case; `file` stands for downloads, `*` for every method. */
  readonly method: string
  readonly kind: FaultKind
  readonly errorCode: number
  readonly description: string | undefined
  readonly retryAfter: number | undefined
  readonly delayMs: number
  /** Only calls for this chat. */
  readonly chat: string | undefined
  /** Calls still to spoil. */
  times: number
}

export interface Faults {
  add(fault: Fault): void
  /** The fault that spoils this call, if any; uses it up by one. */
  take(method: string, chat: string | undefined): Fault | undefined
  list(): Fault[]
  clear(): void
}

export function createFaults(): Faults {
  const faults: Fault[] = []
  return {
    add: (fault) => void faults.push(fault),
    take: (method, chat) => {
      const fault = faults.find(
        (it) =>
          it.times > 0 &&
          (it.method === '*' || it.method === method) &&
          (it.chat === undefined || it.chat === chat),
      )
      if (fault !== undefined) fault.times -= 1
      return fault
    },
    list: () => faults.filter((it) => it.times > 0),
    clear: () => void faults.splice(0),
  }
}
