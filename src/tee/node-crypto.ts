/** @module Hashes and signature checks of the web-safe verifier, by `node:crypto`. */
import { constants, createPublicKey, hash, type KeyObject, verify } from 'node:crypto'
import type { CheckSignatures, Hashes, SignatureCheck } from './verify/examination.ts'

export const nodeHashes: Hashes = {
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  sha384: (bytes) => hash('sha384', bytes, 'buffer'),
  sha512: (bytes) => hash('sha512', bytes, 'buffer'),
}

/** Runs in the caller's thread: about 0.1 to 0.6 ms each. Wrong keys and lengths are false, never a throw. */
export const checkSignaturesByNode: CheckSignatures = async (checks) => {
  const keys = new Map<string, KeyObject>()
  return checks.map((check) => {
    try {
      return holds(check, keyOf(check, keys))
    } catch {
      return false
    }
  })
}

/** The curve or kind that each algorithm demands of its key, as `node:crypto` names it. */
const kinds = {
  'p256-sha256': 'prime256v1',
  'p384-sha384': 'secp384r1',
  'rsa4096-pss-sha384': 'rsa',
  ed25519: 'ed25519',
} as const

/** Signatures of one certificate share its key: importing costs more than some checks. */
function keyOf({ spki }: SignatureCheck, keys: Map<string, KeyObject>): KeyObject {
  const name = Buffer.from(spki).toString('base64')
  const known = keys.get(name)
  if (known) return known
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  keys.set(name, key)
  return key
}

function holds({ alg, message, signature }: SignatureCheck, key: KeyObject): boolean {
  const kind = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType
  if (kind !== kinds[alg]) return false
  switch (alg) {
    case 'p256-sha256':
      return (
        signature.length === 64 &&
        verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
      )
    case 'p384-sha384':
      return (
        signature.length === 96 &&
        verify('sha384', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
      )
    case 'rsa4096-pss-sha384':
      return verify(
        'sha384',
        message,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 },
        signature,
      )
    case 'ed25519':
      return signature.length === 64 && verify(null, message, key, signature)
  }
}
