/** @module The receipt as a document: its strict shape, its one spelling, and what its signature covers (CONF §8). An ACI receipt with one event of ours. */
import { canonicalBytes, canonicalText, parseStrictJson } from '../../core/canonical.ts'
import { digestShape, netShape } from './claims.ts'
import { either, hex, integer, list, literal, object, pattern, type Shape, text } from './shape.ts'

type Value<S> = S extends Shape<infer T> ? T : never

const count = integer(0, 2 ** 40)
const timeMs = integer(0, 2 ** 50)
export const unitsShape = object({
  in_tokens: count,
  cached_tokens: count,
  out_tokens: count,
  audio_ms: count,
})
export type ReceiptUnits = Value<typeof unitsShape>

const bodyEvent = object({
  type: literal('request.received', 'request.forwarded', 'response.returned'),
  body_hash: digestShape,
})
const workEvent = object({
  type: literal('chrysalis.work'),
  v: literal(1),
  net: netShape,
  aud: hex(16),
  job: hex(16),
  attempt: integer(1, 2 ** 31),
  policy_epoch: count,
  evidence_id: hex(32),
  weights_digest: digestShape,
  env_hash: digestShape,
  stream_hash: digestShape,
  // The text as people see and copy it, under the result's salt.
  shown_hash: digestShape,
  units: unitsShape,
  // The only member that nobody can compare with anything: no room for words.
  engine: pattern(/^[\w ./+@()-]{1,80}$/),
  outcome: literal('ok'),
  started_at_ms: timeMs,
  ended_at_ms: timeMs,
})
const receiptShape = object({
  api_version: literal('aci/1'),
  receipt_id: text(64),
  chat_id: literal(null),
  model: text(64),
  workload_keyset_digest: digestShape,
  endpoint: text(64),
  method: literal('POST'),
  served_at: integer(0, 2 ** 42),
  event_log: list(either(bodyEvent, workEvent), 8),
  key_id: text(16),
  signature: hex(64),
})
type ReceiptDocument = Value<typeof receiptShape>
type ReceiptWorkEvent = Value<typeof workEvent>

/** The events by name, each exactly once. */
export interface Receipt {
  readonly document: ReceiptDocument
  readonly work: ReceiptWorkEvent
  /** `sha256:…` of the input record, of input salt and exact prompt, of the result record. */
  readonly received: string
  readonly forwarded: string
  readonly returned: string
  /** What the signature covers: the canonical document without it. */
  readonly signedBytes: Uint8Array
}

/** Undefined for anything but a receipt: unknown or missing members, numbers out of range, a first event other than `request.received`. */
export function readReceiptDocument(value: unknown): Receipt | undefined {
  const document = receiptShape(value)
  if (document?.event_log[0]?.type !== 'request.received') return undefined
  const work = document.event_log.filter((event) => event.type === 'chrysalis.work')
  const received = hashOf(document, 'request.received')
  const forwarded = hashOf(document, 'request.forwarded')
  const returned = hashOf(document, 'response.returned')
  const [only] = work
  if (work.length !== 1 || !only || !received || !forwarded || !returned) return undefined
  const { signature: _signature, ...unsigned } = document
  try {
    return {
      document,
      work: only,
      received,
      forwarded,
      returned,
      signedBytes: canonicalBytes(unsigned),
    }
  } catch {
    return undefined
  }
}

/** As `readReceiptDocument`, of the canonical text; any other spelling of the same values is refused. */
export function readReceiptText(spelling: string): Receipt | undefined {
  try {
    const receipt = readReceiptDocument(parseStrictJson(spelling))
    return receipt && canonicalText(receipt.document) === spelling ? receipt : undefined
  } catch {
    return undefined
  }
}

/** Undefined unless the event is there exactly once. */
function hashOf(
  { event_log }: ReceiptDocument,
  type: Value<typeof bodyEvent>['type'],
): string | undefined {
  const found = event_log.filter((event) => event.type === type)
  const [only] = found
  return found.length === 1 && only && 'body_hash' in only ? only.body_hash : undefined
}
