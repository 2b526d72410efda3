/** @module Who may work: challenge, claims, evidence and verdict of one worker connection, without its socket (CONF §3, §4). */
import { randomBytes } from 'node:crypto'
import { AppError } from '../core/app-error.ts'
import { type Canonical, canonicalBytes } from '../core/canonical.ts'
import type { Clock } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Claims, FrameOf, Keyset } from '../core/frames.ts'
import type { Kid } from '../core/ids.ts'
import type { Tier } from '../core/tier.ts'
import { fromBase64url, sha256Hex, toBase64url } from './binary.ts'
import { admitBytes, gpuHash, gpuNonce, reportData } from './claims.ts'
import type { Identity } from './identity.ts'
import type { JoinTokens } from './join.ts'
import { keysetDigest, kidOf, type PublicKeys, publicKeysOf } from './keyset.ts'
import { type SessionKeys, startSession } from './session-keys.ts'
import { SIGNATURE_BYTES, verifySignature } from './signature.ts'

/** What hardware evidence is checked against. */
interface EvidenceExpected {
  readonly net: Net
  /** 64 bytes. */
  readonly reportData: Uint8Array
  /** 32 bytes. */
  readonly gpuNonce: Uint8Array
  readonly nowMs: number
}

type EvidenceVerdict =
  | { readonly ok: true; readonly tier: Tier /** Unix seconds. */; readonly expiresAt: number }
  | { readonly ok: false; readonly code: ErrorCode }

/** Decides the tier of a worker by its evidence alone; plugged in by the composition root. */
export type EvidenceVerifier = (
  evidence: FrameOf<'evidence'>,
  expected: EvidenceExpected,
) => Promise<EvidenceVerdict>

/** An admitted worker connection. */
export interface AdmittedSession {
  readonly ok: true
  /** 32 random bytes, base64url: names the session in logs of neither side. */
  readonly session: string
  readonly kid: Kid
  readonly tier: Tier
  readonly evidenceId: string
  readonly epoch: number
  /** Unix seconds. */
  readonly expiresAt: number
  readonly keys: SessionKeys
  readonly publicKeys: PublicKeys
  readonly keyset: Keyset
  readonly claims: Claims
  /** To be sent as it is. */
  readonly verdict: FrameOf<'verdict'>
}

type AdmissionResult =
  | AdmittedSession
  | { readonly ok: false; readonly code: ErrorCode; readonly verdict: FrameOf<'verdict'> }

export interface Admission {
  /** A fresh signed challenge for one socket. */
  challenge(): FrameOf<'challenge'>
  /** Decides by `hello` alone, before a challenge is worth sending: `net.mismatch`, `admission.join`, `admission.rate`. */
  checkHello(hello: FrameOf<'hello'>): ErrorCode | undefined
  /** Uses the challenge up, whatever the outcome. Never throws for what a worker sent. */
  check(input: {
    hello: FrameOf<'hello'>
    challenge: FrameOf<'challenge'>
    evidence: FrameOf<'evidence'>
  }): Promise<AdmissionResult>
}

const CHALLENGE_S = 90
const SESSION_S = 3600
const MAX_KEYSET_S = 86_400
/** Remembered KEM keys; the oldest are forgotten, which only re-opens a check that the quote makes as well. */
const MAX_KEM_KEYS = 10_000

