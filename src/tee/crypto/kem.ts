/** @module The one HPKE suite: X-Wing 0x647a, HKDF-SHA256, AES-256-GCM, by the package `hpke`; never negotiated down (CONF §16). */
import { createHmac } from 'node:crypto'
import {
  AEAD_AES_256_GCM,
  CipherSuite,
  type KDF,
  KDF_HKDF_SHA256,
  KEM_MLKEM768_X25519,
  type KeyPair,
} from 'hpke'
import { AppError } from '../../core/app-error.ts'
import { keyOf } from './aead.ts'

export const KEM_ALGO = 'hpke-0x647a-0x0001-0x0002'
export const KEM_PUBLIC_BYTES = 1216
export const KEM_ENC_BYTES = 1120

export interface KemKeyPair {
  readonly pair: KeyPair
  readonly publicBytes: Uint8Array
}

/** What both ends of an encapsulation keep: derives as many secrets as needed (RFC 9180 §5.3). */
export type Exporter = (context: Uint8Array, length: number) => Promise<Uint8Array>

const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array => {
  const mac = createHmac('sha256', keyOf(key))
  for (const part of parts) mac.update(part)
  return mac.digest()
}

/**
 * HKDF-SHA256 (RFC 5869) on HMAC of node:crypto. The package's own goes through WebCrypto: four imported keys and four
 * hops to another thread for every lease, which is most of what wrapping a key costs (measured).
 */
export const nodeHkdf = (): KDF => ({
  ...KDF_HKDF_SHA256(),
  Extract: async (salt, ikm) => hmac(salt, ikm),
  Expand: async (prk, info, length) => {
    const blocks: Uint8Array[] = []
    for (let at = 0; at * 32 < length; at++)
      blocks.push(hmac(prk, blocks.at(-1) ?? new Uint8Array(0), info, Uint8Array.of(at + 1)))
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, length))
  },
})

const suite = () => new CipherSuite(KEM_MLKEM768_X25519, nodeHkdf, AEAD_AES_256_GCM)

/** A fresh pair whose private half cannot be exported from the runtime. */
export async function newKemKeyPair(): Promise<KemKeyPair> {
  const hpke = suite()
  const pair = await hpke.GenerateKeyPair(false)
  return { pair, publicBytes: await hpke.SerializePublicKey(pair.publicKey) }
}

/**
 * SetupBaseS to a raw public key. Throws `claims.kem-key` for a key of another length, one that is not a valid ML-KEM key,
 * or a low-order X25519 point (the runtime refuses it while deriving).
 */
export async function encapsulate(
  publicBytes: Uint8Array,
  info: Uint8Array,
): Promise<{ enc: Uint8Array; exporter: Exporter }> {
  if (publicBytes.length !== KEM_PUBLIC_BYTES) throw new AppError('claims.kem-key')
  try {
    const hpke = suite()
    const key = await hpke.DeserializePublicKey(publicBytes)
    const { encapsulatedSecret, ctx } = await hpke.SetupSender(key, { info })
    return {
      enc: encapsulatedSecret,
      exporter: (context, length) => ctx.Export(context, length),
    }
  } catch (cause) {
    throw new AppError('claims.kem-key', {}, { cause })
  }
}

/**
 * Base-mode Seal of one message to a raw public key, with an exporter beside it: what a client sends to a worker that it
 * chose. `sealed` = ciphertext ‖ tag. Throws `claims.kem-key` as `encapsulate` does.
 */
export async function sealTo(
  publicBytes: Uint8Array,
  { info, aad, plain }: { info: Uint8Array; aad: Uint8Array; plain: Uint8Array },
): Promise<{ enc: Uint8Array; sealed: Uint8Array; exporter: Exporter }> {
  if (publicBytes.length !== KEM_PUBLIC_BYTES) throw new AppError('claims.kem-key')
  try {
    const hpke = suite()
    const key = await hpke.DeserializePublicKey(publicBytes)
    const { encapsulatedSecret, ctx } = await hpke.SetupSender(key, { info })
    const sealed = await ctx.Seal(plain, aad)
    return {
      enc: encapsulatedSecret,
      sealed,
      exporter: (context, length) => ctx.Export(context, length),
    }
  } catch (cause) {
    throw new AppError('claims.kem-key', {}, { cause })
  }
}

/** The other end of `sealTo`. Throws `env.open` for anything changed or meant for another key, info or associated data. */
export async function openFrom(
  keys: KemKeyPair,
  message: { enc: Uint8Array; info: Uint8Array; aad: Uint8Array; sealed: Uint8Array },
): Promise<{ plain: Uint8Array; exporter: Exporter }> {
  const { enc, info, aad, sealed } = message
  if (enc.length !== KEM_ENC_BYTES) throw new AppError('env.open')
  try {
    const context = await suite().SetupRecipient(keys.pair, enc, { info })
    const plain = await context.Open(sealed, aad)
    return { plain, exporter: (exporterContext, length) => context.Export(exporterContext, length) }
  } catch (cause) {
    throw new AppError('env.open', {}, { cause })
  }
}

/** SetupBaseR. Throws `env.open` for a malformed encapsulation; a wrong one gives an exporter whose secrets fit nothing. */
export async function decapsulate(
  keys: KemKeyPair,
  enc: Uint8Array,
  info: Uint8Array,
): Promise<Exporter> {
  if (enc.length !== KEM_ENC_BYTES) throw new AppError('env.open')
  try {
    const context = await suite().SetupRecipient(keys.pair, enc, { info })
    return (exporterContext, length) => context.Export(exporterContext, length)
  } catch (cause) {
    throw new AppError('env.open', {}, { cause })
  }
}
