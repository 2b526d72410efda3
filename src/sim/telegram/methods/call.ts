/** @module One Bot API call: who calls, with what, and in which world. */
import type { Upload } from '../multipart.ts'
import type { Params } from '../params.ts'
import type { Sim } from '../sim.ts'
import type { Bot } from '../world.ts'

export interface MethodCall {
  readonly sim: Sim
  readonly bot: Bot
  readonly params: Params
  readonly files: Map<string, Upload>
  /** Aborts when the client has closed the connection. */
  readonly gone: AbortSignal
}

/** Gives the `result` of the answer, or throws a Refusal. */
export type Method = (call: MethodCall) => unknown
