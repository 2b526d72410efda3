/** @module Hashes and signature checks of the web-safe verifier, by `node:crypto`. */
import {
  constants,
  createPublicKey,
  hash,
  type KeyObject,
  type VerifyKeyObjectInput,
  verify,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { CheckSignatures, Hashes, SignatureCheck } from '../verify/examination.ts'

export const nodeHashes: Hashes = {
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  sha384: (bytes) => hash('sha384', bytes, 'buffer'),
  sha512: (bytes) => hash('sha512', bytes, 'buffer'),
}

/** Runs on the platform's threads beside the caller's: 0.1 to 0.6 ms each. Wrong keys and lengths are false, never a throw. */
export const checkSignaturesByNode: CheckSignatures = (checks) => {
  const keys = new Map<string, KeyObject>()
  return Promise.all(
    checks.map(async (check) => {
      try {
        const key = keyOf(check, keys)
        return key !== undefined && (await holds(check, key))
      } catch {
        return false
      }
    }),
  )
}

/**
 * How the key of each algorithm begins in DER: kind, curve, size and the uncompressed form all stand there. Asking the
 * key object for them costs more than a check.
 */
const heads = {
  'p256-sha256': '3059301306072a8648ce3d020106082a8648ce3d03010703420004',
  'p384-sha384': '3076301006072a8648ce3d020106052b8104002203620004',
  'rsa4096-pss-sha384': '30820222300d06092a864886f70d01010105000382020f003082020a0282020100',
  ed25519: '302a300506032b6570032100',
} as const satisfies Readonly<Record<SignatureCheck['alg'], string>>

/** Signatures of one certificate share its key: importing costs more than some checks. */
function keyOf({ alg, spki }: SignatureCheck, keys: Map<string, KeyObject>): KeyObject | undefined {
  const name = Buffer.from(spki).toString('hex')
  if (!name.startsWith(heads[alg])) return undefined
  const known = keys.get(name)
  if (known) return known
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  keys.set(name, key)
  return key
}

async function holds(
  { alg, message, signature }: SignatureCheck,
  key: KeyObject,
): Promise<boolean> {
  switch (alg) {
    case 'p256-sha256':
      return signature.length === 64 && isRight('sha256', message, key, ecdsaDer(signature))
    case 'p384-sha384':
      return signature.length === 96 && isRight('sha384', message, key, ecdsaDer(signature))
    case 'rsa4096-pss-sha384':
      return isRight('sha384', message, { ...pss, key }, signature)
    case 'ed25519':
      return signature.length === 64 && isRight(null, message, key, signature)
  }
}

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 } as const

/** r‖s as DER: asking the platform for the raw form, or passing a key with options, costs as much as the check itself. */
function ecdsaDer(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2
  const [r, s] = [unsigned(raw.subarray(0, half)), unsigned(raw.subarray(half))]
  // Two integers of at most 49 bytes: every length is one byte.
  return Uint8Array.from([
    0x30,
    r.length + s.length + 4,
    0x02,
    r.length,
    ...r,
    0x02,
    s.length,
    ...s,
  ])
}

/** Content of an INTEGER that is not negative, in its shortest form. */
function unsigned(bytes: Uint8Array): Uint8Array {
  const from = bytes.findIndex((byte) => byte !== 0)
  const shortest = from < 0 ? new Uint8Array(1) : bytes.subarray(from)
  return (shortest[0] ?? 0) < 0x80 ? shortest : Uint8Array.of(0, ...shortest)
}

/** `verify` with a callback is what leaves the caller's thread. */
const isRight = promisify<
  string | null,
  Uint8Array,
  KeyObject | VerifyKeyObjectInput,
  Uint8Array,
  boolean
>(verify)
