/** @module The sealed job as it stands on the queue: AES-256-GCM of the input record under a key that commits to itself (CONF §5). */
import { randomBytes } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import { canonicalBytes } from '../../core/canonical.ts'
import type { Net } from '../../core/config.ts'
import { type Envelope, type EnvelopeBlob, envelopeSchema } from '../../core/frames.ts'
import type { JobId, Kid, ModelId } from '../../core/ids.ts'
import { Plaintext } from '../../core/plaintext.ts'
import type { Tier } from '../../core/tier.ts'
import { aeadOpen, aeadSeal, equalBytes, hkdf, IV_BYTES, KEY_BYTES, wipe } from '../crypto/aead.ts'
import {
  concat,
  domain,
  fromBase64url,
  sha256,
  sha256Hex,
  toBase64url,
  utf8,
} from '../crypto/binary.ts'
import { padRecord, recordHash, recordSize, SALT_BYTES, unpadRecord } from './record.ts'

/** What may be visible on the queue. Times are unix seconds, `exp` ≤ `iat` + 24 h. */
export interface EnvelopeFields {
  readonly net: Net
  readonly job: JobId
  readonly task: string
  readonly model: ModelId
  readonly tier: Tier
  readonly iat: number
  readonly exp: number
  readonly maxAttempts: number
  /** Kid of the broker that holds the key. */
  readonly kb: Kid
}

/** The sound of a job: what the envelope shows of it, and the true length, which stands inside the record. */
export interface AttachedBlob {
  readonly blob: EnvelopeBlob
  readonly length: number
}

export interface SealedEnvelope {
  readonly envelope: Envelope
  /** H(AAD), hex: what the release log, the lease and the receipt cite. */
  readonly envHash: string
  /** H(input record), hex. */
  readonly inputHash: string
  /** Of the input record, 32 bytes. */
  readonly salt: Uint8Array
}

export interface OpenedEnvelope {
  readonly content: Plaintext
  readonly inputHash: string
  readonly envHash: string
  /** Salt of the input record, 32 bytes. */
  readonly salt: Uint8Array
  /** Bytes of the sound without padding; present with `envelope.blob`. */
  readonly blobLength?: number
}

const MAX_LIFE_S = 86_400
const LENGTH_BYTES = 8
const NO_SALT = new Uint8Array(0)

/** 32 random bytes: the content key of one job. The caller wipes it. */
export const newCek = (): Uint8Array => randomBytes(KEY_BYTES)

/**
 * Seals `content` under `cek`, which stays the caller's. With `attached` the record's content begins with
 * u64be length of the sound. Does not wipe `content`. Throws `env.size` (record above 1 MiB), `env.shape` (times).
 */
export function sealEnvelope(
  fields: EnvelopeFields,
  secret: { cek: Uint8Array; content: Plaintext; attached?: AttachedBlob },
): SealedEnvelope {
  if (fields.exp <= fields.iat || fields.exp > fields.iat + MAX_LIFE_S)
    throw new AppError('env.shape')
  const { cek, content, attached } = secret
  const body = attached ? concat(u64be(attached.length), content.reveal()) : content.reveal()
  const salt = randomBytes(SALT_BYTES)
  const record = padRecord(body, salt)
  const head = {
    v: 1,
    suite: 'aes-256-gcm/hkdf-sha256',
    ...fields,
    bucket: recordSize(body.length),
    kc: toBase64url(commitment(cek)),
    ...(attached && { blob: attached.blob }),
  } as const
  const aad = canonicalBytes(head)
  const iv = randomBytes(IV_BYTES)
  const key = bodyKey(cek, aad, fields.job)
  const ct = aeadSeal({ key, iv, aad }, record)
  const inputHash = recordHash(record)
  wipe(key, record)
  if (attached) wipe(body)
  return {
    envelope: { ...head, iv: toBase64url(iv), ct: toBase64url(ct) },
    envHash: sha256Hex(aad),
    inputHash,
    salt,
  }
}

/** H(AAD), hex: AAD = canonical JSON of all members but `iv`, `ct` and `wraps`. Throws `env.shape`. */
export const envelopeHash = (envelope: Envelope): string => sha256Hex(associatedData(envelope))

/**
 * Opens an envelope with its content key; the caller checks beforehand that it is the lease's job.
 * Throws `env.net`, `env.expired`, `env.commit` (another key), `env.open` (anything changed; one code, so that there is
 * no oracle), `env.shape`, `env.padding`.
 */
export function openEnvelope(
  envelope: Envelope,
  { cek, net, nowSeconds }: { cek: Uint8Array; net: Net; nowSeconds: number },
): OpenedEnvelope {
  if (envelope.net !== net) throw new AppError('env.net')
  if (!(nowSeconds < envelope.exp)) throw new AppError('env.expired')
  const expected = fromBase64url(envelope.kc, KEY_BYTES)
  const iv = fromBase64url(envelope.iv, IV_BYTES)
  const ct = fromBase64url(envelope.ct)
  if (!expected || !iv || !ct) throw new AppError('env.shape')
  if (!equalBytes(commitment(cek), expected)) throw new AppError('env.commit')
  const aad = associatedData(envelope)
  const key = bodyKey(cek, aad, envelope.job)
  const record = aeadOpen({ key, iv, aad }, ct)
  wipe(key)
  if (!record) throw new AppError('env.open')
  if (record.length !== envelope.bucket) throw new AppError('env.shape')
  const { salt, content } = unpadRecord(record)
  const opened = { inputHash: recordHash(record), envHash: sha256Hex(aad), salt: copy(salt) }
  if (!envelope.blob) return { ...opened, content: takeContent(record, content) }
  if (content.length < LENGTH_BYTES) throw new AppError('env.shape')
  const blobLength = Number(Buffer.from(content.subarray(0, LENGTH_BYTES)).readBigUInt64BE())
  return { ...opened, content: takeContent(record, content.subarray(LENGTH_BYTES)), blobLength }
}

/** Parses what the queue gave back; throws `env.shape`. */
export function parseEnvelope(value: unknown): Envelope {
  const parsed = envelopeSchema.safeParse(value)
  if (!parsed.success) throw new AppError('env.shape')
  return parsed.data
}

/** The content as bytes of its own, so that wiping it does not depend on the record's buffer. */
function takeContent(record: Uint8Array, content: Uint8Array): Plaintext {
  const own = Plaintext.of(copy(content))
  wipe(record)
  return own
}

const copy = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes)

/** Throws `env.shape` for what has no canonical form (−0), which the queue could hand us. */
function associatedData(envelope: Envelope): Uint8Array {
  const { iv: _iv, ct: _ct, wraps: _wraps, ...head } = envelope
  try {
    return canonicalBytes(head)
  } catch {
    throw new AppError('env.shape')
  }
}

/** AES-GCM does not commit to its key: without this one ciphertext could open to two texts under two keys. */
const commitment = (cek: Uint8Array): Uint8Array =>
  hkdf({ key: cek, salt: NO_SALT, info: domain('chrysalis/commit/1'), length: KEY_BYTES })

const bodyKey = (cek: Uint8Array, aad: Uint8Array, job: JobId): Uint8Array =>
  hkdf({
    key: cek,
    salt: sha256(aad),
    info: domain('chrysalis/body/1', utf8(job)),
    length: KEY_BYTES,
  })

function u64be(value: number): Uint8Array {
  const bytes = Buffer.alloc(LENGTH_BYTES)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
