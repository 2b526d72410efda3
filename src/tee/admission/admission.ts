/** @module Who may work: challenge, claims, evidence and verdict of one worker connection, without its socket (CONF §3, §4). */
import { randomBytes } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import { type Canonical, canonicalBytes } from '../../core/canonical.ts'
import type { Clock } from '../../core/clock.ts'
import type { Net } from '../../core/config.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { Claims, FrameOf, Keyset } from '../../core/frames.ts'
import type { Kid } from '../../core/ids.ts'
import type { Tier } from '../../core/tier.ts'
import type { PayTerms } from '../../core/voucher.ts'
import { fromBase64url, sha256Hex, toBase64url, toHex } from '../crypto/binary.ts'
import { SIGNATURE_BYTES, verifySignature } from '../crypto/signature.ts'
import type { Identity } from '../keys/identity.ts'
import { keysetDigest, kidOf, type PublicKeys, publicKeysOf } from '../keys/keyset.ts'
import { type SessionKeys, startSession } from '../keys/session-keys.ts'
import type { TeeCode } from '../verify/codes.ts'
import type { DevRoots } from '../verify/proof/evidence-record.ts'
import { admitBytes, gpuNonce, reportData } from './claims.ts'
import { buildEvidenceRecord } from './evidence-record.ts'
import type { AcceptedEvidence, EvidenceVerifier } from './evidence-verifier.ts'
import type { JoinOwner, JoinTokens, MachineWish } from './join.ts'
import { Refusal, reasonOf, refusalOf, sentenceOf } from './refusal.ts'

/** An admitted worker connection. */
export interface AdmittedSession {
  readonly ok: true
  /** 32 random bytes, base64url: names the session in logs of neither side. */
  readonly session: string
  readonly kid: Kid
  readonly owner: string
  /** What is kept of the join token it was admitted with; 64 hex characters. */
  readonly token: string
  readonly tier: Tier
  readonly evidenceId: string
  readonly epoch: number
  /** Unix seconds. */
  readonly expiresAt: number
  readonly keys: SessionKeys
  readonly publicKeys: PublicKeys
  readonly keyset: Keyset
  readonly claims: Claims
  /** To be judged again when the policy changes. */
  readonly evidence: AcceptedEvidence
  readonly eventlog: string | undefined
  /** To be sent as it is. */
  readonly verdict: FrameOf<'verdict'>
}

export interface RefusedAdmission {
  readonly ok: false
  readonly code: ErrorCode
  readonly reason: TeeCode | undefined
  /** To be sent as it is. */
  readonly verdict: FrameOf<'verdict'>
}

/** Enrolment of machines, as a database knows it. */
export interface HardwarePort {
  /** Counts the worker on its machine: `HW_UNKNOWN`, `HW_OWNER`, `HW_TOKEN`, `HW_CAP`, `HW_SPLIT`, `GPU_CLONE`, or undefined when it may work. */
  claim(worker: {
    readonly hw: string
    readonly owner: string
    /** What is kept of its join token; 64 hex characters. */
    readonly token: string
    readonly kid: Kid
    /** What tells networks apart. */
    readonly network: string
    /** Names of its GPUs. */
    readonly devices: readonly string[]
  }): Promise<TeeCode | undefined>
  release(kid: Kid): Promise<void>
  /** What a site registry says of the machine. */
  site(hw: string): Promise<'audited' | 'unknown'>
}

export interface Admission {
  /** A fresh signed challenge for one socket. Throws `Refusal` while no policy is in force. */
  challenge(): FrameOf<'challenge'>
  /** Decides by `hello` alone, before a challenge is worth sending: `net.mismatch`, `admission.join`, `admission.rate`. */
  checkHello(hello: FrameOf<'hello'>): Refusal | undefined
  /** Uses the challenge up, whatever the outcome. Never throws for what a worker sent. */
  check(input: {
    hello: FrameOf<'hello'>
    challenge: FrameOf<'challenge'>
    evidence: FrameOf<'evidence'>
    /** Where the worker connects from. */
    network?: string
  }): Promise<AdmittedSession | RefusedAdmission>
  /** The signed refusal of a step outside `check`. */
  refuse(refusal: Refusal): FrameOf<'verdict'>
  /** Why the policy in force now would not admit the session's evidence; undefined when it would. */
  rejudge(session: AdmittedSession): TeeCode | undefined
  /** Why the session may not go on by its join token as it is now: removed, or its owner is paid elsewhere. */
  standing(session: AdmittedSession): { readonly refusal?: Refusal; readonly wish: MachineWish }
  /** Of the policy in force; undefined where there is none. */
  epoch(): number | undefined
  /** The worker is gone: its machine and its GPUs are free for another. */
  leave(session: AdmittedSession): void
}

