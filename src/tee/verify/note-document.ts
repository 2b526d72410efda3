/** @module The gateway's note to a receipt: what it booked and at which tier, signed by the broker that the worker's claims name (API B1). */
import { concat, domain, fromBase64url, fromHex, toHex } from '../../core/bytes.ts'
import { canonicalBytes } from '../../core/canonical.ts'
import { base64urlShape, digestShape, netShape } from './claims.ts'
import type { Hashes, SignatureCheck } from './examination.ts'
import { unitsShape } from './receipt-document.ts'
import { hex, integer, literal, object, type Shape } from './shape.ts'

type Value<S> = S extends Shape<infer T> ? T : never

const noteShape = object({
  v: literal(1),
  ctx: literal('chrysalis/note/1'),
  net: netShape,
  job: hex(16),
  attempt: integer(1, 2 ** 31),
  /** Digest of the receipt's canonical document. */
  receipt: digestShape,
  /** What is booked. `recount`: whether the gateway counted again or took the receipt's numbers within its bounds. */
  units: unitsShape,
  recount: literal('tokenizer', 'none'),
  tier: literal('simulated', 'cpu-tee', 'gpu-tee'),
  /** Hash of the text as shown, under the result's salt. */
  shown: digestShape,
  /** Unix milliseconds, by the gateway's clock. */
  at: integer(0, 2 ** 50),
  /** The broker's raw Ed25519 public key, base64url. */
  key: base64urlShape(43),
  sig: base64urlShape(86),
})
export type NoteDocument = Value<typeof noteShape>
export type UnsignedNote = Omit<NoteDocument, 'sig'>

/** Undefined for anything but a note; checks no signature. */
export const readNote = noteShape

/** What the broker signs. */
export const noteBytes = (note: UnsignedNote): Uint8Array =>
  domain('chrysalis/note/1', canonicalBytes(note))

/** The name of a broker's key: what claims and receipts call `aud`. */
export function brokerKidOf(key: string, { sha256 }: Hashes): string | undefined {
  const raw = fromBase64url(key, 32)
  return raw && toHex(sha256(raw)).slice(0, 32)
}

/** The signature of a note, to be checked; undefined when key or signature have a wrong length. */
export function noteSignature({ sig, ...note }: NoteDocument): SignatureCheck | undefined {
  const raw = fromBase64url(note.key, 32)
  const signature = fromBase64url(sig, 64)
  if (!raw || !signature) return undefined
  return {
    alg: 'ed25519',
    spki: ed25519Spki(raw),
    message: noteBytes(note),
    signature,
    code: 'PRF_NOTE',
  }
}

const spkiPrefix = fromHex('302a300506032b6570032100') ?? new Uint8Array(0)

/** SubjectPublicKeyInfo of a raw Ed25519 key (RFC 8410). */
export const ed25519Spki = (raw: Uint8Array): Uint8Array => concat(spkiPrefix, raw)
