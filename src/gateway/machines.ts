/** @module Tells owners what becomes of their machines, and workers what their owners want of them; neither holds up a frame. */
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import type { Kid } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import type { AdmittedSession } from '../tee/admission/admission.ts'
import type { MachineStore, TriedModels } from './machine-store.ts'

/** What a gateway sees of the workers of join tokens. */
export interface MachineWatch {
  admitted(session: AdmittedSession): void
  ready(session: AdmittedSession, tried: TriedModels): void
  /** `code`: of the error table or the attestation's. */
  refused(token: string, code: string): void
  gone(session: AdmittedSession): void
}

/** `seen`: due every 10 s. */
export interface Machines extends MachineWatch {
  seen(): Promise<void>
  close(): Promise<void>
}

export function createMachines(deps: { store: MachineStore; clock: Clock; log: Log }): Machines {
  const { store, clock, log } = deps
  const here = new Map<Kid, string>()
  // In order: what was seen last is what stands in the row.
  let last: Promise<void> = Promise.resolve()
  const note = (step: () => Promise<void>): void => {
    last = last
      .then(step)
      .catch((error: unknown) => log.failure('machine.unnoted', describe(error)))
  }
  return {
    admitted: ({ kid, token, tier, evidence }) => {
      here.set(kid, token)
      const nowMs = clock.now()
      // Documents of the vendor and of the operator end as well, but are renewed without its owner.
      const evidenceUntilMs = evidence.judgement.mendBy ?? evidence.expiresAt * 1000
      note(() => store.admitted(token, { kid, tier, evidenceUntilMs, nowMs }))
    },
    ready: ({ token }, tried) => {
      const nowMs = clock.now()
      note(() => store.ready(token, tried, nowMs))
    },
    refused: (token, code) => {
      const nowMs = clock.now()
      note(() => store.refused(token, code, nowMs))
    },
    gone: ({ kid, token }) => {
      here.delete(kid)
      const nowMs = clock.now()
      note(() => store.gone(token, kid, nowMs))
    },
    seen: async () => {
      const tokens = [...new Set(here.values())]
      if (tokens.length > 0) await store.seen(tokens, clock.now())
    },
    close: () => last,
  }
}
