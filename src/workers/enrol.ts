/** @module A worker's side of admission: keys made at boot, claims and evidence for each challenge, the session of an accepting verdict. */
import { AppError } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Claims, FrameOf } from '../core/frames.ts'
import type { PayTerms } from '../core/voucher.ts'
import { admitBytes, gpuHash, gpuNonce, reportData } from '../tee/admission/claims.ts'
import { readReason } from '../tee/admission/refusal.ts'
import { fromBase64url, toBase64url } from '../tee/crypto/binary.ts'
import { KEM_ENC_BYTES } from '../tee/crypto/kem.ts'
import type { PinnedBroker } from '../tee/keys/identity.ts'
import { createWorkerKeys, type WorkerKeys } from '../tee/keys/keyset.ts'
import { joinSession, type SessionKeys } from '../tee/keys/session-keys.ts'
import type { EvidenceSource } from '../tee/sources/source.ts'
import type { TeeCode } from '../tee/verify/codes.ts'
import type { AnnouncedModel } from './lending.ts'

/** One admission: the keys its leases are made for, and the gateway's time. */
export interface WorkerSession {
  readonly keys: WorkerKeys
  readonly sessionKeys: SessionKeys
  /** Unix milliseconds by the broker's signed clock: the machine's own belongs to its owner. */
  readonly now: () => number
  /** Unix seconds. */
  readonly expiresAt: number
  /** Where its owner is paid; absent where nothing is. */
  readonly pay: PayTerms | undefined
}

export interface Enrolment {
  /**
   * Answers a challenge with evidence over the fresh claims. Throws `challenge.sig`, `claims.aud` for a challenge that is
   * not the pinned broker's, and `SRC_*` (`TeeError`) when the machine gives none.
   */
  answer(challenge: FrameOf<'challenge'>): Promise<FrameOf<'evidence'>>
  /** The session of the last answer, or its refusal. Throws `challenge.sig` for a verdict that is not the pinned broker's. */
  accept(verdict: FrameOf<'verdict'>): Promise<WorkerSession | RefusedSession>
}

/** Why the gateway would not have this worker. */
export interface RefusedSession {
  readonly code: ErrorCode
  readonly reason: TeeCode | undefined
}

export const isRefused = (outcome: WorkerSession | RefusedSession): outcome is RefusedSession =>
  'code' in outcome

const KEYS_S = 86_000
/** Keys with less left than this are made anew: a session lives an hour. */
const MIN_LEFT_S = 7200

/** `payout`: where the owner's earnings go, empty where nothing is paid. */
export function createEnrolment(deps: {
  net: Net
  broker: PinnedBroker
  models: readonly AnnouncedModel[]
  source: EvidenceSource
  payout?: string
  clock: Clock
}): Enrolment {
  const { net, broker, models, source, clock } = deps
  let keys: WorkerKeys | undefined
  let asked: { challenge: FrameOf<'challenge'>; keys: WorkerKeys; now: () => number } | undefined

  const keysFor = async (nowSeconds: number): Promise<WorkerKeys> => {
    if (!keys || keys.keyset.not_after - nowSeconds < MIN_LEFT_S)
      keys = await createWorkerKeys(net, nowSeconds + KEYS_S)
    return keys
  }
  return {
    answer: async (challenge) => {
      broker.check(challenge)
      if (challenge.aud !== broker.kid) throw new AppError('claims.aud')
      const offsetMs = challenge.iat * 1000 - clock.now()
      const mine = await keysFor(challenge.iat)
      asked = { challenge, keys: mine, now: () => clock.now() + offsetMs }
      const bare = {
        v: 1,
        ctx: 'chrysalis/claims/1',
        net,
        aud: challenge.aud,
        nonce: challenge.nonce,
        epoch: challenge.epoch,
        keyset: mine.digest,
        models: models.map(({ id, weights }) => ({ id, weights })),
        payout: deps.payout ?? '',
        image: '',
        notAfter: mine.keyset.not_after,
      } as const
      const answers = await source.gpu(gpuNonce(bare))
      const gpu = answers.map(({ arch, evidence, certificate }) => ({
        arch,
        evidence: toBase64url(evidence),
        certificate: toBase64url(certificate),
      }))
      const claims: Claims = { ...bare, gpus: gpu.map((one) => gpuHash(one) ?? '') }
      const { quote, eventlog, initdata } = await source.quote(reportData(claims))
      return {
        type: 'evidence',
        claims,
        keyset: mine.keyset,
        quote: toBase64url(quote),
        gpu,
        ...(eventlog !== undefined && { eventlog }),
        ...(initdata !== undefined && { initdata }),
        sig: toBase64url(mine.signer.sign(admitBytes(claims))),
      }
    },
    accept: async (verdict) => {
      broker.check(verdict)
      const { code = 'admission.evidence', reason } = verdict
      if (!verdict.ok) return { code, reason: readReason(reason) }
      const enc = fromBase64url(verdict.enc ?? '', KEM_ENC_BYTES)
      const { evidenceId, expiresAt } = verdict
      if (!asked || !enc || evidenceId === undefined || expiresAt === undefined)
        throw new AppError('admission.frame')
      const { challenge, keys: mine, now } = asked
      asked = undefined
      const { aud, epoch, nonce } = challenge
      const context = { net, aud, kid: mine.kid, epoch, evidenceId, nonce }
      const sessionKeys = await joinSession(mine.kem, enc, context)
      return { keys: mine, sessionKeys, now, expiresAt, pay: verdict.pay }
    },
  }
}
