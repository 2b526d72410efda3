/** @module What a worker claims, as it stands in an evidence record, and the hashes that bind it to a quote (CONF §4). Runs in the proof page too. */
import { concat, domain, fromBase64url, toHex, u32be } from '../../core/bytes.ts'
import { type Canonical, canonicalBytes } from '../../core/canonical.ts'
import type { Hashes } from './examination.ts'
import { hex, integer, list, literal, object, pattern, type Shape, text } from './shape.ts'

type Value<S> = S extends Shape<infer T> ? T : never

export const netShape = literal('mainnet', 'testnet', 'devnet')
export const digestShape = pattern(/^sha256:[0-9a-f]{64}$/)
export const secondsShape = integer(0, 2 ** 42)
/** base64url of at most `max` characters. */
export const base64urlShape =
  (max: number): Shape<string> =>
  (value) =>
    typeof value === 'string' && value.length <= max && fromBase64url(value) ? value : undefined

export const claimsShape = object({
  v: literal(1),
  ctx: literal('chrysalis/claims/1'),
  net: netShape,
  aud: hex(16),
  nonce: base64urlShape(64),
  epoch: integer(0, Number.MAX_SAFE_INTEGER),
  keyset: digestShape,
  models: list(object({ id: pattern(/^[a-z0-9][a-z0-9.-]{0,47}$/), weights: digestShape }), 64),
  payout: text(80),
  gpus: list(hex(32), 16),
  image: text(80),
  notAfter: secondsShape,
})
export type ClaimsDocument = Value<typeof claimsShape>

const keyShape = (max: number) =>
  object({ algo: text(64), key_id: text(16), public_key: text(max) })
export const keysetShape = object({
  e2ee_public_keys: list(keyShape(4096), 4),
  not_after: secondsShape,
  receipt_signing_keys: list(keyShape(256), 4),
  subject: text(64),
  tls_public_keys: list<never>(() => undefined, 0),
})

export const gpuShape = object({
  arch: text(32),
  evidence: base64urlShape(44_000),
  certificate: base64urlShape(44_000),
})
export type GpuDocument = Value<typeof gpuShape>

/** What `claims` must be bound into: 64 bytes, the whole report data of a CPU quote. */
export const reportDataOf = (claims: Canonical, { sha512 }: Hashes): Uint8Array =>
  sha512(domain('chrysalis/rd/1', canonicalBytes(claims)))

/** 32 bytes: the nonce GPUs are asked with, from the claims without `gpus`. */
export function gpuNonceOf(
  claims: { readonly gpus?: unknown } & Readonly<Record<string, Canonical | undefined>>,
  { sha256 }: Hashes,
): Uint8Array {
  const { gpus: _gpus, ...rest } = claims
  return sha256(domain('chrysalis/gpu/1', canonicalBytes(rest)))
}

/** Hex hash of one GPU's evidence as it stands in `claims.gpus`; undefined when a member is not strict base64url. */
export function gpuHashOf(
  { evidence, certificate }: Pick<GpuDocument, 'evidence' | 'certificate'>,
  { sha256 }: Hashes,
): string | undefined {
  const report = fromBase64url(evidence)
  const chain = fromBase64url(certificate)
  if (!report || !chain) return undefined
  return toHex(sha256(concat(u32be(report.length), report, u32be(chain.length), chain)))
}

/** `sha256:` and the hex hash of the canonical keyset; its first 32 hex characters are the worker's name. */
export const keysetDigestOf = (keyset: Canonical, { sha256 }: Hashes): string =>
  `sha256:${toHex(sha256(canonicalBytes(keyset)))}`
