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

/** The refusals of the Bot API as `CallBot` gives them: 400 with its prefix… */
export const bad = (text: string): Envelope => ({
  ok: false,
  status: 400,
  error_code: 400,
  description: `Bad Request: ${text}`,
})
/** …and 403. */
export const forbidden = (text: string): Envelope => ({
  ok: false,
  status: 403,
  error_code: 403,
  description: `Forbidden: ${text}`,
})

/** An update as a bot gets it. */
export type Seen = Record<string, { [field: string]: unknown; text?: string }> & {
  update_id: number
}

export const everyKind = [
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'callback_query',
  'my_chat_member',
  'chat_member',
  'message_reaction',
  'stopped_message_generation',
]

/** Updates since the last look, of every kind. */
export async function newsOf(call: CallBot): Promise<Seen[]> {
  const seen = (await call('getUpdates', { allowed_updates: everyKind })).result as Seen[]
  await call('getUpdates', { offset: (seen.at(-1)?.update_id ?? 0) + 1 })
  return seen
}
