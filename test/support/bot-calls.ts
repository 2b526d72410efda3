/** @module Bare Bot API calls over HTTP, for tests of the simulator itself: the envelope as it comes. */
import type { TestSimulator } from './simulator.ts'

export interface Envelope {
  readonly status: number
  readonly ok: boolean
  readonly result?: unknown
  readonly error_code?: number
  readonly description?: string
  readonly parameters?: { readonly retry_after?: number; readonly migrate_to_chat_id?: number }
}

export type CallBot = (method: string, params?: object) => Promise<Envelope>

/** Calls methods with a JSON body, as the test bot or with another `token`. */
export function botCalls(sim: TestSimulator, token: string = sim.token): CallBot {
  return async (method, params = {}) => {
    const response = await fetch(`${sim.base}/bot${token}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(params),
    })
    return { status: response.status, ...((await response.json()) as Omit<Envelope, 'status'>) }
  }
}

/** The `message_id` of an answer with a message. */
export function messageIdOf({ result }: Envelope): number {
  const id = (result as { message_id?: number } | undefined)?.message_id
  if (id === undefined) throw new Error('no message in the answer')
  return id
}
