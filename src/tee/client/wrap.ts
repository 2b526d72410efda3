/** @module A job's key sealed by its asker to one receiver of its own choice; what the gateway carries and cannot open (CONF §6, profile C). */
import { AppError } from '../../core/app-error.ts'
import { canonicalBytes } from '../../core/canonical.ts'
import type { Net } from '../../core/config.ts'
import type { EnvelopeWrap } from '../../core/frames.ts'
import type { JobId, Kid } from '../../core/ids.ts'
import { KEY_BYTES } from '../crypto/aead.ts'
import { domain, fromBase64url, fromHex, toBase64url } from '../crypto/binary.ts'
import { type Exporter, KEM_ENC_BYTES, type KemKeyPair, openFrom, sealTo } from '../crypto/kem.ts'

/** What a wrap is bound to, beside the job's envelope. */
export interface WrapPlace {
  readonly net: Net
  readonly job: JobId
  /** Whose key it is sealed to: a worker, or a broker's epoch key. */
  readonly kid: Kid
  /** Policy epoch of the evidence that the asker verified. */
  readonly epoch: number
}

/** `worker`: opened in the worker alone. `broker`: opened in the attested gateway, which then lends the job as its own. */
export type WrapFor = 'worker' | 'broker'

/** Gives the secret that seals the answer of one attempt, 32 bytes; the receiver of the wrap has the same. */
export type ResultSecretOf = (attempt: number) => Promise<Uint8Array>

const labels = { worker: 'chrysalis/cek-client/1', broker: 'chrysalis/cek-broker/1' } as const

/** Seals `cek` (which stays the caller's) to a raw X-Wing key. `envHash`: H(AAD) of the envelope, hex. Throws `claims.kem-key`. */
export async function wrapTo(
  receiver: { readonly to: WrapFor; readonly publicKey: Uint8Array; readonly place: WrapPlace },
  { cek, envHash }: { cek: Uint8Array; envHash: string },
): Promise<{ wrap: EnvelopeWrap; resultSecretOf: ResultSecretOf }> {
  const { to, publicKey, place } = receiver
  const info = infoOf(to, place)
  const sent = await sealTo(publicKey, { info, aad: hashBytes(envHash), plain: cek })
  return {
    wrap: { kid: place.kid, enc: toBase64url(sent.enc), ct: toBase64url(sent.sealed) },
    resultSecretOf: (attempt) => resultSecret(sent.exporter, place, attempt),
  }
}

/** Opens a wrap with the receiver's key. Throws `env.open` when key, net, job, kid, epoch, envelope or any byte is another. */
export async function openWrap(
  receiver: { readonly to: WrapFor; readonly kem: KemKeyPair; readonly place: WrapPlace },
  { wrap, envHash }: { wrap: EnvelopeWrap; envHash: string },
): Promise<{ cek: Uint8Array; resultSecretOf: ResultSecretOf }> {
  const { to, kem, place } = receiver
  const enc = fromBase64url(wrap.enc, KEM_ENC_BYTES)
  const sealed = fromBase64url(wrap.ct)
  if (wrap.kid !== place.kid || !enc || !sealed) throw new AppError('env.open')
  const info = infoOf(to, place)
  const got = await openFrom(kem, { enc, info, aad: hashBytes(envHash), sealed })
  if (got.plain.length !== KEY_BYTES) throw new AppError('env.open')
  return {
    cek: got.plain,
    resultSecretOf: (attempt) => resultSecret(got.exporter, place, attempt),
  }
}

const infoOf = (to: WrapFor, { net, job, kid, epoch }: WrapPlace): Uint8Array =>
  domain(labels[to], canonicalBytes({ net, job, kid, epoch }))

const resultSecret = (
  exporter: Exporter,
  { net, job, kid, epoch }: WrapPlace,
  attempt: number,
): Promise<Uint8Array> =>
  exporter(
    domain('chrysalis/result-client/1', canonicalBytes({ net, job, attempt, kid, epoch })),
    KEY_BYTES,
  )

function hashBytes(envHash: string): Uint8Array {
  const bytes = fromHex(envHash, KEY_BYTES)
  if (!bytes) throw new AppError('env.shape')
  return bytes
}
