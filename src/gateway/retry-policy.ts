/** @module What follows when an attempt ends without a result: who is to blame, and whether, when and where it is tried again (ENG B7). */
import { randomInt } from 'node:crypto'
import type { ErrorCode } from '../core/errors.ts'

export interface AttemptEnd {
  readonly code: ErrorCode
  readonly attempt: number
  readonly maxAttempts: number
  /** What the attempt before ended with. */
  readonly lastCode: ErrorCode | undefined
}

export type NextStep =
  /** Back to the queue after `delayMs`. */
  | { readonly kind: 'retry'; readonly delayMs: number }
  /** The job fails with this code. */
  | { readonly kind: 'fail'; readonly code: ErrorCode }

export type Blame = 'none' | 'count' | 'open'

/** Codes that say that the input is the reason; a worker's word alone does not make them true. */
export const aboutInput = (code: ErrorCode): boolean =>
  code.startsWith('input.') || code.startsWith('audio.')
const aboutEngine = (code: ErrorCode): boolean => code.startsWith('engine.')
const aboutResult = (code: ErrorCode): boolean =>
  code.startsWith('result.') || code.startsWith('receipt.')

const firstDelayMs = 250
const longestDelayMs = 5000

/**
 * A worker's word never makes a job final: what it says about the input is believed when a second attempt, on another
 * worker where there is one, says the same.
 */
export function nextStep({ code, attempt, maxAttempts, lastCode }: AttemptEnd): NextStep {
  if (attempt >= maxAttempts || (aboutInput(code) && lastCode === code))
    return { kind: 'fail', code }
  if (!aboutEngine(code) || code === 'engine.gpu-missing') return { kind: 'retry', delayMs: 0 }
  const backoffMs = Math.min(firstDelayMs * 2 ** attempt, longestDelayMs)
  // Jitter of one half: jobs that failed together must not come back together.
  return {
    kind: 'retry',
    delayMs: Math.round(backoffMs / 2) + randomInt(Math.round(backoffMs / 2)),
  }
}

/**
 * What the end says about the worker. A claim about the input says nothing yet: it counts against the worker when
 * another attempt answers, else one user's bad files would take an honest worker away from everybody.
 */
export function blameOf(code: ErrorCode): Blame {
  if (aboutResult(code)) return 'open'
  if (code === 'worker.lost' || code === 'job.cancelled' || code === 'stores.lost') return 'none'
  if (aboutInput(code)) return 'none'
  return 'count'
}

/** Whether the worker cannot serve the model any more. */
export const losesModel = (code: ErrorCode): boolean =>
  code === 'models.absent' || code === 'models.corrupt' || code === 'engine.gpu-missing'
