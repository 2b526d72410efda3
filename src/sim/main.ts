/** @module The simulator's composition: a sample world behind one port, and a file that says where it is. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadConfig } from '../core/config.ts'
import type { Ground } from '../core/ground.ts'
import { Secret } from '../core/plaintext.ts'
import { simConfig } from './config.ts'
import { createSim, newToken } from './telegram/create.ts'
import { keepMemory } from './telegram/memory.ts'
import { continueMessageIds, continuePeopleIds } from './telegram/numbers.ts'
import { mainBot } from './telegram/rooms.ts'
import { fillSampleWorld } from './telegram/sample.ts'
import { startServer } from './telegram/server.ts'
import { startWebhooks } from './telegram/webhook.ts'

export interface SimFacts {
  readonly pageUrl: string
  /** What the bot takes as `apiRoot`. */
  readonly apiRoot: string
  readonly token: Secret
  /** The sample's first person: whoever sits at this machine. */
  readonly person: number
}

/**
 * Starts the simulator and writes `<data>/sim.json` (mode 0600, removed on close): `{base, page, token, bot, pid}`.
 * Who is in which chat is kept in `<data>/sim-memory.jsonl`, so that answers find their people after a restart; words are not.
 * Throws `config.invalid` and `config.port-in-use`.
 */
export async function main({ env, log, clock, life }: Ground): Promise<SimFacts> {
  const config = loadConfig(simConfig, env)
  const token = config.CHRYSALIS_SIM_TOKEN?.reveal() ?? newToken()
  const sim = createSim({ clock, log, token })
  // The sample's people and chats keep their ids, so that the bot remembers them.
  continueMessageIds(sim.world, clock.now())
  fillSampleWorld(sim)
  continuePeopleIds(sim.world, clock.now())
  keepMemory(sim, join(config.CHRYSALIS_DATA, 'sim-memory.jsonl'))
  startWebhooks(sim, life.signal)
  const server = await startServer(sim, config.CHRYSALIS_PORT)
  life.keep('simulator', server, (it) => it.close())
  const { id, username } = mainBot(sim.world).user
  const page = `${server.base}/`
  const facts = { base: server.base, page, token, bot: { id, username }, pid: process.pid }
  const file = join(config.CHRYSALIS_DATA, 'sim.json')
  await writeFile(file, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 })
  life.keep('sim.json', file, (it) => rm(it, { force: true }))
  log.info('simulator.started', { port: server.port })
  const [person = 0] = sim.world.people.keys()
  return { pageUrl: page, apiRoot: server.base, token: Secret.of(token), person }
}
