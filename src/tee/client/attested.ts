/** @module What an API client checks itself before it seals: the evidence of a gateway or of workers, never anybody's word (CONF §1, API B3). */
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import { type Net, netSchema } from '../../core/config.ts'
import { claimsSchema, type Keyset, keysetSchema } from '../../core/frames.ts'
import { isKid, type Kid, parseId } from '../../core/ids.ts'
import { sha256Hex } from '../crypto/binary.ts'
import { nodeHashes } from '../crypto/node-crypto.ts'
import { keysetDigest, kidOf, publicKeysOf } from '../keys/keyset.ts'
import { reportDataOf } from '../verify/claims.ts'
import { TeeError } from '../verify/codes.ts'
import { batchRoot } from './nonce-batch.ts'

/** Somebody whose evidence the client verified: what a key may be sealed to until `expiresAt`. */
export interface AttestedParty {
  readonly net: Net
  readonly kid: Kid
  /** X-Wing, 1216 bytes. */
  readonly kemPublicKey: Uint8Array
  /** Policy epoch of the verdict. */
  readonly epoch: number
  /** Unix seconds. */
  readonly expiresAt: number
}

/** Evidence as it came, for the verifier that the caller plugs in. */
export interface PartyEvidence {
  readonly tee: 'tdx' | 'snp' | 'sim'
  /** Base64url. */
  readonly quote: string
  readonly gpu?: readonly { arch: string; evidence: string; certificate: string }[]
  /** SNP: DER as base64url, leaf first, and AMD's revocation list. */
  readonly certificates?: readonly string[]
  readonly crl?: string
  readonly eventLog?: string | undefined
  /** TDX: the common nine strings. */
  readonly collateral?: unknown
}

/**
 * Examines, settles and judges: vendor roots, signatures, collateral, debug bits and the policy's measurements for the
 * role. Must refuse what it does not know. Throws `TeeError` with what is wrong.
 */
export type JudgeEvidence = (
  evidence: PartyEvidence,
  expected: {
    readonly role: 'worker' | 'gateway'
    readonly net: Net
    /** 64 bytes the quote must carry. */
    readonly reportData: Uint8Array
    /** The claims that were hashed into them, for what a policy says about models. */
    readonly claims: unknown
    readonly nowMs: number
  },
) => Promise<{ readonly epoch: number /** Unix seconds. */; readonly expiresAt: number }>

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))
const unixSeconds = z
  .number()
  .int()
  .min(0)
  .max(2 ** 42)

const gatewayClaimsSchema = z.strictObject({
  v: z.literal(1),
  ctx: z.literal('chrysalis/gateway/1'),
  net: netSchema,
  /** The asker's nonce, or the root over the nonces of everybody who asked within a tenth of a second. */
  nonce: hex(32),
  epoch: z.number().int().min(0),
  keyset: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  image: z.string().max(80),
  notAfter: unixSeconds,
})
export type GatewayClaims = z.infer<typeof gatewayClaimsSchema>

const attestationSchema = z.strictObject({
  v: z.literal(1),
  net: netSchema,
  /** A: the operator can read. B: attested. D: simulated. */
  profile: z.enum(['A', 'B', 'D']),
  /** True when the claims carry the nonce that was asked for. */
  fresh: z.boolean(),
  statement: z.string().max(200).optional(),
  claims: gatewayClaimsSchema,
  keyset: keysetSchema,
  evidence: z
    .strictObject({
      tee: z.enum(['tdx', 'snp', 'sim']),
      quote: z.string().max(22_000),
      eventLog: z.string().max(262_144).optional(),
      collateral: z.unknown().optional(),
    })
    .nullable(),
  provenance: z.strictObject({
    repo: z.string().max(200),
    commit: z.string().max(64),
    imageDigest: z.string().max(80),
  }),
  policyEpoch: z.number().int().min(0),
  batch: z
    .strictObject({
      index: z.number().int().min(0).max(65_535),
      size: z.number().int().min(2).max(65_536),
      path: z.array(hex(32)).max(16),
    })
    .optional(),
})
export type Attestation = z.infer<typeof attestationSchema>

export type GatewayStanding =
  /** A key may be sealed to its epoch key. `simulated`: on devnet, where that proves nothing. */
  | { readonly attested: true; readonly simulated: boolean; readonly party: AttestedParty }
  /** Profile A: it says itself that it can read. */
  | { readonly attested: false; readonly statement: string }

/**
 * Reads an answer of `GET /.well-known/attestation?nonce=` for the nonce that the caller drew (64 hex). Throws `TeeError`:
 * `CLM_SHAPE`, `NET_MISMATCH`, `CLM_NONCE`, `CLM_KEYSET`, `CLM_KEM_KEY`, `POL_EXPIRED` for claims past their end, and
 * whatever `judge` throws.
 */
