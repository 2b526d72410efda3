/** @module Puts a simulator together: the world, the ways of time and news, and one bot. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { createCalls } from './calls.ts'
import { createEvents } from './events.ts'
import { createFaults } from './faults.ts'
import { createLimits } from './limits.ts'
import { createMail } from './mail.ts'
import { createBot } from './rooms.ts'
import type { Sim } from './sim.ts'
import { emptyWorld } from './world.ts'

/** A token as the real service makes them: the bot's id, a colon, 35 characters. */
export const newToken = (): string =>
  `7700000001:${randomBytes(26).toString('base64url').slice(0, 35)}`

/** An empty world with one bot, named by `token`. Nothing runs until a server is started on it. */
export function createSim(deps: { clock: Clock; log: Log; token: string }): Sim {
  const { clock, log, token } = deps
  const events = createEvents()
  const world = emptyWorld()
  const now = (): number => sim.world.frozenAt ?? clock.now() + sim.world.clockOffsetMs
  const sim: Sim = {
    world,
    clock,
    log,
    events,
    mail: createMail({ clock, now, events }),
    calls: createCalls(events),
    faults: createFaults(),
    limits: createLimits(now),
    now,
  }
  createBot(world, { token, username: 'chrysalis_bot', name: 'Chrysalis' })
  return sim
}