/** Admission of one gateway process at one policy epoch. `verify` must refuse what it does not know. */
export function createAdmission(deps: {
  identity: Identity
  net: Net
  epoch: number
  joins: JoinTokens
  verify: EvidenceVerifier
  clock: Clock
}): Admission {
  const { identity, net, epoch, joins, verify, clock } = deps
  const open = new Map<string, number>()
  const kemOwners = new Map<string, Kid>()
  const nowSeconds = (): number => Math.floor(clock.now() / 1000)

  const checkHello = (hello: FrameOf<'hello'>): ErrorCode | undefined =>
    hello.net === net ? joins.check(hello.join) : 'net.mismatch'

  /** Challenge members of the claims, then the keys: the order of CONF §4 after the quote. */
  const checkClaims = (frame: FrameOf<'challenge'>, evidence: FrameOf<'evidence'>): PublicKeys => {
    const { claims, keyset } = evidence
    if (!isCanonical({ ...evidence })) throw new AppError('claims.shape')
    const expiry = open.get(nonceKey(frame.nonce))
    open.delete(nonceKey(frame.nonce))
    const now = nowSeconds()
    if (claims.nonce !== frame.nonce || expiry === undefined || now >= expiry)
      throw new AppError('claims.nonce')
    if (claims.aud !== identity.kid) throw new AppError('claims.aud')
    if (claims.net !== net) throw new AppError('net.mismatch')
    if (claims.epoch !== epoch) throw new AppError('claims.epoch')
    const until = Math.min(claims.notAfter, keyset.not_after)
    if (
      until <= now ||
      claims.notAfter > now + MAX_KEYSET_S ||
      keyset.not_after > now + MAX_KEYSET_S
    )
      throw new AppError('claims.shape')
    if (claims.keyset !== keysetDigest(keyset)) throw new AppError('claims.keyset')
    const keys = publicKeysOf(keyset, net)
    const signature = fromBase64url(evidence.sig, SIGNATURE_BYTES)
    if (!signature || !verifySignature(keys.signing, admitBytes(claims), signature))
      throw new AppError('claims.sig')
    const hashes = evidence.gpu.map(gpuHash)
    if (hashes.length !== claims.gpus.length || hashes.some((hash, i) => hash !== claims.gpus[i]))
      throw new AppError('claims.shape')
    return keys
  }

  const admit = async (input: {
    challenge: FrameOf<'challenge'>
    evidence: FrameOf<'evidence'>
  }): Promise<AdmittedSession> => {
    const { challenge, evidence } = input
    const { claims, keyset } = evidence
    const publicKeys = checkClaims(challenge, evidence)
    const expected = { net, reportData: reportData(claims), gpuNonce: gpuNonce(claims) }
    const found = await verify(evidence, { ...expected, nowMs: clock.now() })
    if (!found.ok) throw new AppError(found.code)
    const kid = kidOf(keyset)
    rememberKem(kemOwners, publicKeys.kem, kid)
    const evidenceId = evidenceIdOf(evidence, found.tier)
    const context = { net, aud: identity.kid, kid, epoch, evidenceId, nonce: challenge.nonce }
    const { enc, keys } = await startSession(publicKeys.kem, context)
    const now = nowSeconds()
    const expiresAt = Math.min(now + SESSION_S, found.expiresAt, claims.notAfter, keyset.not_after)
    const session = toBase64url(randomBytes(32))
    const verdict = identity.signVerdict({
      type: 'verdict',
      ok: true,
      tier: found.tier,
      evidenceId,
      session,
      expiresAt,
      enc: toBase64url(enc),
    })
    const { tier } = found
    return {
      ok: true,
      session,
      kid,
      tier,
      evidenceId,
      epoch,
      expiresAt,
      keys,
      publicKeys,
      keyset,
      claims,
      verdict,
    }
  }

  return {
    challenge: () => {
      const iat = nowSeconds()
      for (const [key, expiry] of open) if (expiry <= iat) open.delete(key)
      const nonce = toBase64url(randomBytes(32))
      open.set(nonceKey(nonce), iat + CHALLENGE_S)
      const exp = iat + CHALLENGE_S
      return identity.signChallenge({
        type: 'challenge',
        nonce,
        aud: identity.kid,
        epoch,
        iat,
        exp,
      })
    },
    checkHello,
    check: async ({ hello, challenge, evidence }) => {
      try {
        const code = checkHello(hello)
        if (code) throw new AppError(code)
        return await admit({ challenge, evidence })
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        joins.refused(hello.join)
        const { code } = error
        const verdict = identity.signVerdict({ type: 'verdict', ok: false, code })
        return { ok: false, code, verdict }
      }
    },
  }
}

/**
 * The dev network's verifier: takes a worker at its word and says so by its tier. On any other net it refuses
 * everything, as long as no hardware verifier is composed: `admission.evidence`.
 */
export const acceptSimulated: EvidenceVerifier = async (evidence, { net, nowMs }) => {
  if (net !== 'devnet' || evidence.quote !== '' || evidence.gpu.length > 0)
    return { ok: false, code: 'admission.evidence' }
  return { ok: true, tier: 'simulated', expiresAt: Math.floor(nowMs / 1000) + SESSION_S }
}

/** Throws `claims.key-reuse` when another worker already showed this KEM key. */
function rememberKem(owners: Map<string, Kid>, kem: Uint8Array, kid: Kid): void {
  const key = sha256Hex(kem)
  const owner = owners.get(key)
  if (owner !== undefined && owner !== kid) throw new AppError('claims.key-reuse')
  owners.set(key, kid)
  const oldest = owners.keys().next()
  if (owners.size > MAX_KEM_KEYS && !oldest.done) owners.delete(oldest.value)
}

/** Content address of what the verdict was made from, hex; receipts cite it. */
function evidenceIdOf(evidence: FrameOf<'evidence'>, tier: Tier): string {
  const { claims, keyset, quote, gpu } = evidence
  return sha256Hex(
    canonicalBytes({ v: 1, ctx: 'chrysalis/evidence/1', tier, claims, keyset, quote, gpu }),
  )
}

/** Challenges are remembered by the hash of their nonce. */
const nonceKey = (nonce: string): string => sha256Hex(fromBase64url(nonce) ?? new Uint8Array(0))

/** False for lone surrogates and −0, which have no canonical form and could not have been signed. */
function isCanonical(value: Canonical): boolean {
  try {
    canonicalBytes(value)
    return true
  } catch {
    return false
  }
}
