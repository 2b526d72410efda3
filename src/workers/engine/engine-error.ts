/** @module From a native engine's failure to a code; its message may hold a user's text and goes no further. */
import { InsufficientMemoryError, NoBinaryFoundError } from 'node-llama-cpp'
import { AppError } from '../../core/app-error.ts'
import type { ErrorCode } from '../../core/errors.ts'

/** The error to throw for `error`, which is dropped: not even as a cause, since causes are printed by debuggers. `otherwise` names what is unknown. */
export function engineError(error: unknown, otherwise: ErrorCode = 'engine.crash'): AppError {
  if (error instanceof AppError) return error
  if (error instanceof NoBinaryFoundError) return new AppError('engine.gpu-missing')
  if (error instanceof InsufficientMemoryError) return new AppError('engine.oom')
  return new AppError(otherwise)
}
