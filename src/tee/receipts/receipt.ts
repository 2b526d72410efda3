/** @module The signed account of one attempt: what went in and out, on which weights, how much; an ACI receipt with one event of ours (CONF §8). */
import { AppError } from '../../core/app-error.ts'
import { canonicalBytes, canonicalText } from '../../core/canonical.ts'
import type { Net } from '../../core/config.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { JobId, Kid, ModelId } from '../../core/ids.ts'
import type { Units } from '../../core/units.ts'
import { fromHex, sha256Hex, toHex, utf8 } from '../crypto/binary.ts'
import { SIGNATURE_BYTES, type Verifier } from '../crypto/signature.ts'
import type { WorkerKeys } from '../keys/keyset.ts'
import { type ReceiptUnits, readReceiptText } from '../verify/receipt-document.ts'

/** What a receipt states; hashes are lower-case hex, `weights` is `sha256:…`. */
export interface ReceiptFacts {
  readonly net: Net
  /** Kid of the broker. */
  readonly aud: Kid
  readonly job: JobId
  readonly attempt: number
  readonly epoch: number
  readonly evidenceId: string
  readonly task: string
  readonly model: ModelId
  readonly weights: string
  readonly envHash: string
  /** H(input record). */
  readonly inputHash: string
  /** H(result record). */
  readonly outputHash: string
  /** H(header and all chunks as sent). */
  readonly streamHash: string
  /** H of the text as people see it, under the result's salt: `shownHash`. */
  readonly shownHash: string
}

/** What only the worker knows. */
export interface ReceiptWork {
  /** H(input salt ‖ exact prompt bytes); for sound equal to `inputHash`. */
  readonly promptHash: string
  readonly units: Units
  /** Name and version of the engine. */
  readonly engine: string
  readonly startedAtMs: number
  readonly endedAtMs: number
}

export interface CheckedReceipt extends ReceiptWork {
  /** `sha256:` + hex of the canonical document: the receipt's name in the ledger. */
  readonly digest: string
}

const prefixed = (hash: string): string => `sha256:${hash}`

/** Builds and signs; gives the canonical text that travels in the `result` frame. */
export function buildReceipt(keys: WorkerKeys, facts: ReceiptFacts, work: ReceiptWork): string {
  const unsigned = {
    api_version: 'aci/1',
    receipt_id: `${facts.job}.${facts.attempt}`,
    chat_id: null,
    model: facts.model,
    workload_keyset_digest: keys.digest,
    endpoint: `/tasks/${facts.task}`,
    method: 'POST',
    served_at: Math.floor(work.endedAtMs / 1000),
    event_log: [
      { type: 'request.received', body_hash: prefixed(facts.inputHash) },
      { type: 'request.forwarded', body_hash: prefixed(work.promptHash) },
      workOf(facts, work),
      { type: 'response.returned', body_hash: prefixed(facts.outputHash) },
    ],
    key_id: keys.signingKeyId,
  } as const
  const signature = toHex(keys.signer.sign(canonicalBytes(unsigned)))
  return canonicalText({ ...unsigned, signature })
}

const workOf = (facts: ReceiptFacts, work: ReceiptWork) =>
  ({
    type: 'chrysalis.work',
    v: 1,
    net: facts.net,
    aud: facts.aud,
    job: facts.job,
    attempt: facts.attempt,
    policy_epoch: facts.epoch,
    evidence_id: facts.evidenceId,
    weights_digest: facts.weights,
    env_hash: prefixed(facts.envHash),
    stream_hash: prefixed(facts.streamHash),
    shown_hash: prefixed(facts.shownHash),
    units: {
      in_tokens: work.units.inTokens,
      cached_tokens: work.units.cachedTokens,
      out_tokens: work.units.outTokens,
      audio_ms: work.units.audioMs,
    },
    engine: work.engine,
    outcome: 'ok',
    started_at_ms: work.startedAtMs,
    ended_at_ms: work.endedAtMs,
  }) as const

