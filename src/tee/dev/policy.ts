/** @module The policy of a dev network without one: the simulated machine may work, with whatever models it has. */
import type { Policy } from '../verify/policy/document.ts'
import { NO_POLICY } from '../verify/policy/document.ts'
import { devMeasurements } from './tdx.ts'

const YEAR_S = 365 * 86_400

/** Unsigned; `nowS`: unix seconds. */
export function devPolicyDraft(nowS: number): Policy {
  const { mrTd, ...registers } = devMeasurements()
  const [notBefore, notAfter] = [nowS - 86_400, nowS + YEAR_S]
  return {
    v: 1,
    net: 'devnet',
    epoch: 1,
    prev: NO_POLICY,
    notBefore,
    notAfter,
    minEvalNumber: 0,
    tcb: { outOfDateDays: 0, advisories: [] },
    entries: [
      {
        role: 'worker',
        tee: 'tdx',
        mrtd: mrTd,
        ...registers,
        image: '',
        models: 'any',
        from: notBefore,
        until: notAfter,
      },
    ],
    deny: { kids: [], hw: [], measurements: [] },
    signatures: [],
  }
}
