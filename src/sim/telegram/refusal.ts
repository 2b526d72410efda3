/** @module What the Bot API says no with: a code, a description with its prefix, and sometimes parameters. */

/** The machine-readable part of some refusals. */
export interface RefusalParameters {
  readonly retry_after?: number
  readonly migrate_to_chat_id?: number
}

/** Thrown by methods; the server turns it into `{ok: false, error_code, description}` with the same HTTP status. */
export class Refusal extends Error {
  readonly code: number
  readonly description: string
  readonly parameters: RefusalParameters

  constructor(code: number, description: string, parameters: RefusalParameters = {}) {
    super(`refused with ${code}`)
    this.name = 'Refusal'
    this.code = code
    this.description = description
    this.parameters = parameters
  }
}

export const badRequest = (text: string, parameters: RefusalParameters = {}): Refusal =>
  new Refusal(400, `Bad Request: ${text}`, parameters)

export const forbidden = (text: string): Refusal => new Refusal(403, `Forbidden: ${text}`)

export const tooMany = (retryAfter: number): Refusal =>
  new Refusal(429, `Too Many Requests: retry after ${retryAfter}`, { retry_after: retryAfter })
