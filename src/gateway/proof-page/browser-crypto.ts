/** @module Hashes and signature checks where there is no Node: @noble/hashes, since WebCrypto's are not synchronous, and WebCrypto. */
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import type { CheckSignatures, Hashes, SignatureCheck } from '../../tee/verify/examination.ts'

export const browserHashes: Hashes = { sha256, sha384, sha512 }

/**
 * By WebCrypto alone: Chrome 137, Firefox 129, Safari 17 or newer, which know Ed25519. The same verdicts as
 * `checkSignaturesByNode`; wrong keys and lengths are false, never a throw.
 */
export const checkSignaturesByWebCrypto: CheckSignatures = (checks) =>
  Promise.all(checks.map((check) => holds(check).catch(() => false)))

async function holds(check: SignatureCheck): Promise<boolean> {
  const { subtle } = globalThis.crypto
  const spki = Uint8Array.from(check.spki)
  const signature = Uint8Array.from(check.signature)
  const message = Uint8Array.from(check.message)
  switch (check.alg) {
    case 'p256-sha256':
    case 'p384-sha384': {
      const isShort = check.alg === 'p256-sha256'
      if (signature.length !== (isShort ? 64 : 96)) return false
      const namedCurve = isShort ? 'P-256' : 'P-384'
      const key = await subtle.importKey('spki', spki, { name: 'ECDSA', namedCurve }, false, [
        'verify',
      ])
      const hash = isShort ? 'SHA-256' : 'SHA-384'
      return subtle.verify({ name: 'ECDSA', hash }, key, signature, message)
    }
    case 'rsa4096-pss-sha384': {
      const algorithm = { name: 'RSA-PSS', hash: 'SHA-384' }
      const key = await subtle.importKey('spki', spki, algorithm, false, ['verify'])
      return subtle.verify({ name: 'RSA-PSS', saltLength: 48 }, key, signature, message)
    }
    case 'ed25519': {
      if (signature.length !== 64) return false
      const key = await subtle.importKey('spki', spki, { name: 'Ed25519' }, false, ['verify'])
      return subtle.verify({ name: 'Ed25519' }, key, signature, message)
    }
  }
}

/** Whether this browser can check everything: an old one lacks Ed25519. */
export async function canCheck(): Promise<boolean> {
  try {
    await globalThis.crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify'])
    return true
  } catch {
    return false
  }
}
