/** @module `verifyProof`: a proof checked from the evidence to the answer, by nothing but its own bytes and pinned roots (API B4). Pure; the same verdict in Node and in a browser, today and years later. */
import { canonicalBytes, canonicalText } from '../../../core/canonical.ts'
import type { AnchorSet, Anchors } from '../anchors.ts'
import { fromHex, toHex } from '../bytes.ts'
import { inTableOrder, type TeeCode } from '../codes.ts'
import type { CheckSignatures, Hashes } from '../examination.ts'
import {
  brokerKidOf,
  ed25519Spki,
  type NoteDocument,
  noteSignature,
  readNote,
} from '../note-document.ts'
import type { Salts } from '../proof-link.ts'
import { type Receipt, readReceiptDocument } from '../receipt-document.ts'
import { recordDigest } from '../record-bytes.ts'
import { findShown } from '../shown-text.ts'
import type { ProofBundle } from './bundle.ts'
import { readEvidenceRecord } from './evidence-record.ts'
import { type EvidenceFindings, examineEvidence, receiptKeyOf } from './examine-evidence.ts'
import {
  CHECKS,
  type CheckName,
  type CheckState,
  notProvenFor,
  type ProofCheck,
  type ProofFacts,
  type ProofReport,
  type Says,
  type Voucher,
} from './report.ts'

export interface ProofOptions {
  readonly hashes: Hashes
  readonly checkSignatures: CheckSignatures
  /** Other roots than those pinned for the proof's network: for tests. */
  readonly anchors?: Anchors
  /** SHA-256 of the policy document that the registry shows for the epoch, hex. */
  readonly policyHash?: string
  /** What somebody read as the answer; compared, never kept. */
  readonly text?: string
  /** Exact contents of the two records, where the asker can rebuild them (an API client can, a person in a chat cannot). */
  readonly contents?: { readonly input?: Uint8Array; readonly output?: Uint8Array }
  /** The newest policy of this network that this device saw; `undefined` where it keeps none. */
  readonly seen?: SeenPolicy
}

interface SeenPolicy {
  readonly epoch: number
  readonly sha256: string
  /** When the evidence was checked that cited it, unix milliseconds: older evidence may cite older policies. */
  readonly checkedAt: number
}

type Values = ProofCheck['values']
interface Outcome {
  readonly state: CheckState
  readonly by?: Voucher
  readonly says: Says
  readonly codes?: readonly TeeCode[]
  readonly values?: Values
}

/** Everything that a check may look at. */
interface Scene {
  readonly bundle: ProofBundle
  readonly options: ProofOptions
  readonly receipt: Receipt | undefined
  readonly evidence: EvidenceFindings | 'absent' | 'malformed'
  readonly note: NoteDocument | 'absent' | 'malformed'
  readonly isDev: boolean
}

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

/** By the evidence and the policy, never by anybody's word. */
function tierOf(evidence: Scene['evidence']): string | undefined {
  if (typeof evidence !== 'object' || evidence.policy?.kind !== 'read') return undefined
  return evidence.policy.judgement.tier
}

const refuted = (says: Says, codes: readonly TeeCode[], values: Values = []): Outcome => ({
  state: 'refuted',
  says,
  codes,
  values,
})

/** The worker's clock is its own. */
const slackS = 5
/** A job that began within the session may end after it. */
const maxJobS = 86_400

async function checkReceipt(scene: Scene): Promise<Outcome> {
  const { receipt, evidence, options } = scene
  if (!receipt) return refuted('receipt.malformed', ['RCP_SHAPE'])
  const { document, work } = receipt
  const values: Values = [
    ['receipt', `sha256:${toHex(options.hashes.sha256(canonicalBytes(document)))}`],
    ['job', work.job],
    ['key', document.workload_keyset_digest],
    ['served_at', String(document.served_at)],
  ]
  if (document.receipt_id !== `${work.job}.${String(work.attempt)}`)
    return refuted('receipt.mixed', ['RCP_RELEASE'], values)
  if (typeof evidence !== 'object') return { state: 'not-checked', says: 'receipt.no-keys', values }
  const { data, document: session } = evidence.record
  if (document.workload_keyset_digest !== data.claims.keyset)
    return refuted('receipt.other-key', ['RCP_KEYSET'], values)
  const raw = receiptKeyOf(data, document.key_id)
  const signature = fromHex(document.signature, 64)
  if (!raw) return refuted('receipt.other-key', ['RCP_KEY'], values)
  const [isRight] = await options.checkSignatures([
    {
      alg: 'ed25519',
      spki: ed25519Spki(raw),
      message: receipt.signedBytes,
      signature: signature ?? new Uint8Array(0),
      code: 'RCP_SIG',
    },
  ])
  if (isRight !== true) return refuted('receipt.changed', ['RCP_SIG'], values)
  if (
    work.net !== data.claims.net ||
    work.aud !== data.claims.aud ||
    work.policy_epoch !== data.claims.epoch
  )
    return refuted('receipt.mixed', ['RCP_RELEASE'], values)
  const isTimely =
    document.served_at >= Math.floor(data.checkedAt / 1000) - slackS &&
    document.served_at <= session.expires_at + maxJobS
  if (!isTimely) return refuted('receipt.time', ['RCP_TIME'], values)
  return { state: 'proven', by: 'worker-key', says: 'receipt.ok', values }
}

