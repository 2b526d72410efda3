import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { AEAD_AES_256_GCM, CipherSuite, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke'
import { expect, test } from 'vitest'
import { aeadOpen, aeadSeal } from '../../../../src/tee/crypto/aead.ts'
import { encapsulate, newKemKeyPair, nodeHkdf } from '../../../../src/tee/crypto/kem.ts'
import { checkSignaturesByNode } from '../../../../src/tee/crypto/node-crypto.ts'
import { verifySignature } from '../../../../src/tee/crypto/signature.ts'
import type { SignatureAlgorithm } from '../../../../src/tee/verify/examination.ts'
import { codeThrown } from '../../../support/tee.ts'

/** Picked by hand from the public suite, negative ones included; see `origin` in the file. */
const suite = JSON.parse(
  readFileSync(new URL('../../../support/vectors/wycheproof.json', import.meta.url), 'utf8'),
) as Suite

interface Suite {
  readonly aesGcm: readonly Readonly<
    Record<'key' | 'iv' | 'aad' | 'msg' | 'ct' | 'tag', string> & { id: number; ok: boolean }
  >[]
  readonly x25519: readonly Readonly<{
    id: number
    public: string
    private: string
    shared?: string
    lowOrder?: boolean
  }>[]
  readonly ed25519: {
    readonly key: string
    readonly tests: readonly Readonly<{ id: number; msg: string; sig: string; ok: boolean }>[]
  }
  readonly p256: Ecdsa
  readonly p384: Ecdsa
}
interface Ecdsa {
  readonly spki: string
  readonly msg: string
  readonly tests: readonly Readonly<{ id: number; sig: string; ok: boolean }>[]
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const spki = hex('302a300506032b656e032100')
const pkcs8 = hex('302e020100300506032b656e04220420')

test('the set is the one that was picked: 60 cases, 45 of them to be refused', () => {
  const { aesGcm, x25519, ed25519, p256, p384 } = suite
  const verdicts = [
    ...aesGcm.map(({ ok }) => ok),
    ...x25519.map(({ lowOrder }) => lowOrder !== true),
    ...[ed25519, p256, p384].flatMap(({ tests }) => tests.map(({ ok }) => ok)),
  ]

  expect(verdicts.length).toBe(60)
  expect(verdicts.filter((ok) => !ok).length).toBe(45)
})

test.each(suite.aesGcm)('AES-256-GCM case $id', ({ key, iv, aad, msg, ct, tag, ok }) => {
  const input = { key: hex(key), iv: hex(iv), aad: hex(aad) }
  const sealed = Buffer.concat([hex(ct), hex(tag)])

  const opened = aeadOpen(input, sealed)

  expect(opened && Buffer.from(opened).toString('hex')).toBe(ok ? msg : undefined)
  expect(Buffer.from(aeadSeal(input, hex(msg))).equals(sealed)).toBe(ok)
  // A tag cut to four bytes, which the runtime would take if it were let.
  expect(aeadOpen(input, sealed.subarray(0, sealed.length - 12))).toBeUndefined()
})

const agreed = ({ public: peer, private: mine }: Suite['x25519'][number]): string => {
  const publicKey = createPublicKey({
    key: Buffer.concat([spki, hex(peer)]),
    format: 'der',
    type: 'spki',
  })
  const privateKey = createPrivateKey({
    key: Buffer.concat([pkcs8, hex(mine)]),
    format: 'der',
    type: 'pkcs8',
  })
  return diffieHellman({ privateKey, publicKey }).toString('hex')
}

test.each(suite.x25519.filter(({ lowOrder }) => !lowOrder))('X25519 case $id', (it) => {
  expect(agreed(it)).toBe(it.shared)
})

test.each(suite.x25519.filter(({ lowOrder }) => lowOrder))(
  'X25519 case $id, a point of low order, is refused, also inside an X-Wing key',
  async (it) => {
    const { publicBytes } = await newKemKeyPair()
    const bad = Uint8Array.from(publicBytes)
    bad.set(hex(it.public), 1184)
    const hpke = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, nodeHkdf, AEAD_AES_256_GCM)

    expect(() => agreed(it)).toThrow('failed during derivation')
    expect(await codeThrown(() => encapsulate(bad, hex('')))).toBe('claims.kem-key')
    await expect(
      hpke.DeserializePublicKey(hex(it.public)).then((key) => hpke.SetupSender(key)),
    ).rejects.toThrow('Encap')
  },
)

test.each(suite.ed25519.tests)('Ed25519 case $id', async ({ msg, sig, ok }) => {
  const key = hex(suite.ed25519.key)
  const der = Buffer.concat([hex('302a300506032b6570032100'), key])

  expect(verifySignature(key, hex(msg), hex(sig))).toBe(ok)
  expect(await checked('ed25519', der, [hex(msg), hex(sig)])).toBe(ok)
})

test.each(suite.p256.tests)('ECDSA P-256 case $id', async ({ sig, ok }) => {
  const { spki: key, msg } = suite.p256

  expect(await checked('p256-sha256', hex(key), [hex(msg), hex(sig)])).toBe(ok)
})

test.each(suite.p384.tests)('ECDSA P-384 case $id', async ({ sig, ok }) => {
  const { spki: key, msg } = suite.p384

  expect(await checked('p384-sha384', hex(key), [hex(msg), hex(sig)])).toBe(ok)
})

async function checked(
  alg: SignatureAlgorithm,
  key: Uint8Array,
  [message, signature]: [Uint8Array, Uint8Array],
): Promise<boolean | undefined> {
  const [holds] = await checkSignaturesByNode([
    { alg, spki: key, message, signature, code: 'TDX_SIG' },
  ])
  return holds
}
