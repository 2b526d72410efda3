/** @module The simulator as its parts see it: the world, the time, and the ways out. */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Calls } from './calls.ts'
import type { Events } from './events.ts'
import type { Faults } from './faults.ts'
import type { Limits } from './limits.ts'
import type { Mail } from './mail.ts'
import type { World } from './world.ts'

export interface Sim {
  /** Replaced as a whole by restore; never keep a part of it across an `await` that may restore. */
  world: World
  readonly clock: Clock
  readonly log: Log
  readonly events: Events
  readonly mail: Mail
  readonly calls: Calls
  readonly faults: Faults
  readonly limits: Limits
  /** Simulated milliseconds since 1970; drives every time limit of the Bot API. */
  readonly now: () => number
}

/** Simulated seconds since 1970, as messages carry them. */
export const unixTime = (sim: Sim): number => Math.floor(sim.now() / 1000)
