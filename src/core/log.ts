/** @module The only way to standard error: events named by literals, with fields that cannot be content. */
import type { Description } from './describe.ts'
import type { Id } from './ids.ts'

type IsAny<T> = 0 extends 1 & T ? true : false
// `{}` extends Record<`x${string}`, unknown>, so template types with a wide part are refused like `string` itself.
// biome-ignore lint/complexity/noBannedTypes: the empty object type is the test.
type Literal<T extends string> = {} extends Record<T, unknown> ? never : T
type Loggable<T> =
  IsAny<T> extends true
    ? never
    : T extends Id
      ? T
      : T extends string
        ? Literal<T>
        : T extends number | bigint | boolean | null | undefined
          ? T
          : never
/** Fields of a log line: literals, branded ids, numbers and booleans. A wide `string` may be a user's text and does not compile. */
type LogFields<F extends Record<string, unknown>> = {
  readonly [K in keyof F]: Loggable<F[K]>
}

type Level = 'info' | 'warn' | 'error'
type Write = <const E extends `${string}.${string}`, const F extends Record<string, unknown>>(
  event: Literal<E>,
  fields?: LogFields<F>,
) => void

/** Event names are `noun.verb-in-the-past`. `info`: business event, `warn`: we coped, `error`: someone must look. */
export interface Log {
  readonly info: Write
  readonly warn: Write
  readonly error: Write
  /** An error, already reduced by `describe` to what carries no content. */
  failure<const E extends `${string}.${string}`>(event: Literal<E>, error: Description): void
}

/**
 * A log that writes one JSON object a line: `{at, level, role, event, …fields}`.
 * `sink` gets the finished line with its line break.
 */
export function createLog(role: string, sink: (line: string) => void, now: () => number): Log {
  const write = (level: Level, event: string, fields: object): void => {
    const line = { at: new Date(now()).toISOString(), level, role, event, ...fields }
    sink(
      `${JSON.stringify(line, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))}\n`,
    )
  }
  return {
    info: (event, fields) => write('info', event, fields ?? {}),
    warn: (event, fields) => write('warn', event, fields ?? {}),
    error: (event, fields) => write('error', event, fields ?? {}),
    failure: (event, error) => write('error', event, error),
  }
}

/** The process's standard error as a sink. */
export const stderrSink = (line: string): void => {
  process.stderr.write(line)
}
