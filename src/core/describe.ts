/** @module The only way from an unknown error to a log: what it says about us, never what it may say about the user. */
import { AppError } from './app-error.ts'

/** What may be logged of an error. */
export interface Description {
  readonly code: string
  readonly details?: Readonly<Record<string, number | boolean | string>>
  readonly causes?: readonly string[]
  readonly stack?: readonly string[]
}

/**
 * Reduces any thrown value. AppError: code, details and the codes of its causes. Anything else: class name, a
 * machine-made `code` and the stack frames **without** the message, which foreign libraries fill with
 * arguments (Prisma), payloads (grammY) or input (`JSON.parse`, `URL`).
 */
export function describe(error: unknown): Description {
  if (error instanceof AppError) {
    const causes = causeNames(error.cause)
    return { code: error.code, details: error.details, ...(causes.length > 0 && { causes }) }
  }
  if (!(error instanceof Error)) return { code: `thrown.${typeof error}` }
  const causes = causeNames(error.cause)
  return { code: nameOf(error), stack: frames(error), ...(causes.length > 0 && { causes }) }
}

function causeNames(cause: unknown): string[] {
  const names: string[] = []
  for (let next = cause; next instanceof Error && names.length < 4; next = next.cause) {
    names.push(next instanceof AppError ? next.code : nameOf(next))
  }
  return names
}

function nameOf(error: Error): string {
  const raw: unknown = 'code' in error ? error.code : undefined
  const name = error.constructor.name
  return typeof raw === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(raw) ? `${name}.${raw}` : name
}

/** Stack frames only: the message is cut off by its length, since its lines may look like frames. */
function frames(error: Error): string[] {
  const stack = error.stack ?? ''
  const head = stack.indexOf(error.message)
  const rest = error.message === '' || head < 0 ? stack : stack.slice(head + error.message.length)
  return rest
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, 12)
    .map((line) => line.trim())
}
