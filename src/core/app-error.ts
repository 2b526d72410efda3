/** @module The one error class: a code of the table, details without content, and the cause. */
import { ERRORS, type ErrorCode, type ErrorSpec } from './errors.ts'

/** Numbers, booleans and ids only: what helps and cannot be a user's text. Limits and counts go here. */
export type ErrorDetails = Readonly<Record<string, number | boolean | string>>

/**
 * Thrown for every failure that has a code. `message` is the code, so nothing else can leak through it.
 * Decide on `code`, never on `message`.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: { cause?: unknown } = {}) {
    super(code, options)
    this.name = 'AppError'
    this.code = code
    this.details = details
  }

  get spec(): ErrorSpec {
    return ERRORS[this.code]
  }
}

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text)

/** The code of any thrown value; `internal.error` for what has none. */
export const codeOf = (error: unknown): ErrorCode =>
  error instanceof AppError ? error.code : 'internal.error'
