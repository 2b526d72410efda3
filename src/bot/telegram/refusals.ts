/** @module What Telegram's refusals mean: the one table of known descriptions. Unknown ones are decided by their code alone. */
import { GrammyError, HttpError } from 'grammy'

/**
 * `done`: the wished state exists already. `late`: nobody waits for it any more. `gone`: this chat cannot be reached.
 * `refused`: this form of the message is not accepted, another may be. `flood`: wait `retryAfterMs`.
 * `too-big`: a file bots are not given. `lost`: it may or may not have happened (connection, 5xx). `conflict`, `token`: the process cannot go on.
 */
export type Refusal =
  | {
      readonly kind:
        | 'done'
        | 'late'
        | 'gone'
        | 'refused'
        | 'too-big'
        | 'lost'
        | 'conflict'
        | 'token'
    }
  | { readonly kind: 'missing'; readonly what: 'message' | 'rights' }
  | { readonly kind: 'flood'; readonly retryAfterMs: number }
  | { readonly kind: 'moved'; readonly chatId: number }

const known: readonly (readonly [RegExp, Refusal])[] = [
  [/message is not modified/, { kind: 'done' }],
  [/message to delete not found/, { kind: 'done' }],
  [/query is too old|query ID is invalid/, { kind: 'late' }],
  [
    /message to edit not found|message to be replied not found/,
    { kind: 'missing', what: 'message' },
  ],
  [/file is too big/, { kind: 'too-big' }],
  [
    /not enough rights|have no rights|need administrator rights/,
    { kind: 'missing', what: 'rights' },
  ],
  [/chat not found|message thread not found/, { kind: 'gone' }],
]

/** Classifies anything thrown by a Telegram call; undefined for errors that are not Telegram's. */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof HttpError) return { kind: 'lost' }
  if (!(error instanceof GrammyError)) return undefined
  const { error_code: code, description, parameters } = error
  if (parameters.migrate_to_chat_id !== undefined)
    return { kind: 'moved', chatId: parameters.migrate_to_chat_id }
  if (code === 429) return { kind: 'flood', retryAfterMs: (parameters.retry_after ?? 1) * 1000 }
  if (code === 401) return { kind: 'token' }
  if (code === 403) return { kind: 'gone' }
  if (code === 409) return { kind: 'conflict' }
  if (code >= 500) return { kind: 'lost' }
  return known.find(([text]) => text.test(description))?.[1] ?? { kind: 'refused' }
}
