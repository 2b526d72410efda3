/** @module What `cli.ts` opens for each role before its `main.ts` runs. */
import type { Clock } from './clock.ts'
import type { Environment } from './config.ts'
import type { Lifetime } from './lifetime.ts'
import type { Log } from './log.ts'

/** A role's ground. Things a role opens are kept in `life`, which closes them in reverse order. */
export interface Ground {
  readonly env: Environment
  readonly log: Log
  readonly clock: Clock
  readonly life: Lifetime
}
