/** @module Which machines may work, as an admission asks: enrolled ones, and on the dev network every simulated one (CONF §12). */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import type { Lifetime } from '../core/lifetime.ts'
import type { Log } from '../core/log.ts'
import { createRounds } from '../core/rounds.ts'
import type { Database } from '../db/database.ts'
import type { HardwarePort } from '../tee/admission/admission.ts'
import { createHardwareStore, type HardwareStore } from './hardware-store.ts'

const aliveMs = 10_000
/** Workers that one simulated machine may run. */
const simulatedGpus = 64

export function openHardware(deps: {
  net: Net
  db: Database
  clock: Clock
  log: Log
  life: Lifetime
}): HardwarePort {
  const { net, db, clock, log, life } = deps
  const gateway = randomBytes(8).toString('hex')
  const store = createHardwareStore({ db, gateway, clock })
  const rounds = createRounds(clock, (error) => log.failure('hardware.unseen', describe(error)))
  rounds.every(aliveMs, () => store.refresh())
  life.keep('hardware', rounds, (it) => it.close())
  const ask = net === 'devnet' ? enrolling(store) : store.claim.bind(store)
  return {
    claim: async (worker) => {
      const code = await ask(worker)
      // One machine in two places at once: its keys may have been taken out of it.
      if (code === 'HW_SPLIT') log.error('machine.split', { kid: worker.kid })
      return code
    },
    site: (hw) => store.siteOf(hw),
    release: (kid) => store.release(kid),
  }
}

/** A simulated machine is a seed and a name: there is nothing that an operator could look at before enrolling it. */
const enrolling =
  (store: HardwareStore): HardwarePort['claim'] =>
  async (worker) => {
    const code = await store.claim(worker)
    if (code !== 'HW_UNKNOWN') return code
    const { hw, owner } = worker
    await store.enrol({ hw, tee: 'tdx', owner, gpus: simulatedGpus, site: 'unknown' })
    return store.claim(worker)
  }
