/** @module Checks of the machine: keys in the quote, hardware, signed policy, weights, GPUs. */
import { canonicalText } from '../../../core/canonical.ts'
import type { TeeCode } from '../codes.ts'
import type { EvidenceFindings } from './examine-evidence.ts'
import { type Outcome, refuted, type Scene, type Values } from './scene.ts'

export function checkBinding({ receipt, evidence }: Scene): Outcome {
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

export function checkHardware({ evidence, isDev }: Scene): Outcome {
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

export function checkPolicy({ evidence, options }: Scene): Outcome {
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

export function checkWeights({ receipt, evidence }: Scene): Outcome {
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

export function checkGpu({ evidence }: Scene): Outcome {
  if (typeof evidence !== 'object') return { state: 'not-checked', says: 'gpu.absent' }
  const { gpus, gpuCodes } = evidence
  const values: Values = gpus.map(({ hardware = '' }, place) => [`gpu ${String(place)}`, hardware])
  const failed = [...gpuCodes, ...gpus.flatMap((gpu) => gpu.failed)]
  if (failed.length > 0) return refuted('gpu.refused', failed, values)
  if (gpus.length === 0) return { state: 'not-checked', says: 'gpu.none' }
  return { state: 'proven', by: 'nvidia', says: 'gpu.ok', values }
}