/** What the gateway holds against a receipt. */
export interface ReceiptExpected extends ReceiptFacts {
  /** Checks signatures by the Ed25519 key of the worker's keyset; and the key's `key_id`. */
  readonly signing: Verifier
  readonly signingKeyId: string
  readonly keysetDigest: string
  /** When the lease was sent, and now, by the gateway's clock. */
  readonly leasedAtMs: number
  readonly nowMs: number
  /** The most this input and task can use. */
  readonly maxUnits: Units
}

/** The worker's clock is advisory. */
const SLACK_MS = 5000

/**
 * Checks a receipt against what the gateway saw itself, in the order of CONF §8. Throws `receipt.shape`, `receipt.key`,
 * `receipt.sig`, `receipt.keyset`, `receipt.release`, `receipt.weights`, `receipt.input`, `receipt.env`, `receipt.stream`,
 * `receipt.output`, `receipt.units`, `receipt.time`.
 * Does not check that it is the job's first receipt (the settling row does), nor recount units.
 */
export function checkReceipt(text: string, expected: ReceiptExpected): CheckedReceipt {
  const read = readReceiptText(text)
  if (!read) throw new AppError('receipt.shape')
  const { document: receipt, work, received, forwarded, returned } = read
  ensure(receipt.key_id === expected.signingKeyId, 'receipt.key')
  const signature = fromHex(receipt.signature, SIGNATURE_BYTES)
  ensure(signature !== undefined && expected.signing(read.signedBytes, signature), 'receipt.sig')
  ensure(receipt.workload_keyset_digest === expected.keysetDigest, 'receipt.keyset')
  const released =
    receipt.receipt_id === `${expected.job}.${expected.attempt}` &&
    receipt.endpoint === `/tasks/${expected.task}` &&
    receipt.model === expected.model &&
    work.net === expected.net &&
    work.aud === expected.aud &&
    work.job === expected.job &&
    work.attempt === expected.attempt &&
    work.policy_epoch === expected.epoch &&
    work.evidence_id === expected.evidenceId
  ensure(released, 'receipt.release')
  ensure(work.weights_digest === expected.weights, 'receipt.weights')
  ensure(received === prefixed(expected.inputHash), 'receipt.input')
  ensure(work.env_hash === prefixed(expected.envHash), 'receipt.env')
  ensure(work.stream_hash === prefixed(expected.streamHash), 'receipt.stream')
  const isAnswer =
    returned === prefixed(expected.outputHash) && work.shown_hash === prefixed(expected.shownHash)
  ensure(isAnswer, 'receipt.output')
  const units = unitsOf(work.units)
  ensure(within(units, expected.maxUnits), 'receipt.units')
  const startedAtMs = work.started_at_ms
  const endedAtMs = work.ended_at_ms
  const timely =
    startedAtMs <= endedAtMs &&
    startedAtMs >= expected.leasedAtMs - SLACK_MS &&
    endedAtMs <= expected.nowMs + SLACK_MS
  ensure(timely, 'receipt.time')
  const promptHash = forwarded.slice('sha256:'.length)
  const { engine } = work
  // The text is canonical, so that its digest is the document's.
  const digestText = prefixed(sha256Hex(utf8(text)))
  return { digest: digestText, promptHash, units, engine, startedAtMs, endedAtMs }
}

function ensure(holds: boolean, code: ErrorCode): void {
  if (!holds) throw new AppError(code)
}

const unitsOf = (units: ReceiptUnits): Units => ({
  inTokens: units.in_tokens,
  cachedTokens: units.cached_tokens,
  outTokens: units.out_tokens,
  audioMs: units.audio_ms,
})

const within = (units: Units, max: Units): boolean =>
  units.inTokens <= max.inTokens &&
  units.cachedTokens <= Math.min(max.cachedTokens, units.inTokens) &&
  units.outTokens <= max.outTokens &&
  units.audioMs <= max.audioMs
