/** @module One HPKE encapsulation a session, one exported wrap key and result secret a lease (CONF §6). */
import { AppError } from '../../core/app-error.ts'
import { canonicalBytes } from '../../core/canonical.ts'
import type { Net } from '../../core/config.ts'
import type { JobId, Kid, LeaseId } from '../../core/ids.ts'
import { aeadOpen, aeadSeal, IV_BYTES, KEY_BYTES, wipe } from '../crypto/aead.ts'
import { domain, fromHex } from '../crypto/binary.ts'
import { decapsulate, type Exporter, encapsulate, type KemKeyPair } from '../crypto/kem.ts'

/** What a session's keys are bound to. `nonce`: the challenge's, base64url. */
export interface SessionContext {
  readonly net: Net
  /** Kid of the broker. */
  readonly aud: Kid
  readonly kid: Kid
  /** Policy epoch. */
  readonly epoch: number
  readonly evidenceId: string
  readonly nonce: string
}

/** What one lease's keys are bound to, beside its session. */
export interface LeaseContext {
  readonly job: JobId
  readonly attempt: number
  readonly lease: LeaseId
}

/** One end of a session; in memory only, gone with it. */
export interface SessionKeys {
  readonly context: SessionContext
  readonly exporter: Exporter
}

export interface WrappedCek {
  /** 48 bytes. */
  readonly wrap: Uint8Array
  /** 32 bytes: seals the answer of this attempt; stored wrapped by the KEK, then wiped. */
  readonly resultSecret: Uint8Array
}

/** Gateway side. `enc` (1120 bytes) goes to the worker in the signed verdict. Throws `claims.kem-key`. */
export async function startSession(
  kemPublicKey: Uint8Array,
  context: SessionContext,
): Promise<{ enc: Uint8Array; keys: SessionKeys }> {
  const { enc, exporter } = await encapsulate(kemPublicKey, infoOf(context))
  return { enc, keys: { context, exporter } }
}

/** Worker side. Throws `env.open` for a malformed `enc`. */
export async function joinSession(
  kem: KemKeyPair,
  enc: Uint8Array,
  context: SessionContext,
): Promise<SessionKeys> {
  return { context, exporter: await decapsulate(kem, enc, infoOf(context)) }
}

/**
 * Wraps `cek` for this lease alone; `envHash` is H(AAD) of the job's envelope, hex. The nonce is zero because the wrap key
 * seals exactly one message: calling this twice for one lease gives the same bytes for the same `cek`, and must never be
 * done with another. Does not wipe `cek`.
 */
export async function wrapCek(
  keys: SessionKeys,
  lease: LeaseContext,
  { cek, envHash }: { cek: Uint8Array; envHash: string },
): Promise<WrappedCek> {
  const { wrapKey, resultSecret } = await leaseKeys(keys, lease)
  const wrap = aeadSeal(
    { key: wrapKey, iv: new Uint8Array(IV_BYTES), aad: hashBytes(envHash) },
    cek,
  )
  wipe(wrapKey)
  return { wrap, resultSecret }
}

/** Worker side. Throws `env.open` when job, attempt, lease, worker, broker, net, epoch or envelope are not those of the wrap. */
export async function unwrapCek(
  keys: SessionKeys,
  lease: LeaseContext,
  { wrap, envHash }: { wrap: Uint8Array; envHash: string },
): Promise<{ cek: Uint8Array; resultSecret: Uint8Array }> {
  const { wrapKey, resultSecret } = await leaseKeys(keys, lease)
  const iv = new Uint8Array(IV_BYTES)
  const cek = aeadOpen({ key: wrapKey, iv, aad: hashBytes(envHash) }, wrap)
  wipe(wrapKey)
  if (!cek || cek.length !== KEY_BYTES) {
    wipe(resultSecret)
    throw new AppError('env.open')
  }
  return { cek, resultSecret }
}

async function leaseKeys(
  { context, exporter }: SessionKeys,
  { job, attempt, lease }: LeaseContext,
): Promise<{ wrapKey: Uint8Array; resultSecret: Uint8Array }> {
  const { net, aud, kid, epoch } = context
  const bound = canonicalBytes({ net, aud, job, attempt, lease, kid, epoch })
  return {
    wrapKey: await exporter(domain('chrysalis/cek/1', bound), KEY_BYTES),
    resultSecret: await exporter(domain('chrysalis/result/1', bound), KEY_BYTES),
  }
}

const infoOf = ({ net, aud, kid, epoch, evidenceId, nonce }: SessionContext): Uint8Array =>
  domain('chrysalis/session/1', canonicalBytes({ net, aud, kid, epoch, evidenceId, nonce }))

function hashBytes(envHash: string): Uint8Array {
  const bytes = fromHex(envHash, KEY_BYTES)
  if (!bytes) throw new AppError('env.shape')
  return bytes
}
