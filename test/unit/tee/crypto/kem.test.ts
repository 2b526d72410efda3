import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  decapsulate as mlKemDecapsulate,
  randomBytes,
} from 'node:crypto'
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_MLKEM768_X25519 } from 'hpke'
import { describe, expect, it } from 'vitest'
import { decapsulate, encapsulate, newKemKeyPair } from '../../../../src/tee/crypto/kem.ts'

/**
 * X-Wing (draft-connolly-cfrg-xwing-kem) and the base-mode key schedule of RFC 9180, written a second time over
 * node:crypto: what `hpke` gives must be what any other implementation gives.
 */
const SUITE = Buffer.concat([Buffer.from('HPKE'), Buffer.from('647a00010002', 'hex')])
const VERSION = Buffer.from('HPKE-v1')
const hmac = (key: Uint8Array, data: Uint8Array): Buffer =>
  createHmac('sha256', key).update(data).digest()

const extract = (salt: Uint8Array, label: string, ikm: Uint8Array): Buffer =>
  hmac(
    salt.length > 0 ? salt : Buffer.alloc(32),
    Buffer.concat([VERSION, SUITE, Buffer.from(label), ikm]),
  )

function expand(
  prk: Uint8Array,
  input: { label: string; info: Uint8Array; length: number },
): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(input.length)
  const info = Buffer.concat([length, VERSION, SUITE, Buffer.from(input.label), input.info])
  // One block of SHA-256 is all that is needed.
  return hmac(prk, Buffer.concat([info, Buffer.of(1)])).subarray(0, input.length)
}

function exporterOf(sharedSecret: Uint8Array, info: Uint8Array) {
  const none = Buffer.alloc(0)
  const schedule = Buffer.concat([
    Buffer.of(0),
    extract(none, 'psk_id_hash', none),
    extract(none, 'info_hash', info),
  ])
  const secret = extract(sharedSecret, 'secret', none)
  const exporter = expand(secret, { label: 'exp', info: schedule, length: 32 })
  return (context: Uint8Array, length: number) =>
    expand(exporter, { label: 'sec', info: context, length })
}

/** The shared secret of an X-Wing encapsulation for the 32-byte private seed. */
function xWing(seed: Uint8Array, enc: Uint8Array): Buffer {
  const expanded = createHash('shake256', { outputLength: 96 }).update(seed).digest()
  const mlKem = createPrivateKey({
    // PKCS #8 of ML-KEM-768 with the 64-byte seed (RFC 9935).
    key: Buffer.concat([
      Buffer.from('3054020100300b060960864801650304040204428040', 'hex'),
      expanded.subarray(0, 64),
    ]),
    format: 'der',
    type: 'pkcs8',
  })
  const x25519 = createPrivateKey({
    key: Buffer.concat([
      Buffer.from('302e020100300506032b656e04220420', 'hex'),
      expanded.subarray(64),
    ]),
    format: 'der',
    type: 'pkcs8',
  })
  const spki = Buffer.from('302a300506032b656e032100', 'hex')
  const [ctM, ctX] = [enc.subarray(0, 1088), enc.subarray(1088)]
  const sent = createPublicKey({ key: Buffer.concat([spki, ctX]), format: 'der', type: 'spki' })
  const own = createPublicKey(x25519).export({ format: 'der', type: 'spki' }).subarray(spki.length)
  return createHash('sha3-256')
    .update(mlKemDecapsulate(mlKem, ctM))
    .update(diffieHellman({ privateKey: x25519, publicKey: sent }))
    .update(ctX)
    .update(own)
    .update(Buffer.from('5c2e2f2f5e5c', 'hex'))
    .digest()
}

describe('the session’s key encapsulation', () => {
  it('gives the secrets that RFC 9180 and X-Wing say, computed without the package', async () => {
    const suite = new CipherSuite(KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM)
    const pair = await suite.GenerateKeyPair(true)
    const publicBytes = await suite.SerializePublicKey(pair.publicKey)
    const seed = await suite.SerializePrivateKey(pair.privateKey)
    const info = randomBytes(100)
    const context = randomBytes(200)

    const { enc, exporter } = await encapsulate(publicBytes, info)

    const ours = Buffer.from(await exporter(context, 32))
    expect(ours.equals(exporterOf(xWing(seed, enc), info)(context, 32))).toBe(true)
    expect(suite.KEM.id).toBe(0x647a)
  })

  it('gives both ends the same secrets, and others for any other context or info', async () => {
    const keys = await newKemKeyPair()
    const info = randomBytes(10)
    const { enc, exporter } = await encapsulate(keys.publicBytes, info)
    const same = await decapsulate(keys, enc, info)
    const other = await decapsulate(keys, enc, randomBytes(10))
    const hex = async (from: typeof exporter, context: string) =>
      Buffer.from(await from(Buffer.from(context), 32)).toString('hex')

    expect(await hex(same, 'a')).toBe(await hex(exporter, 'a'))
    expect(await hex(same, 'b')).not.toBe(await hex(exporter, 'a'))
    expect(await hex(other, 'a')).not.toBe(await hex(exporter, 'a'))
  })
})
