/** @module A worker's keys: made at boot, private halves in memory only, public halves as a keyset whose digest names the worker (CONF §2). */
import { randomBytes } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import { canonicalBytes } from '../../core/canonical.ts'
import type { Net } from '../../core/config.ts'
import type { Keyset } from '../../core/frames.ts'
import { isKid, type Kid, parseId } from '../../core/ids.ts'
import { fromHex, sha256Hex, toHex } from '../crypto/binary.ts'
import { KEM_ALGO, KEM_PUBLIC_BYTES, type KemKeyPair, newKemKeyPair } from '../crypto/kem.ts'
import { PUBLIC_KEY_BYTES, SEED_BYTES, type Signer, signerOf } from '../crypto/signature.ts'

const SIGNING_ALGO = 'ed25519'

export interface WorkerKeys {
  readonly keyset: Keyset
  /** `sha256:…` of the canonical keyset. */
  readonly digest: string
  readonly kid: Kid
  readonly kem: KemKeyPair
  readonly signer: Signer
  /** `key_id` of the receipt key. */
  readonly signingKeyId: string
}

/** `notAfter`: unix seconds, at most 24 h ahead. */
export async function createWorkerKeys(net: Net, notAfter: number): Promise<WorkerKeys> {
  const kem = await newKemKeyPair()
  const seed = randomBytes(SEED_BYTES)
  const signer = signerOf(seed)
  seed.fill(0)
  const keyset: Keyset = {
    e2ee_public_keys: [{ algo: KEM_ALGO, key_id: 'k1', public_key: toHex(kem.publicBytes) }],
    not_after: notAfter,
    receipt_signing_keys: [
      { algo: SIGNING_ALGO, key_id: 'r1', public_key: toHex(signer.publicKey) },
    ],
    subject: `chrysalis:${net}`,
    tls_public_keys: [],
  }
  return {
    keyset,
    digest: keysetDigest(keyset),
    kid: kidOf(keyset),
    kem,
    signer,
    signingKeyId: 'r1',
  }
}

/** `sha256:` + hex of SHA-256 of the canonical keyset, as ACI spells it. */
export const keysetDigest = (keyset: Keyset): string =>
  `sha256:${sha256Hex(canonicalBytes(keyset))}`

/** The first 32 hex characters of the keyset's digest. */
export const kidOf = (keyset: Keyset): Kid =>
  parseId(sha256Hex(canonicalBytes(keyset)).slice(0, 32), isKid)

export interface PublicKeys {
  /** X-Wing public key, 1216 bytes; whether it is usable only a trial encapsulation shows. */
  readonly kem: Uint8Array
  /** Ed25519 public key and its `key_id`. */
  readonly signing: Uint8Array
  readonly signingKeyId: string
}

/**
 * The keys of a keyset. Entries of unknown `algo` are ignored; exactly one of each known kind must be there.
 * Throws `claims.keyset` (shape, subject of another net), `claims.kem-key` (length).
 */
export function publicKeysOf(keyset: Keyset, net: Net): PublicKeys {
  if (keyset.subject !== `chrysalis:${net}`) throw new AppError('claims.keyset')
  const [kem, otherKem] = keyset.e2ee_public_keys.filter(({ algo }) => algo === KEM_ALGO)
  const [signing, otherSigning] = keyset.receipt_signing_keys.filter(
    ({ algo }) => algo === SIGNING_ALGO,
  )
  if (!kem || !signing || otherKem || otherSigning) throw new AppError('claims.keyset')
  const kemBytes = fromHex(kem.public_key, KEM_PUBLIC_BYTES)
  const signingBytes = fromHex(signing.public_key, PUBLIC_KEY_BYTES)
  if (!kemBytes) throw new AppError('claims.kem-key')
  if (!signingBytes) throw new AppError('claims.keyset')
  return { kem: kemBytes, signing: signingBytes, signingKeyId: signing.key_id }
}
