/** @module Elliptic-curve keys that follow from a seed and sign without chance: the same seed gives the same certificates, byte for byte, on every machine of a dev network. Not for production: nothing here resists side channels. */
import { createECDH, createHash, createHmac, hkdfSync } from 'node:crypto'
import { concat, toHex, utf8 } from '../../core/bytes.ts'
import { bits, integer, oid, sequence } from './der-writer.ts'

/** Whatever can sign a certificate: the DER of its AlgorithmIdentifier, and what goes into the BIT STRING. */
export interface DevSigner {
  readonly algorithm: Uint8Array
  readonly sign: (message: Uint8Array) => Uint8Array
}

export interface DevKey extends DevSigner {
  /** DER SubjectPublicKeyInfo, and x‖y alone. */
  readonly spki: Uint8Array
  readonly point: Uint8Array
  /** r‖s; `sign` gives the same as DER. */
  readonly signRaw: (message: Uint8Array) => Uint8Array
}

const CURVES = {
  p256: {
    name: 'prime256v1',
    hash: 'sha256',
    size: 32,
    oid: '1.2.840.10045.3.1.7',
    signature: '1.2.840.10045.4.3.2',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  p384: {
    name: 'secp384r1',
    hash: 'sha384',
    size: 48,
    oid: '1.3.132.0.34',
    signature: '1.2.840.10045.4.3.3',
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
} as const

/** The key that belongs to `label` under `seed`; `label` names one use. */
export function devKey(seed: Uint8Array, label: string, curve: keyof typeof CURVES): DevKey {
  const { name, hash, size, order, ...oids } = CURVES[curve]
  const info = utf8(`chrysalis/dev/${label}`)
  const d = scalar(new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(), info, size)), order)
  const point = multiplyBase(name, d, size)
  const signRaw = (message: Uint8Array): Uint8Array => {
    const digest = createHash(hash).update(message).digest()
    // Secret, and different for each message: what RFC 6979 is for, in its simplest form.
    const k = scalar(createHmac(hash, toBytes(d, size)).update(digest).digest(), order)
    const r = toNumber(multiplyBase(name, k, size).subarray(0, size)) % order
    const s = (inverse(k, order) * (toNumber(digest) + r * d)) % order
    return concat(toBytes(r, size), toBytes(s, size))
  }
  return {
    point,
    spki: sequence(
      sequence(oid('1.2.840.10045.2.1'), oid(oids.oid)),
      bits(concat(Uint8Array.of(4), point)),
    ),
    algorithm: sequence(oid(oids.signature)),
    signRaw,
    sign: (message) => {
      const raw = signRaw(message)
      return sequence(integer(raw.subarray(0, size)), integer(raw.subarray(size)))
    },
  }
}

/** x‖y of `k` times the base point, by the platform's curve. */
function multiplyBase(name: string, k: bigint, size: number): Uint8Array {
  const ecdh = createECDH(name)
  ecdh.setPrivateKey(toBytes(k, size))
  return new Uint8Array(ecdh.getPublicKey().subarray(1))
}

/** From 1 to order − 1. */
const scalar = (bytes: Uint8Array, order: bigint): bigint => (toNumber(bytes) % (order - 1n)) + 1n

const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`)

const toBytes = (value: bigint, size: number): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex'))

/** Extended Euclid. */
function inverse(value: bigint, order: bigint): bigint {
  let [rest, next] = [order, value]
  let [a, b] = [0n, 1n]
  while (next !== 0n) {
    const times = rest / next
    ;[rest, next] = [next, rest - times * next]
    ;[a, b] = [b, a - times * b]
  }
  return ((a % order) + order) % order
}