const CHALLENGE_S = 90
const SESSION_S = 3600
const MAX_KEYSET_S = 86_400
/** Remembered KEM keys; the oldest are forgotten, which only re-opens a check that the quote makes as well. */
const MAX_KEM_KEYS = 10_000

export interface AdmissionDeps {
  readonly identity: Identity
  readonly net: Net
  readonly joins: JoinTokens
  readonly verifier: EvidenceVerifier
  readonly hardware: HardwarePort
  /** Keeps a record before anything cites it. */
  readonly keep: (record: { id: string; kid: Kid; document: string }) => Promise<void>
  /** Where whoever is paid at this address is paid, for the worker to pin; undefined where nothing is. */
  readonly payTerms?: (payout: string) => Promise<PayTerms | undefined>
  /** Of the dev network's own PKI; absent on every other network. */
  readonly devRoots?: DevRoots
  readonly clock: Clock
}

/** Admission of one gateway process. */
export function createAdmission(deps: AdmissionDeps): Admission {
  const { identity, net, joins, verifier, hardware, clock } = deps
  const open = new Map<string, number>()
  const kemOwners = new Map<string, Kid>()
  const nowSeconds = (): number => Math.floor(clock.now() / 1000)
  const epoch = (): number | undefined => verifier.inForce()?.current.epoch

  const checkHello = (hello: FrameOf<'hello'>): Refusal | undefined => {
    if (hello.net !== net) return refusalOf('NET_MISMATCH')
    const code = joins.check(hello.join)
    if (code) return new Refusal(code)
    return epoch() === undefined ? refusalOf('POL_EXPIRED') : undefined
  }

  /** Challenge members of the claims, then the keys: what costs nothing comes before what the quote costs. */
  const checkClaims = (
    frame: FrameOf<'challenge'>,
    evidence: FrameOf<'evidence'>,
    owner: JoinOwner,
  ): PublicKeys => {
    const { claims, keyset } = evidence
    if (!isCanonical({ ...evidence })) throw refusalOf('CLM_SHAPE')
    const expiry = open.get(nonceKey(frame.nonce))
    open.delete(nonceKey(frame.nonce))
    const now = nowSeconds()
    if (claims.nonce !== frame.nonce || expiry === undefined || now >= expiry)
      throw refusalOf('CLM_NONCE')
    if (claims.aud !== identity.kid) throw refusalOf('CLM_AUD')
    if (claims.net !== net) throw refusalOf('NET_MISMATCH')
    if (claims.epoch !== epoch()) throw refusalOf('CLM_EPOCH')
    const until = Math.min(claims.notAfter, keyset.not_after)
    if (
      until <= now ||
      claims.notAfter > now + MAX_KEYSET_S ||
      keyset.not_after > now + MAX_KEYSET_S
    )
      throw refusalOf('CLM_SHAPE')
    if (claims.keyset !== keysetDigest(keyset)) throw refusalOf('CLM_KEYSET')
    const keys = publicKeysOf(keyset, net)
    const signature = fromBase64url(evidence.sig, SIGNATURE_BYTES)
    if (!signature || !verifySignature(keys.signing, admitBytes(claims), signature))
      throw refusalOf('CLM_SIG')
    if (claims.payout !== owner.payout) throw refusalOf('CLM_PAYOUT')
    return keys
  }

  const admit = async (input: Parameters<Admission['check']>[0]): Promise<AdmittedSession> => {
    const { hello, challenge, evidence, network = '' } = input
    const { claims, keyset, eventlog } = evidence
    const owner = joins.ownerOf(hello.join)
    if (!owner) throw new Refusal('admission.join')
    const publicKeys = checkClaims(challenge, evidence, owner)
    const kid = kidOf(keyset)
    const checkedAt = clock.now()
    const found = await verifier.verify(evidence, {
      reportData: reportData(claims),
      gpuNonce: gpuNonce(claims),
      kid,
      nowMs: checkedAt,
    })
    rememberKem(kemOwners, publicKeys.kem, kid)
    const now = nowSeconds()
    const expiresAt = Math.min(now + SESSION_S, found.expiresAt, claims.notAfter, keyset.not_after)
    const record = buildEvidenceRecord({
      frame: evidence,
      ...found,
      site: await hardware.site(found.hw),
      net,
      ...(deps.devRoots && { devRoots: deps.devRoots }),
      checkedAt,
      expiresAt,
    })
    const context = {
      net,
      aud: identity.kid,
      kid,
      epoch: claims.epoch,
      evidenceId: record.id,
      nonce: challenge.nonce,
    }
    const { enc, keys } = await startSession(publicKeys.kem, context)
    await deps.keep({ id: record.id, kid, document: record.text })
    const devices = found.gpus.flatMap(({ hardware: device }) => device ?? [])
    const { hw } = found
    const token = toHex(owner.hash)
    const reason = await hardware.claim({ hw, kid, owner: owner.owner, token, network, devices })
    if (reason) throw refusalOf(reason)
    const pay = await deps.payTerms?.(claims.payout)
    const session = toBase64url(randomBytes(32))
    const verdict = identity.signVerdict({
      type: 'verdict',
      ok: true,
      tier: found.tier,
      evidenceId: record.id,
      session,
      expiresAt,
      enc: toBase64url(enc),
      ...(pay && { pay }),
    })
    return {
      ok: true,
      session,
      kid,
      owner: owner.owner,
      token,
      tier: found.tier,
      evidenceId: record.id,
      epoch: claims.epoch,
      expiresAt,
      keys,
      publicKeys,
      keyset,
      claims,
      evidence: found,
      eventlog,
      verdict,
    }
  }

  const refuse = ({ code, reason }: Refusal): FrameOf<'verdict'> => {
    const why = reason ?? reasonOf(code)
    return identity.signVerdict({
      type: 'verdict',
      ok: false,
      code,
      ...(why !== undefined && { reason: why }),
      sentence: sentenceOf(code, why),
    })
  }

  return {
    epoch,
    checkHello,
    refuse,
    challenge: () => {
      const current = epoch()
      if (current === undefined) throw refusalOf('POL_EXPIRED')
      const iat = nowSeconds()
      for (const [key, expiry] of open) if (expiry <= iat) open.delete(key)
      const nonce = toBase64url(randomBytes(32))
      open.set(nonceKey(nonce), iat + CHALLENGE_S)
      const exp = iat + CHALLENGE_S
      return identity.signChallenge({
        type: 'challenge',
        nonce,
        aud: identity.kid,
        epoch: current,
        iat,
        exp,
      })
    },
    check: async (input) => {
      try {
        const refusal = checkHello(input.hello)
        if (refusal) throw refusal
        return await admit(input)
      } catch (error) {
        const refusal = toRefusal(error)
        if (!refusal) throw error
        const isOld = input.challenge.epoch !== epoch()
        if (!isOurFault(refusal, isOld)) joins.refused(input.hello.join)
        const { code, reason = reasonOf(code) } = refusal
        return { ok: false, code, reason, verdict: refuse(refusal) }
      }
    },
    rejudge: ({ claims, eventlog, evidence, kid }) =>
      verifier.rejudge({ claims, ...(eventlog !== undefined && { eventlog }) }, evidence, {
        kid,
        nowMs: clock.now(),
      }),
    standing: ({ token, claims }) => {
      const now = joins.ownerOfHash(token)
      const { wish = 'working' } = now ?? {}
      if (!now) return { refusal: new Refusal('admission.join'), wish }
      if (now.payout !== claims.payout) return { refusal: refusalOf('CLM_PAYOUT'), wish }
      return { wish }
    },
    leave: ({ kid }) => {
      // A database that is away forgets the worker by itself when the gateway's sign of life for it ends.
      hardware.release(kid).catch(() => undefined)
    },
  }
}

/** A worker that keeps its token through an outage of ours is not paused for it. */
const OURS: ReadonlySet<string> = new Set<ErrorCode | TeeCode>([
  'stores.down',
  'COL_FETCH',
  'COL_SHAPE',
  'COL_TIME',
  'POL_EXPIRED',
])
/** `isOld`: the policy changed while the worker was answering. */
const isOurFault = ({ code, reason }: Refusal, isOld: boolean): boolean =>
  OURS.has(reason ?? code) || (reason === 'CLM_EPOCH' && isOld)

/** Undefined for what is no refusal but a fault of this program. */
function toRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error
  return error instanceof AppError ? new Refusal(error.code) : undefined
}

/** Throws `CLM_KEY_REUSE` when another worker already showed this KEM key. */
function rememberKem(owners: Map<string, Kid>, kem: Uint8Array, kid: Kid): void {
  const key = sha256Hex(kem)
  const owner = owners.get(key)
  if (owner !== undefined && owner !== kid) throw refusalOf('CLM_KEY_REUSE')
  owners.set(key, kid)
  const oldest = owners.keys().next()
  if (owners.size > MAX_KEM_KEYS && !oldest.done) owners.delete(oldest.value)
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
