/** @module `verifyProof`: a proof checked from the evidence to the answer, by nothing but its own bytes and pinned roots (API B4). Pure; the same verdict in Node and in a browser, today and years later. */
import type { AnchorSet } from '../anchors.ts'
import { inTableOrder } from '../codes.ts'
import { readNote } from '../note-document.ts'
import { type Receipt, readReceiptDocument } from '../receipt-document.ts'
import type { ProofBundle } from './bundle.ts'
import { checkGateway, checkRollback } from './check-gateway.ts'
import {
  checkBinding,
  checkGpu,
  checkHardware,
  checkPolicy,
  checkWeights,
} from './check-machine.ts'
import { checkReceipt, checkText } from './check-receipt.ts'
import { readEvidenceRecord } from './evidence-record.ts'
import { type EvidenceFindings, examineEvidence } from './examine-evidence.ts'
import {
  CHECKS,
  type CheckName,
  notProvenFor,
  type ProofCheck,
  type ProofFacts,
  type ProofReport,
} from './report.ts'
import { type Outcome, type ProofOptions, type Scene, tierOf } from './scene.ts'

/** Clock: the record's `checkedAt`. Never throws for what a stranger sent. Policy and collateral come from the record. */
export async function verifyProof(
  bundle: ProofBundle,
  options: ProofOptions,
): Promise<ProofReport> {
  const receipt = readReceiptDocument(bundle.receipt)
  const note = bundle.note === null ? 'absent' : (readNote(bundle.note) ?? 'malformed')
  const record = bundle.evidence && readEvidenceRecord(bundle.evidence, options.hashes)
  const evidence = record
    ? await examineEvidence(record, options)
    : bundle.evidence === null
      ? 'absent'
      : 'malformed'
  const net = netOf(receipt, evidence)
  const scene: Scene = { bundle, options, receipt, evidence, note, isDev: net === 'devnet' }
  const outcomes: Record<CheckName, Outcome> = {
    receipt: await checkReceipt(scene),
    binding: checkBinding(scene),
    hardware: checkHardware(scene),
    policy: checkPolicy(scene),
    weights: checkWeights(scene),
    gpu: checkGpu(scene),
    text: checkText(scene),
    units: { state: 'not-checked', says: 'units.later' },
    gateway: await checkGateway(scene),
    inclusion: { state: 'not-checked', says: 'inclusion.later' },
    rollback: checkRollback(scene),
  }
  const checks = CHECKS.map((name, place) => {
    const outcome = outcomes[name]
    return toCheck(name, place + 1, scene.isDev ? simulated(outcome) : outcome)
  })
  return reportOf(scene, checks)
}

/** Everything on a dev network hangs on a root that anybody can make: nothing of it is proven. */
const simulated = (outcome: Outcome): Outcome =>
  outcome.state === 'proven' ? { ...outcome, state: 'asserted', by: 'test-root' } : outcome

function toCheck(name: CheckName, number: number, outcome: Outcome): ProofCheck {
  const { state, by = 'nobody', says, codes = [], values = [] } = outcome
  return { number, name, state, by, says, codes: inTableOrder(codes), values }
}

function reportOf(scene: Scene, checks: readonly ProofCheck[]): ProofReport {
  const { receipt, evidence, note, isDev } = scene
  const counts = { proven: 0, asserted: 0, 'not-checked': 0, refuted: 0 }
  for (const { state } of checks) counts[state]++
  const profile = isDev ? 'D' : 'A'
  const hasGpu = typeof evidence === 'object' && evidence.gpus.length > 0
  return {
    profile,
    isSimulated: isDev,
    checks,
    counts,
    isAccepted: counts.refuted === 0 && checks[0]?.state !== 'not-checked',
    notProven: notProvenFor(profile, hasGpu),
    ...(receipt && { facts: factsOf(receipt, note, evidence) }),
    ...(typeof evidence === 'object' && policySeen(evidence)),
  }
}

/** What a device may remember of this proof. */
function policySeen({ record, policy: read }: EvidenceFindings): Pick<ProofReport, 'policy'> {
  if (read?.kind !== 'read' || !read.isSigned) return {}
  const { net } = record.data.claims
  const { checkedAt } = record.data
  return { policy: { net, epoch: read.policy.epoch, sha256: read.sha256, checkedAt } }
}

const netOf = (
  receipt: Receipt | undefined,
  evidence: Scene['evidence'],
): AnchorSet['net'] | undefined =>
  typeof evidence === 'object' ? evidence.record.data.claims.net : receipt?.work.net

function factsOf(
  { document, work }: Receipt,
  note: Scene['note'],
  evidence: Scene['evidence'],
): ProofFacts {
  return {
    net: work.net,
    job: work.job,
    task: document.endpoint.replace('/tasks/', ''),
    model: document.model,
    weights: work.weights_digest,
    engine: work.engine,
    tier: tierOf(evidence) ?? (typeof note === 'object' ? note.tier : 'unknown'),
    units: {
      inTokens: work.units.in_tokens,
      outTokens: work.units.out_tokens,
      audioMs: work.units.audio_ms,
    },
    servedAt: document.served_at,
    worker: document.workload_keyset_digest.slice('sha256:'.length).slice(0, 32),
    broker: work.aud,
  }
}
