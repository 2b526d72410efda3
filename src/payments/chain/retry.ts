/** @module Asking again: longer waits each time, never two askers in step, and an end. */
import { randomInt } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'

export interface Patience {
  readonly clock: Clock
  /** Tries in all. */
  readonly tries: number
  /** Before the second try at most; doubles after each. Milliseconds. */
  readonly firstWaitMs: number
}

/** Repeats what failed for want of a proper answer. Everything that is not an `AppError` counts as an answer that does not read. */
export async function withRetries<T>(patience: Patience, ask: () => Promise<T>): Promise<T> {
  const { clock, tries, firstWaitMs } = patience
  for (let tried = 1; ; tried++) {
    try {
      return await ask()
    } catch (error) {
      const known = reduced(error)
      if (tried >= tries || !isWorthAnother(known)) throw known
      const most = firstWaitMs * 2 ** (tried - 1)
      await clock.sleep(Math.ceil(most / 2) + randomInt(Math.ceil(most / 2) + 1))
    }
  }
}

/** An error of a foreign parser says that the answer was not what it should be. */
const reduced = (error: unknown): AppError =>
  error instanceof AppError
    ? error
    : new AppError('chain.unavailable', { status: 200 }, { cause: error })

/** What is wrong with the request itself (4xx but "too many") stays wrong. */
function isWorthAnother({ code, details }: AppError): boolean {
  const { status } = details
  if (code !== 'chain.unavailable') return false
  return typeof status !== 'number' || status < 400 || status === 429 || status >= 500
}
