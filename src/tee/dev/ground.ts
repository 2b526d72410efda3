/** @module What stands in for the vendors on the dev network: roots, collateral service and machines, all from one seed (CONF §15). */
import type { Clock } from '../../core/clock.ts'
import type { Net } from '../../core/config.ts'
import type { AmdService } from '../collateral/amd.ts'
import type { IntelService } from '../collateral/intel.ts'
import { Anchors } from '../verify/anchors.ts'
import { TeeError } from '../verify/codes.ts'
import type { DevRoots } from '../verify/proof/evidence-record.ts'
import { devGpuRoot } from './gpu.ts'
import { createDevIntel } from './intel.ts'
import { createDevPki, type DevPki } from './pki.ts'
import { devTdxRoot } from './tdx-pki.ts'

export interface DevGround {
  readonly pki: DevPki
  readonly anchors: Anchors
  readonly roots: DevRoots
  readonly intel: IntelService
  readonly amd: AmdService
}

/** Throws `DEV_FORBIDDEN` off devnet and where `production` says that real people are served. */
export function openDevGround(
  seed: Uint8Array,
  deps: { net: Net; production: boolean; clock: Clock },
): DevGround {
  const { net, production, clock } = deps
  const pki = createDevPki(seed)
  const roots: DevRoots = { intel: [devTdxRoot(pki)], amd: [], nvidia: [devGpuRoot(pki)] }
  return {
    pki,
    roots,
    anchors: Anchors.forDev(net, roots, { production }),
    intel: createDevIntel(pki, clock),
    amd: { leaf: absent, chain: absent, crl: absent },
  }
}

/** Simulated machines are of the other make. */
const absent = async (): Promise<never> => {
  throw new TeeError('COL_FETCH')
}
