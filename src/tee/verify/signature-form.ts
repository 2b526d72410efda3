/** @module Algorithms and signatures as certificates and revocation lists write them (RFC 5280, RFC 5758, RFC 4055). */
import { concat, sameBytes, toHex } from '../../core/bytes.ts'
import { type Der, DerError, expect, readDer, sequence, TAG, unsignedInteger } from './der.ts'
import type { SignatureAlgorithm } from './examination.ts'

/** PSS with SHA-384, MGF1 with SHA-384, salt 48: as AMD writes it (default trailer spelled out) and as DER wants it. */
const PSS_384 =
  '06092a864886f70d01010a30{}a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130'

/** DER of AlgorithmIdentifier → algorithm. Whatever is not here is refused. */
const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['300a06082a8648ce3d040302', 'p256-sha256'],
  ['300a06082a8648ce3d040303', 'p384-sha384'],
  [`3046${PSS_384.replace('{}', '39')}a303020101`, 'rsa4096-pss-sha384'],
  [`3041${PSS_384.replace('{}', '34')}`, 'rsa4096-pss-sha384'],
])

const algorithmOf = (identifier: Der): SignatureAlgorithm | undefined =>
  ALGORITHMS.get(toHex(identifier.whole))

/** r‖s of an ECDSA signature, from its DER; other kinds stay as they are. Throws DerError. */
export function rawSignature(alg: SignatureAlgorithm, bytes: Uint8Array): Uint8Array {
  const size = { 'p256-sha256': 32, 'p384-sha384': 48, 'rsa4096-pss-sha384': 0, ed25519: 0 }[alg]
  if (size === 0) return bytes
  const [r, s, ...rest] = sequence(readDer(bytes))
  if (rest.length > 0) throw new DerError()
  return concat(unsignedInteger(r, size), unsignedInteger(s, size))
}

/**
 * How a certificate or list is signed. It says so twice, outside and inside of what is signed; undefined when the two
 * differ or nobody here knows it. Throws `DerError`.
 */
export function agreedAlgorithm(
  outer: Der,
  inner: Der | undefined,
): SignatureAlgorithm | undefined {
  const alg = algorithmOf(outer)
  return sameBytes(expect(inner, TAG.sequence).whole, outer.whole) ? alg : undefined
}