function checkBinding({ receipt, evidence }: Scene): Outcome {
  if (evidence === 'absent') return { state: 'not-checked', says: 'binding.absent' }
  if (evidence === 'malformed') return refuted('binding.malformed', ['PRF_EVIDENCE'])
  const { record, binding } = evidence
  const values: Values = [
    ['evidence', record.id],
    ['keyset', record.data.claims.keyset],
    ['claims', canonicalText(record.data.claims)],
  ]
  if (receipt && receipt.work.evidence_id !== record.id)
    return refuted('binding.other-record', ['PRF_EVIDENCE'], values)
  switch (binding) {
    case 'keyset':
      return refuted('binding.other-keys', ['CLM_KEYSET'], values)
    case 'quote':
      return refuted('binding.not-in-quote', ['CLM_BINDING'], values)
    case 'signature':
      return refuted('binding.changed', ['CLM_SIG'], values)
    case 'ok':
      return {
        state: 'proven',
        by: record.data.tee === 'tdx' ? 'intel' : 'amd',
        says: 'binding.ok',
        values,
      }
  }
}

function checkHardware({ evidence, isDev }: Scene): Outcome {
  if (typeof evidence !== 'object') return { state: 'not-checked', says: 'hardware.absent' }
  const { cpu, record } = evidence
  const values: Values = [
    ['kind', cpu.tee],
    ['checked_at', String(record.data.checkedAt)],
    ...(cpu.hardware === undefined ? [] : ([['hardware', cpu.hardware]] as const)),
    ...(cpu.tcb ? ([['tcb', cpu.tcb.status]] as const) : []),
    ...Object.entries(cpu.measurements ?? {}).flatMap(([name, value]) =>
      typeof value === 'string' ? ([[name, value]] as const) : [],
    ),
  ]
  if (!cpu.ok) return refuted('hardware.refused', cpu.failed, values)
  const says = isDev ? 'hardware.simulated' : 'hardware.ok'
  return { state: 'proven', by: cpu.tee === 'tdx' ? 'intel' : 'amd', says, values }
}

function checkPolicy({ evidence, options }: Scene): Outcome {
  if (typeof evidence !== 'object' || !evidence.policy)
    return { state: 'not-checked', says: 'policy.absent' }
  const found = evidence.policy
  if (found.kind === 'broken') return refuted('policy.changed', ['POL_SHAPE'])
  const { policy, sha256, isSigned, judgement } = found
  const values: Values = [
    ['epoch', String(policy.epoch)],
    ['sha256', sha256],
    ['signed by', policy.signatures.map(({ key }) => key).join(' ')],
  ]
  if (!isSigned) return refuted('policy.changed', ['POL_SIG'], values)
  if (policy.epoch !== evidence.record.data.claims.epoch)
    return refuted('policy.refused', ['CLM_EPOCH'], values)
  if (options.policyHash !== undefined && options.policyHash !== sha256)
    return refuted('policy.other-hash', ['POL_ANCHOR'], values)
  // What is wrong with machine and GPU is said there; here only what the list itself says.
  const own = judgement.failed.filter((code) => !evidenceCodes(evidence).has(code))
  if (own.length > 0) return refuted('policy.refused', own, values)
  if (options.policyHash === undefined)
    return { state: 'asserted', by: 'policy-signers', says: 'policy.unanchored', values }
  return { state: 'proven', by: 'registry', says: 'policy.anchored', values }
}

const evidenceCodes = ({ cpu, gpus }: EvidenceFindings): ReadonlySet<TeeCode> =>
  new Set([cpu, ...gpus].flatMap(({ failed }) => failed))

function checkWeights({ receipt, evidence }: Scene): Outcome {
  if (!receipt || typeof evidence !== 'object')
    return { state: 'not-checked', says: 'weights.absent' }
  const { document, work } = receipt
  const values: Values = [
    ['model', document.model],
    ['weights', work.weights_digest],
  ]
  const isClaimed = evidence.record.data.claims.models.some(
    ({ id, weights }) => id === document.model && weights === work.weights_digest,
  )
  if (!isClaimed) return refuted('weights.differ', ['RCP_WEIGHTS'], values)
  const read = evidence.policy?.kind === 'read' ? evidence.policy : undefined
  if (read?.judgement.failed.includes('CLM_MODEL') === true)
    return refuted('weights.unlisted', ['CLM_MODEL'], values)
  if (!read?.judgement.ok) {
    const says = read ? 'weights.ok' : 'weights.unlisted'
    return { state: 'asserted', by: 'worker-key', says, values }
  }
  return { state: 'proven', by: 'policy-signers', says: 'weights.ok', values }
}

