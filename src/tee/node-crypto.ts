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
      const key = keyOf(check, keys)
      return key !== undefined && holds(check, key)
    } catch {
      return false
    }
  })
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

function holds({ alg, message, signature }: SignatureCheck, key: KeyObject): boolean {
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
