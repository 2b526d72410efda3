/** @module The evidence record: what a verdict was made from, named by its content; an ACI session document (CONF §8). */
import { fromBase64, fromUtf8, toHex } from '../../../core/bytes.ts'
import {
  type Canonical,
  canonicalBytes,
  canonicalText,
  parseStrictJson,
} from '../../../core/canonical.ts'
import {
  base64urlShape,
  claimsShape,
  digestShape,
  gpuShape,
  keysetShape,
  secondsShape,
} from '../claims.ts'
import type { Hashes } from '../examination.ts'
import {
  either,
  hex,
  integer,
  list,
  literal,
  object,
  optional,
  pattern,
  record,
  type Shape,
  text,
} from '../shape.ts'

type Value<S> = S extends Shape<infer T> ? T : never

/** What a claim rests on, in ACI's words; absent while the claim is `unknown`. */
const claimShape = object({
  status: literal('asserted', 'refuted', 'unknown'),
  source: optional(
    literal('hardware_proven', 'verifier_derived', 'provider_asserted', 'operator_asserted'),
  ),
  reason: optional(text(200)),
})

const documentShape = object({
  api_version: literal('aci/1'),
  upstream_name: pattern(/^worker:[0-9a-f]{32}$/),
  endpoint: literal(null),
  verifier_id: pattern(/^chrysalis\/\d{1,4}$/),
  established_at: secondsShape,
  expires_at: secondsShape,
  identity: object({ kid: hex(16), keyset_digest: digestShape }),
  channel_binding: list(
    object({
      type: literal('e2ee_public_key_sha256'),
      provider: literal('chrysalis'),
      key_id: text(16),
      algorithm: text(64),
      public_key_sha256: hex(32),
    }),
    4,
  ),
  claims: object({
    tee_attested: claimShape,
    gpu_attested: claimShape,
    tcb_up_to_date: claimShape,
    os_known_good: claimShape,
    serving_software_known_good: claimShape,
    model_weights_provenance: claimShape,
    extra: record(text(400), 32),
  }),
  evidence: object({
    digest: digestShape,
    data: pattern(/^data:application\/json;base64,[A-Za-z0-9+/=]{1,1000000}$/),
  }),
})
export type EvidenceDocument = Value<typeof documentShape>

const collateralText = text(400_000)
/** The common nine strings; judged by the verifier, here only carried. */
const collateralShape = object({
  pck_crl_issuer_chain: collateralText,
  root_ca_crl: collateralText,
  pck_crl: collateralText,
  tcb_info_issuer_chain: collateralText,
  tcb_info: collateralText,
  tcb_info_signature: collateralText,
  qe_identity_issuer_chain: collateralText,
  qe_identity: collateralText,
  qe_identity_signature: collateralText,
})

const isCanonical = (value: unknown): value is Canonical => {
  try {
    return canonicalText(canonicalOf(value)) !== ''
  } catch {
    return false
  }
}
/** What strict JSON parsing gave is canonical by construction. */
const policyShape: Shape<Canonical> = (value) =>
  typeof value === 'object' && value !== null && isCanonical(value) ? value : undefined

/** SHA-256 (hex) of the self-signed roots of one dev network: they prove nothing to anybody outside it. */
const devRootsShape = object({
  intel: list(hex(32), 4),
  amd: list(object({ product: literal('Milan', 'Genoa', 'Turin'), root: hex(32) }), 4),
  nvidia: list(hex(32), 4),
})

const dataShape = object({
  v: literal(1),
  ctx: literal('chrysalis/evidence/1'),
  claims: claimsShape,
  keyset: keysetShape,
  /** The admission signature, base64url. */
  sig: base64urlShape(86),
  tee: literal('tdx', 'snp'),
  quote: base64urlShape(22_000),
  /** SNP: the chain as DER, leaf first, and AMD's revocation list. */
  certificates: optional(list(base64urlShape(16_000), 4)),
  crl: optional(base64urlShape(64_000)),
  gpu: list(gpuShape, 16),
  eventlog: optional(text(400_000)),
  initdata: optional(text(64_000)),
  collateral: either(literal(null), collateralShape),
  /** The whole policy document that judged it. */
  policy: either(literal(null), policyShape),
  devRoots: optional(devRootsShape),
  /** Unix milliseconds, by the gateway's clock. */
  checkedAt: integer(0, 2 ** 50),
})
export type EvidenceData = Value<typeof dataShape>
export type DevRoots = Value<typeof devRootsShape>

export interface EvidenceRecord {
  /** `hex H(JCS(document))`: what receipts cite. */
  readonly id: string
  readonly document: EvidenceDocument
  readonly data: EvidenceData
}

/** Undefined for anything but a record whose data hash to its digest and are spelled canonically. Judges no evidence. */
export function readEvidenceRecord(value: unknown, hashes: Hashes): EvidenceRecord | undefined {
  const document = documentShape(value)
  if (!document) return undefined
  const bytes = fromBase64(document.evidence.data.slice(dataPrefix.length))
  if (!bytes || `sha256:${toHex(hashes.sha256(bytes))}` !== document.evidence.digest)
    return undefined
  const data = dataShape(parsed(bytes))
  return data && { id: evidenceIdOf(document, hashes), document, data }
}

export const evidenceIdOf = (document: EvidenceDocument, { sha256 }: Hashes): string =>
  toHex(sha256(canonicalBytes(document)))

const dataPrefix = 'data:application/json;base64,'

/** `evidence` member of a record of these data. Throws TypeError for what has no canonical form. */
export function packEvidenceData(
  data: EvidenceData,
  { sha256 }: Hashes,
): EvidenceDocument['evidence'] {
  const bytes = canonicalBytes(data)
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return { digest: `sha256:${toHex(sha256(bytes))}`, data: dataPrefix + btoa(binary) }
}

/** Undefined for what is not JSON in its canonical spelling. */
function parsed(bytes: Uint8Array): unknown {
  const spelling = fromUtf8(bytes)
  if (spelling === undefined) return undefined
  try {
    const value = parseStrictJson(spelling)
    return canonicalText(canonicalOf(value)) === spelling ? value : undefined
  } catch {
    return undefined
  }
}

/** Throws TypeError for anything that JSON cannot hold. */
function canonicalOf(value: unknown): Canonical {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return value
  if (Array.isArray(value)) return value.map((item: unknown) => canonicalOf(item))
  if (typeof value !== 'object') throw new TypeError('not JSON')
  return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, canonicalOf(it)]))
}