function checkGpu({ evidence }: Scene): Outcome {
  if (typeof evidence !== 'object') return { state: 'not-checked', says: 'gpu.absent' }
  const { gpus, gpuCodes } = evidence
  const values: Values = gpus.map(({ hardware = '' }, place) => [`gpu ${String(place)}`, hardware])
  const failed = [...gpuCodes, ...gpus.flatMap((gpu) => gpu.failed)]
  if (failed.length > 0) return refuted('gpu.refused', failed, values)
  if (gpus.length === 0) return { state: 'not-checked', says: 'gpu.none' }
  return { state: 'proven', by: 'nvidia', says: 'gpu.ok', values }
}

function checkText({ receipt, bundle, options }: Scene): Outcome {
  const { text, hashes } = options
  if (!receipt || !bundle.salts) return { state: 'not-checked', says: 'text.no-salt' }
  const shown = receipt.work.shown_hash
  const values: Values = [['shown', shown]]
  const other = otherRecords(receipt, bundle.salts, options)
  if (other.length > 0) return refuted('text.other-records', other, values)
  if (text === undefined && options.contents?.output)
    return { state: 'proven', by: 'worker-key', says: 'text.records', values }
  if (text === undefined) return { state: 'not-checked', says: 'text.not-given', values }
  const expected = { hash: shown.slice('sha256:'.length), salt: bundle.salts.output }
  const found = findShown(text, expected, hashes)
  if (!found) return refuted('text.differs', ['RCP_OUTPUT'], values)
  const rest: Values = found.rest === '' ? [] : [['not part of the answer', found.rest]]
  return { state: 'proven', by: 'worker-key', says: 'text.ok', values: [...values, ...rest] }
}

/** The records whose hashes are not the receipt's. */
function otherRecords(
  receipt: Receipt,
  salts: Salts,
  { contents, hashes }: ProofOptions,
): TeeCode[] {
  const { input, output } = contents ?? {}
  const codes: TeeCode[] = []
  if (input && recordDigest(input, salts.input, hashes) !== receipt.received)
    codes.push('RCP_INPUT')
  if (output && recordDigest(output, salts.output, hashes) !== receipt.returned)
    codes.push('RCP_OUTPUT')
  return codes
}

/** What the operator says: that it is the broker whom the worker named, about this receipt, within what the evidence allows. */
async function checkGateway(scene: Scene): Promise<Outcome> {
  const { note, receipt, evidence, options } = scene
  if (note === 'absent') return { state: 'not-checked', says: 'gateway.absent' }
  if (note === 'malformed') return refuted('gateway.malformed', ['PRF_NOTE'])
  const values: Values = [
    ['broker', note.key],
    ['tier', note.tier],
    ['recount', note.recount],
    ['units', canonicalText(note.units)],
    ['at', String(note.at)],
  ]
  const check = noteSignature(note)
  const [isRight] = check ? await options.checkSignatures([check]) : []
  const kid = brokerKidOf(note.key, options.hashes)
  if (isRight !== true || (receipt && kid !== receipt.work.aud))
    return refuted('gateway.changed', ['PRF_NOTE'], values)
  if (receipt) {
    const { document, work } = receipt
    const digest = `sha256:${toHex(options.hashes.sha256(canonicalBytes(document)))}`
    const isOwn =
      note.receipt === digest &&
      note.job === work.job &&
      note.attempt === work.attempt &&
      note.net === work.net &&
      note.shown === work.shown_hash
    if (!isOwn) return refuted('gateway.other-receipt', ['PRF_NOTE'], values)
    if (note.recount === 'none' && canonicalText(note.units) !== canonicalText(work.units))
      return refuted('gateway.other-units', ['RCP_UNITS'], values)
  }
  const tier = tierOf(evidence)
  if (tier !== undefined && tier !== note.tier)
    return refuted('gateway.other-tier', ['PRF_TIER'], values)
  return { state: 'asserted', by: 'operator', says: 'gateway.operator', values }
}

function checkRollback({ evidence, options: { seen } }: Scene): Outcome {
  if (typeof evidence !== 'object' || evidence.policy?.kind !== 'read')
    return { state: 'not-checked', says: 'rollback.absent' }
  if (seen === undefined) return { state: 'not-checked', says: 'rollback.first' }
  const { policy, sha256 } = evidence.policy
  const values: Values = [
    ['this', String(policy.epoch)],
    ['seen', String(seen.epoch)],
  ]
  const isLater = evidence.record.data.checkedAt > seen.checkedAt
  if (policy.epoch < seen.epoch && isLater)
    return refuted('rollback.older', ['POL_ROLLBACK'], values)
  if (policy.epoch === seen.epoch && sha256 !== seen.sha256)
    return refuted('rollback.forked', ['POL_ROLLBACK'], values)
  return { state: 'proven', by: 'this-device', says: 'rollback.ok', values }
}
