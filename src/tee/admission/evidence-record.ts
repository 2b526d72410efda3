/** @module Builds the record of one accepted admission: an ACI session document with everything the verdict was made from (CONF §8). */
import { canonicalText } from '../../core/canonical.ts'
import type { FrameOf } from '../../core/frames.ts'
import { fromHex, sha256Hex } from '../crypto/binary.ts'
import { nodeHashes } from '../crypto/node-crypto.ts'
import type { ExaminedCpu } from '../evidence/examine.ts'
import { kidOf } from '../keys/keyset.ts'
import type { AnchorSet } from '../verify/anchors.ts'
import type { Verdict } from '../verify/examination.ts'
import type { Policy } from '../verify/policy/document.ts'
import type { Judgement } from '../verify/policy/judge.ts'
import {
  type DevRoots,
  type EvidenceData,
  type EvidenceDocument,
  evidenceIdOf,
  packEvidenceData,
} from '../verify/proof/evidence-record.ts'

/** What one admission was decided from, and how. */
export interface Decided {
  readonly frame: FrameOf<'evidence'>
  readonly cpu: ExaminedCpu
  readonly gpus: readonly Verdict[]
  readonly judgement: Judgement
  /** The document in force. */
  readonly policy: Policy
  readonly net: AnchorSet['net']
  readonly site: 'audited' | 'unknown'
  /** Only where evidence is simulated. */
  readonly devRoots?: DevRoots
  /** Unix milliseconds. */
  readonly checkedAt: number
  /** Unix seconds: the end of the session. */
  readonly expiresAt: number
}

export interface BuiltRecord {
  /** Hex; what receipts cite. */
  readonly id: string
  /** Canonical text of the document. */
  readonly text: string
}

/** The same facts give the same record, to the byte. */
export function buildEvidenceRecord(decided: Decided): BuiltRecord {
  const { keyset, claims } = decided.frame
  const document: EvidenceDocument = {
    api_version: 'aci/1',
    upstream_name: `worker:${kidOf(keyset)}`,
    endpoint: null,
    verifier_id: 'chrysalis/1',
    established_at: Math.floor(decided.checkedAt / 1000),
    expires_at: decided.expiresAt,
    identity: { kid: kidOf(keyset), keyset_digest: claims.keyset },
    channel_binding: keyset.e2ee_public_keys.map(({ algo, key_id, public_key }) => ({
      type: 'e2ee_public_key_sha256',
      provider: 'chrysalis',
      key_id,
      algorithm: algo,
      public_key_sha256: sha256Hex(fromHex(public_key) ?? new Uint8Array(0)),
    })),
    claims: { ...assertionsOf(decided), extra: extraOf(decided) },
    evidence: packEvidenceData(dataOf(decided), nodeHashes),
  }
  return { id: evidenceIdOf(document, nodeHashes), text: canonicalText(document) }
}

function dataOf(decided: Decided): EvidenceData {
  const { frame, cpu, policy, devRoots, checkedAt } = decided
  const { claims, keyset, sig, quote, gpu, eventlog, initdata } = frame
  return {
    v: 1,
    ctx: 'chrysalis/evidence/1',
    claims,
    keyset,
    sig,
    tee: cpu.tee,
    quote,
    ...(cpu.certificates && { certificates: cpu.certificates }),
    ...(cpu.crl !== undefined && { crl: cpu.crl }),
    gpu,
    ...(eventlog !== undefined && { eventlog }),
    ...(initdata !== undefined && { initdata }),
    collateral: cpu.collateral,
    policy,
    ...(devRoots && { devRoots }),
    checkedAt,
  }
}

const unknown = (reason: string) => ({ status: 'unknown', reason }) as const
const proven = { status: 'asserted', source: 'hardware_proven' } as const
const derived = { status: 'asserted', source: 'verifier_derived' } as const

/** On the dev network nothing is asserted: the hardware behind it is a file. */
function assertionsOf({ net, gpus, cpu, judgement }: Decided) {
  if (net === 'devnet') {
    const simulated = unknown('simulated evidence of a test network')
    return {
      tee_attested: simulated,
      gpu_attested: simulated,
      tcb_up_to_date: simulated,
      os_known_good: simulated,
      serving_software_known_good: simulated,
      model_weights_provenance: simulated,
    }
  }
  const isListed = judgement.entry !== undefined && judgement.entry.models !== 'any'
  const { tcb } = cpu.verdict
  return {
    tee_attested: proven,
    gpu_attested: gpus.length > 0 ? proven : unknown('no GPU was shown'),
    tcb_up_to_date:
      tcb?.status === 'UpToDate' || cpu.tee === 'snp'
        ? derived
        : unknown('tolerated by the policy for a limited time'),
    os_known_good: derived,
    serving_software_known_good: derived,
    model_weights_provenance: isListed ? derived : unknown('any model'),
  }
}

/** Facts for people; whoever doubts them judges the evidence again. All text. */
function extraOf({ judgement, cpu, gpus, policy, site }: Decided): Record<string, string> {
  const { tcb } = cpu.verdict
  const gpu = gpus[0]?.measurements
  return {
    tier: judgement.tier ?? 'simulated',
    site,
    tee: cpu.tee,
    policy_epoch: String(policy.epoch),
    ...(judgement.hw !== undefined && { hardware: judgement.hw }),
    ...(tcb && { tcb_status: tcb.status, tcb_eval_number: String(tcb.evalNumber) }),
    ...(gpu?.tee === 'nvidia' && { driver: gpu.driver, vbios: gpu.vbios }),
  }
}
