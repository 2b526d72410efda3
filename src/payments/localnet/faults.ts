/** @module What goes wrong on purpose: each fault with how often, for whom, and after how many that pass. */
import { z } from 'zod'
import { maxLag } from './state.ts'

/** Of a call's answer: any method. */
const answerKinds = ['rate-limit', 'server-error', 'slow', 'malformed'] as const
/** Of reading: as if the node were behind. */
const readKinds = ['stale'] as const
/** Of `sendBoc`: dropped, done but answered as failed, done some blocks later, done twice. */
const sendKinds = ['drop', 'answer-error', 'late', 'twice'] as const

export const faultSchema = z.strictObject({
  kind: z.enum([...answerKinds, ...readKinds, ...sendKinds]),
  /** How many calls it meets. */
  count: z.int().positive().default(1),
  /** How many fitting calls pass before. */
  skip: z.int().nonnegative().default(0),
  /** Only calls of this JSON-RPC method. */
  method: z.string().optional(),
  /** Only calls about this account, or messages to it; raw `0:hex`. */
  account: z.string().optional(),
  /** `late`, `stale`: how many blocks. */
  blocks: z.int().positive().max(maxLag).default(3),
  /** `slow`: milliseconds by the clock. */
  ms: z.int().positive().default(2000),
  /** `server-error`: the HTTP status. */
  status: z.int().min(500).max(599).default(503),
})
export type Fault = z.output<typeof faultSchema>
type Kind = Fault['kind']

interface Call {
  readonly method: string
  /** Raw address of the account it is about. */
  readonly account?: string | undefined
}

export interface FaultBook {
  add(fault: z.input<typeof faultSchema>): void
  clear(): void
  /** What waits to happen. */
  list(): readonly Fault[]
  /** The next fault of one of these kinds that this call meets; counted as met. */
  take(call: Call, kinds: readonly Kind[]): Fault | undefined
}

export function createFaults(): FaultBook {
  let faults: Fault[] = []
  return {
    add: (fault) => {
      faults = [...faults, faultSchema.parse(fault)]
    },
    clear: () => {
      faults = []
    },
    list: () => faults,
    take: (call, kinds) => {
      const fitting = faults.filter((it) => kinds.includes(it.kind) && fits(it, call))
      const met = fitting.find(({ skip }) => skip === 0)
      const after = new Map<Fault, Fault>(
        fitting.filter(({ skip }) => skip > 0).map((it) => [it, { ...it, skip: it.skip - 1 }]),
      )
      if (met) after.set(met, { ...met, count: met.count - 1 })
      faults = faults.map((it) => after.get(it) ?? it).filter(({ count }) => count > 0)
      return met
    },
  }
}

const fits = ({ method, account }: Fault, call: Call): boolean =>
  (method === undefined || method === call.method) &&
  (account === undefined || account === call.account)

export const faultKinds = { answer: answerKinds, read: readKinds, send: sendKinds } as const
