/** Simulated machines, their collateral and a policy for them: what admissions are tested with, through the verifier of production. */
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { Net } from '../../src/core/config.ts'
import type { Kid } from '../../src/core/ids.ts'
import type { PayTerms } from '../../src/core/voucher.ts'
import { type AdmissionDeps, createAdmission } from '../../src/tee/admission/admission.ts'
import { createEvidenceVerifier, type InForce } from '../../src/tee/admission/evidence-verifier.ts'
import { devJoin, type JoinTokens } from '../../src/tee/admission/join.ts'
import type { CollateralDisk } from '../../src/tee/collateral/disk.ts'
import { type CollateralStore, createCollateralStore } from '../../src/tee/collateral/store.ts'
import { type DevGround, openDevGround } from '../../src/tee/dev/ground.ts'
import { createDevIntel } from '../../src/tee/dev/intel.ts'
import type { DevPki } from '../../src/tee/dev/pki.ts'
import { devEntry } from '../../src/tee/dev/policy.ts'
import { type SimulatedMachine, simulatedSource } from '../../src/tee/dev/sim-source.ts'
import { devMeasurements } from '../../src/tee/dev/tdx.ts'
import type { CollateralEdits } from '../../src/tee/dev/tdx-collateral.ts'
import { createExaminer } from '../../src/tee/evidence/examine.ts'
import { createVerdictCache } from '../../src/tee/evidence/verdict-cache.ts'
import type { Identity } from '../../src/tee/keys/identity.ts'
import { createSource, type EvidenceSource } from '../../src/tee/sources/source.ts'
import { Anchors } from '../../src/tee/verify/anchors.ts'
import type { TeeCode } from '../../src/tee/verify/codes.ts'
import { NO_POLICY, type Policy } from '../../src/tee/verify/policy/document.ts'
import { quietLog } from './quiet-log.ts'

/** One seed for all tests: keys and certificates are made once a process. */
const seed = new Uint8Array(32).fill(7)
const anotherSeed = new Uint8Array(32).fill(8)

/** The setting of a worker process on that machine. */
export const devSetting = (token: string): string => devJoin(token, seed)

/** What stands behind every simulated machine of the tests. */
export const devPki = (): DevPki => groundOf(systemClock).pki

/** The simulated machine that every test worker runs on unless it says otherwise. */
export const devSource = (
  machine: SimulatedMachine = {},
  {
    clock = systemClock,
    foreign = false,
    devSeed,
  }: { clock?: Clock; foreign?: boolean; devSeed?: Uint8Array | undefined } = {},
): EvidenceSource =>
  createSource(
    simulatedSource(groundOf(clock, devSeed ?? (foreign ? anotherSeed : seed)).pki, clock, machine),
    clock,
  )

const groundOf = (clock: Clock, of: Uint8Array = seed): DevGround =>
  openDevGround(of, { net: 'devnet', production: false, clock })

/** Lets the simulated machine work with any model; unsigned, since nobody here checks the signers. */
const simplePolicy: Policy = {
  v: 1,
  net: 'devnet',
  epoch: 1,
  prev: NO_POLICY,
  notBefore: 0,
  notAfter: 1,
  minEvalNumber: 0,
  tcb: { outOfDateDays: 0, advisories: [] },
  entries: [devEntry({ tee: 'tdx', ...devMeasurements() })],
  deny: { kids: [], hw: [], measurements: [] },
  signatures: [],
}

const noDisk: CollateralDisk = { read: () => [], write: () => true }

/** Everything an admission is made of; each part is the test's to change. */
export interface TestAttestation
  extends Pick<AdmissionDeps, 'verifier' | 'hardware' | 'keep' | 'devRoots'> {
  /** Puts another policy into force and tells whoever watches. */
  setPolicy(change: (policy: Policy) => Policy): void
  policy(): Policy
  readonly collateral: CollateralStore
  /** Records that were kept, by id. */
  readonly records: Map<string, string>
  /** What the next claims of hardware answer; undefined lets all work. */
  hardwareAnswer: TeeCode | undefined
  /** Enrolment that is asked in its place. */
  enrolled: Pick<AdmissionDeps['hardware'], 'claim' | 'release'> | undefined
  /** What the collateral of the next fetches is changed by. */
  collateralEdits: CollateralEdits
  onChange(listener: () => void): void
}

export function testAttestation(
  options: { net?: Net; clock?: Clock; policy?: (policy: Policy) => Policy } = {},
): TestAttestation {
  const { net = 'devnet', clock = systemClock } = options
  const ground = groundOf(clock)
  const nowS = Math.floor(clock.now() / 1000)
  const draft = { ...simplePolicy, notBefore: nowS - 3600, notAfter: nowS + 30 * 86_400 }
  let inForce: InForce = { current: options.policy?.({ ...draft, net }) ?? { ...draft, net } }
  const listeners: (() => void)[] = []
  const records = new Map<string, string>()
  const collateral = createCollateralStore({
    intel: createDevIntel(ground.pki, clock, () => made.collateralEdits),
    amd: ground.amd,
    disk: noDisk,
    clock,
    log: quietLog,
  })
  const anchors = net === 'devnet' ? ground.anchors : Anchors.forNet(net)
  const examiner = createExaminer({ anchors, collateral, cache: createVerdictCache(clock), clock })
  const made: TestAttestation = {
    verifier: createEvidenceVerifier({ net, examiner, inForce: () => inForce }),
    ...(net === 'devnet' && { devRoots: ground.roots }),
    hardware: {
      claim: async (worker) => (made.enrolled ? made.enrolled.claim(worker) : made.hardwareAnswer),
      release: async (kid) => made.enrolled?.release(kid),
      site: async () => 'unknown',
    },
    keep: async ({ id, document }: { id: string; kid: Kid; document: string }) => {
      records.set(id, document)
    },
    policy: () => inForce.current,
    setPolicy: (change) => {
      inForce = { current: change(inForce.current) }
      for (const listener of listeners) listener()
    },
    collateral,
    records,
    hardwareAnswer: undefined,
    enrolled: undefined,
    collateralEdits: {},
    onChange: (listener) => {
      listeners.push(listener)
    },
  }
  return made
}

/** Admission by `testAttestation`. */
export const testAdmission = (of: {
  identity: Identity
  joins: JoinTokens
  net?: Net
  clock?: Clock
  attestation?: TestAttestation
  payTerms?: (payout: string) => Promise<PayTerms | undefined>
}) => {
  const { identity, joins, net = 'devnet', clock = systemClock, payTerms } = of
  const attestation = of.attestation ?? testAttestation({ net, clock })
  return createAdmission({
    identity,
    net,
    joins,
    ...attestation,
    ...(payTerms && { payTerms }),
    clock,
  })
}
