/** @module A worker's side of admission: keys made at boot, claims and evidence for each challenge, the session of an accepting verdict. */
import { AppError } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Claims, FrameOf } from '../core/frames.ts'
import { fromBase64url, toBase64url } from '../tee/binary.ts'
import { admitBytes } from '../tee/claims.ts'
import type { PinnedBroker } from '../tee/identity.ts'
import { KEM_ENC_BYTES } from '../tee/kem.ts'
import { createWorkerKeys, type WorkerKeys } from '../tee/keyset.ts'
import { joinSession, type SessionKeys } from '../tee/session-keys.ts'
import type { AnnouncedModel } from './lending.ts'

/** One admission: the keys its leases are made for, and the gateway's time. */
export interface WorkerSession {
  readonly keys: WorkerKeys
  readonly sessionKeys: SessionKeys
  /** Unix milliseconds by the broker's signed clock: the machine's own belongs to its owner. */
  readonly now: () => number
  /** Unix seconds. */
  readonly expiresAt: number
}

export interface Enrolment {
  /** Answers a challenge. Throws `challenge.sig`, `claims.aud` for a challenge that is not the pinned broker's. */
  answer(challenge: FrameOf<'challenge'>): Promise<FrameOf<'evidence'>>
  /** The session of the last answer, or the code of a refusal. Throws `challenge.sig` for a verdict that is not the pinned broker's. */
  accept(verdict: FrameOf<'verdict'>): Promise<WorkerSession | ErrorCode>
}

const KEYS_S = 86_000
/** Keys with less left than this are made anew: a session lives an hour. */
const MIN_LEFT_S = 7200

/** Simulated evidence only (devnet): a source of hardware evidence fills `quote` and `gpu` later. */
export function createEnrolment(deps: {
  net: Net
  broker: PinnedBroker
  models: readonly AnnouncedModel[]
  clock: Clock
}): Enrolment {
  const { net, broker, models, clock } = deps
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
      const claims: Claims = {
        v: 1,
        ctx: 'chrysalis/claims/1',
        net,
        aud: challenge.aud,
        nonce: challenge.nonce,
        epoch: challenge.epoch,
        keyset: mine.digest,
        models: models.map(({ id, weights }) => ({ id, weights })),
        payout: '',
        gpus: [],
        image: '',
        notAfter: mine.keyset.not_after,
      }
      const sig = toBase64url(mine.signer.sign(admitBytes(claims)))
      return { type: 'evidence', claims, keyset: mine.keyset, quote: '', gpu: [], sig }
    },
    accept: async (verdict) => {
      broker.check(verdict)
      if (!verdict.ok) return verdict.code ?? 'admission.evidence'
      const enc = fromBase64url(verdict.enc ?? '', KEM_ENC_BYTES)
      const { evidenceId, expiresAt } = verdict
      if (!asked || !enc || evidenceId === undefined || expiresAt === undefined)
        throw new AppError('admission.frame')
      const { challenge, keys: mine, now } = asked
      asked = undefined
      const { aud, epoch, nonce } = challenge
      const context = { net, aud, kid: mine.kid, epoch, evidenceId, nonce }
      const sessionKeys = await joinSession(mine.kem, enc, context)
      return { keys: mine, sessionKeys, now, expiresAt }
    },
  }
}
