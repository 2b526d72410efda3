/** @module What workers are judged by, composed: roots of the network, collateral, policy, enrolment, evidence kept. */
import { join } from 'node:path'
import type { Clock } from '../core/clock.ts'
import { ConfigError, type Net } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import type { Lifetime } from '../core/lifetime.ts'
import type { Log } from '../core/log.ts'
import type { Database } from '../db/database.ts'
import type { AdmissionDeps } from '../tee/admission/admission.ts'
import { createEvidenceVerifier, type InForce } from '../tee/admission/evidence-verifier.ts'
import { devJoin, openDevSeed } from '../tee/admission/join.ts'
import { type AmdService, createAmdService } from '../tee/collateral/amd.ts'
import { createCollateralDisk } from '../tee/collateral/disk.ts'
import { createVendorGet } from '../tee/collateral/http.ts'
import { createIntelService, type IntelService } from '../tee/collateral/intel.ts'
import { createCollateralStore } from '../tee/collateral/store.ts'
import { createExaminer } from '../tee/evidence/examine.ts'
import { createNras, type Nras } from '../tee/evidence/nras.ts'
import { nrasFetcher, nrasKeys } from '../tee/evidence/nras-http.ts'
import { createVerdictCache } from '../tee/evidence/verdict-cache.ts'
import { Anchors } from '../tee/verify/anchors.ts'
import { TeeError } from '../tee/verify/codes.ts'
import type { DevRoots } from '../tee/verify/proof/evidence-record.ts'
import { createEvidenceStore, type EvidenceStore } from './evidence-store.ts'

/** Everything about evidence that an admission needs. */
export interface Attestation
  extends Pick<AdmissionDeps, 'verifier' | 'hardware' | 'keep' | 'devRoots'> {
  readonly evidence: EvidenceStore
  /** What a worker needs beside the token; on devnet the seed of the simulated hardware is in it. */
  joinSetting(token: string): string
  /** Called when sessions have to be judged again. */
  onChange(listener: () => void): void
}

const collateralMs = 60_000
const purgeMs = 3_600_000
/** A session's life and some: by then a job was leased under the evidence, or never will be. */
const uncitedMs = 2 * 3_600_000

interface Roots {
  readonly anchors: Anchors
  readonly intel: IntelService
  readonly amd: AmdService
  readonly devRoots?: DevRoots
  readonly devSeed?: Uint8Array
  readonly folder: string
}

export async function openAttestation(deps: {
  net: Net
  data: string
  /** This process serves real people: nothing simulated is believed. */
  production: boolean
  /** A cache of Intel's service. */
  pccs: string | undefined
  /** `on`: NVIDIA's service is asked where the policy wants its word. */
  nras?: 'on' | 'off'
  db: Database
  inForce: () => InForce | undefined
  hardware: AdmissionDeps['hardware']
  clock: Clock
  log: Log
  life: Lifetime
}): Promise<Attestation> {
  const { net, db, clock, log, life } = deps
  const { anchors, intel, amd, devRoots, devSeed, folder } = await openRoots(deps)
  const collateral = createCollateralStore({
    intel,
    amd,
    disk: createCollateralDisk(folder),
    clock,
    log,
  })
  life.keep(
    'collateral',
    clock.every(collateralMs, () => void collateral.refresh()),
    (stop) => stop(),
  )
  const evidence = createEvidenceStore(db)
  life.keep(
    'evidence-purge',
    clock.every(purgeMs, () => {
      evidence
        .purge(clock.now() - uncitedMs)
        .catch((error: unknown) => log.failure('evidence.unpurged', describe(error)))
    }),
    (stop) => stop(),
  )
  const cache = createVerdictCache(clock)
  const examiner = createExaminer({ anchors, collateral, cache, clock })
  return {
    verifier: createEvidenceVerifier({
      net,
      examiner,
      ...(deps.nras === 'on' && { nras: openNras(clock) }),
      inForce: deps.inForce,
    }),
    hardware: deps.hardware,
    keep: (record) => evidence.keep(record, clock.now()),
    ...(devRoots && { devRoots }),
    evidence,
    joinSetting: (token) => (devSeed ? devJoin(token, devSeed) : token),
    onChange: (listener) => {
      life.keep('collateral-watch', collateral.onChange(listener), (stop) => stop())
    },
  }
}

function openNras(clock: Clock): Nras {
  const get = createVendorGet({ fetch: (url, init) => fetch(url, init), clock })
  const fetcher = nrasFetcher({ fetch: (url, init) => fetch(url, init), clock })
  return createNras({ fetcher, keys: nrasKeys({ get, clock }), clock })
}

/** The vendors', or on devnet those of this installation, which nobody else has a reason to believe. */
async function openRoots(deps: {
  net: Net
  data: string
  production: boolean
  pccs: string | undefined
  clock: Clock
}): Promise<Roots> {
  const { net, data, production, pccs, clock } = deps
  const folder = join(data, 'collateral')
  if (net !== 'devnet') {
    const get = createVendorGet({ fetch: (url, init) => fetch(url, init), clock })
    const intel = createIntelService(get, pccs)
    return { anchors: Anchors.forNet(net), intel, amd: createAmdService(get), folder }
  }
  const { openDevGround } = await import('../tee/dev/ground.ts')
  const devSeed = openDevSeed(join(data, 'keys'))
  try {
    const { anchors, intel, amd, roots } = openDevGround(devSeed, { net, production, clock })
    // Another seed is another vendor: what the old one published is of no use.
    const own = join(folder, `dev-${roots.intel[0]?.slice(0, 16) ?? ''}`)
    return { anchors, intel, amd, devRoots: roots, devSeed, folder: own }
  } catch (error) {
    if (!(error instanceof TeeError)) throw error
    throw new ConfigError([`CHRYSALIS_NET: devnet is not for production (${error.code})`])
  }
}
