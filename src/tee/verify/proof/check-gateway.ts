/** @module Checks of what the gateway's operator signed, and of what this device saw before. */
import { toHex } from '../../../core/bytes.ts'
import { canonicalBytes, canonicalText } from '../../../core/canonical.ts'
import { brokerKidOf, noteSignature } from '../note-document.ts'
import { type Outcome, refuted, type Scene, tierOf, type Values } from './scene.ts'

/** What the operator says: that it is the broker whom the worker named, about this receipt, within what the evidence allows. */
export async function checkGateway(scene: Scene): Promise<Outcome> {
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

export function checkRollback({ evidence, options: { seen } }: Scene): Outcome {
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
