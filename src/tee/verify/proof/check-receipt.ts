/** @module Checks of the receipt itself and of the text that somebody read. */
import { fromHex, toHex } from '../../../core/bytes.ts'
import { canonicalBytes } from '../../../core/canonical.ts'
import type { TeeCode } from '../codes.ts'
import { ed25519Spki } from '../note-document.ts'
import type { Salts } from '../proof-link.ts'
import type { Receipt } from '../receipt-document.ts'
import { recordDigest } from '../record-bytes.ts'
import { findShown } from '../shown-text.ts'
import { receiptKeyOf } from './examine-evidence.ts'
import { type Outcome, type ProofOptions, refuted, type Scene, type Values } from './scene.ts'

/** The worker's clock is its own. */
const slackS = 5
/** A job that began within the session may end after it. */
const maxJobS = 86_400

export async function checkReceipt(scene: Scene): Promise<Outcome> {
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

export function checkText({ receipt, bundle, options }: Scene): Outcome {
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
