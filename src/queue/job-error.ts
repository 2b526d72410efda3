/** @module The only error BullMQ ever sees: it writes message and stack to Redis, so both hold a code and nothing else. */
import type { ErrorCode } from '../core/errors.ts'

export class JobError extends Error {
  constructor(code: ErrorCode) {
    super(code)
    this.name = 'JobError'
    this.stack = ''
  }
}