export async function verifyGateway(
  answer: unknown,
  asked: {
    readonly nonce: string
    readonly net: Net
    readonly nowMs: number
    readonly judge: JudgeEvidence
  },
): Promise<GatewayStanding> {
  const parsed = attestationSchema.safeParse(answer)
  if (!parsed.success || !Number.isSafeInteger(asked.nowMs)) throw new TeeError('CLM_SHAPE')
  const { net, profile, claims, keyset, evidence, batch, statement } = parsed.data
  if (net !== asked.net || claims.net !== asked.net) throw new TeeError('NET_MISMATCH')
  // A simulated machine exists on one network only, whatever the answer calls itself.
  if (profile === 'D' && net !== 'devnet') throw new TeeError('DEV_FORBIDDEN')
  const root = batch ? batchRoot(asked.nonce, batch) : asked.nonce
  if (root === undefined || claims.nonce !== root) throw new TeeError('CLM_NONCE')
  if (profile === 'A' || evidence === null) {
    if (profile !== 'A') throw new TeeError('CLM_BINDING')
    return { attested: false, statement: statement ?? '' }
  }
  const keys = keysOf(keyset, { digest: claims.keyset, net })
  const { nowMs } = asked
  const verdict = await asked.judge(evidence, {
    role: 'gateway',
    net,
    reportData: reportDataOf(claims, nodeHashes),
    claims,
    nowMs,
  })
  const expiresAt = Math.min(verdict.expiresAt, claims.notAfter, keyset.not_after)
  if (!(nowMs / 1000 < expiresAt)) throw new TeeError('POL_EXPIRED')
  const kid = epochKid(keys.kem)
  const party = { net, kid, kemPublicKey: keys.kem, epoch: verdict.epoch, expiresAt }
  return { attested: true, simulated: profile === 'D', party }
}

/** What a signed bundle of a worker holds: its claims, keys and quote, and when a gateway last checked them. */
export interface WorkerBundle {
  readonly claims: unknown
  readonly keyset: unknown
  readonly evidence: PartyEvidence
  /** Unix milliseconds. */
  readonly checkedAt: number
}

const MAX_BUNDLE_MS = 3_600_000

/**
 * Verifies a worker from its own evidence. Throws `TeeError`: `CLM_SHAPE`, `NET_MISMATCH`, `CLM_KEYSET`, `CLM_KEM_KEY`,
 * `CLM_MODEL` when it does not serve `model`, `CLM_NONCE` for a bundle older than an hour, `POL_EXPIRED`, and whatever
 * `judge` throws. The nonce was the gateway's: that the evidence is recent rests on `checkedAt` and on the collateral.
 */
export async function verifyWorker(
  bundle: WorkerBundle,
  asked: {
    readonly net: Net
    readonly model: string
    readonly nowMs: number
    readonly judge: JudgeEvidence
  },
): Promise<AttestedParty> {
  const claims = claimsSchema.safeParse(bundle.claims)
  const keyset = keysetSchema.safeParse(bundle.keyset)
  const { nowMs, net } = asked
  if (!claims.success || !keyset.success || !Number.isSafeInteger(nowMs))
    throw new TeeError('CLM_SHAPE')
  if (claims.data.net !== net) throw new TeeError('NET_MISMATCH')
  const age = nowMs - bundle.checkedAt
  if (!(age >= -60_000 && age <= MAX_BUNDLE_MS)) throw new TeeError('CLM_NONCE')
  const keys = keysOf(keyset.data, { digest: claims.data.keyset, net })
  if (!claims.data.models.some(({ id }) => id === asked.model)) throw new TeeError('CLM_MODEL')
  const verdict = await asked.judge(bundle.evidence, {
    role: 'worker',
    net,
    reportData: reportDataOf(claims.data, nodeHashes),
    claims: claims.data,
    nowMs,
  })
  const expiresAt = Math.min(verdict.expiresAt, claims.data.notAfter, keyset.data.not_after)
  if (!(nowMs / 1000 < expiresAt)) throw new TeeError('POL_EXPIRED')
  const { epoch } = verdict
  return { net, kid: kidOf(keyset.data), kemPublicKey: keys.kem, epoch, expiresAt }
}

/** Name of a broker's epoch key: the first 32 hex characters of SHA-256 of its raw public key. */
export const epochKid = (kemPublicKey: Uint8Array): Kid =>
  parseId(sha256Hex(kemPublicKey).slice(0, 32), isKid)

function keysOf(keyset: Keyset, expected: { digest: string; net: Net }) {
  if (keysetDigest(keyset) !== expected.digest) throw new TeeError('CLM_KEYSET')
  try {
    return publicKeysOf(keyset, expected.net)
  } catch (error) {
    const isKem = error instanceof AppError && error.code === 'claims.kem-key'
    throw new TeeError(isKem ? 'CLM_KEM_KEY' : 'CLM_KEYSET')
  }
}
