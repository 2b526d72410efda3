import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Aes256Gcm, HkdfSha256, CipherSuite as OtherSuite } from '@hpke/core'
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519'
import { XWing } from '@hpke/hybridkem-x-wing'
import {
  AEAD_AES_128_GCM,
  AEAD_AES_256_GCM,
  AEAD_ChaCha20Poly1305,
  CipherSuite,
  KDF_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256,
  KEM_MLKEM768_X25519,
} from 'hpke'
import { describe, expect, it } from 'vitest'
import {
  decapsulate,
  encapsulate,
  newKemKeyPair,
  nodeHkdf,
  openFrom,
  sealTo,
} from '../../../../src/tee/crypto/kem.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const asHex = (bytes: ArrayBuffer | Uint8Array): string =>
  Buffer.from(bytes as Uint8Array).toString('hex')
/** Bytes of their own buffer, as the other library wants them. */
const own = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer
const read = (name: string) =>
  JSON.parse(
    readFileSync(new URL(`../../../support/vectors/${name}.json`, import.meta.url), 'utf8'),
  )

interface Rfc {
  readonly aead: 1 | 2
  readonly info: string
  readonly ikmR?: string
  readonly skRm: string
  readonly pkRm: string
  readonly enc: string
  readonly pt: string
  readonly encryptions: readonly { readonly aad: string; readonly ct: string }[]
  readonly exports: readonly { readonly context: string; readonly value: string }[]
}

const otherXWing = () =>
  new OtherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
const otherX25519 = () =>
  new OtherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
/** Our KDF with the classical KEM: what a policy could allow, and what the RFC has vectors for. */
const ourX25519 = () => new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, nodeHkdf, AEAD_AES_256_GCM)

describe('HPKE as we use it', () => {
  it.each([
    ['our KDF', nodeHkdf],
    ['the package’s own', KDF_HKDF_SHA256],
  ])('opens and exports what RFC 9180 says, with %s', async (_name, kdf) => {
    for (const vector of read('rfc9180').vectors as readonly Rfc[]) {
      const aead = vector.aead === 1 ? AEAD_AES_128_GCM : AEAD_AES_256_GCM
      const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, kdf, aead)
      const key = await suite.DeserializePrivateKey(hex(vector.skRm), true)
      const publicKey = await suite.DeserializePublicKey(hex(vector.pkRm))
      const pair = { privateKey: key, publicKey }

      const context = await suite.SetupRecipient(pair, hex(vector.enc), { info: hex(vector.info) })

      for (const { aad, ct } of vector.encryptions)
        expect(asHex(await context.Open(hex(ct), hex(aad)))).toBe(vector.pt)
      for (const { context: of, value } of vector.exports)
        expect(asHex(await context.Export(hex(of), 32))).toBe(value)
    }
  })

  it('derives the key pair that RFC 9180 says', async () => {
    const [vector] = read('rfc9180').vectors as readonly Rfc[]
    const suite = ourX25519()

    const { publicKey } = await suite.DeriveKeyPair(hex(vector?.ikmR ?? ''), true)

    expect(asHex(await suite.SerializePublicKey(publicKey))).toBe(vector?.pkRm)
  })

  it('exports what the published X-Wing vector says', async () => {
    const vector = read('x-wing')
    const suite = new CipherSuite(KEM_MLKEM768_X25519, nodeHkdf, AEAD_ChaCha20Poly1305)
    const pair = await suite.DeriveKeyPair(hex(vector.ikmR), true)

    const context = await suite.SetupRecipient(pair, hex(vector.enc), { info: hex(vector.info) })

    expect(asHex(await suite.SerializePrivateKey(pair.privateKey))).toBe(vector.skRm)
    for (const { context: of, value } of vector.exports)
      expect(asHex(await context.Export(hex(of), 32))).toBe(value)
  })

  it('speaks X-Wing with a second library in both directions', async () => {
    const theirs = otherXWing()
    const info = randomBytes(40)
    const label = randomBytes(20)
    const [plain, aad] = [randomBytes(32), randomBytes(32)]

    // Theirs receives.
    const pair = await theirs.kem.generateKeyPair()
    const publicBytes = new Uint8Array(await theirs.kem.serializePublicKey(pair.publicKey))
    const sent = await encapsulate(publicBytes, info)
    const sealed = await sealTo(publicBytes, { info, aad, plain })
    const at = async (enc: Uint8Array) =>
      theirs.createRecipientContext({
        recipientKey: pair.privateKey,
        enc: own(enc),
        info: own(info),
      })
    const received = await at(sent.enc)
    const opened = await at(sealed.enc)
    expect(asHex(await received.export(own(label), 32))).toBe(asHex(await sent.exporter(label, 32)))
    expect(asHex(await opened.open(own(sealed.sealed), own(aad)))).toBe(asHex(plain))
    expect(asHex(await opened.export(own(label), 32))).toBe(asHex(await sealed.exporter(label, 32)))

    // Theirs sends.
    const mine = await newKemKeyPair()
    const key = await theirs.kem.deserializePublicKey(own(mine.publicBytes))
    const sender = await theirs.createSenderContext({ recipientPublicKey: key, info: own(info) })
    const enc = new Uint8Array(sender.enc)
    const exporter = await decapsulate(mine, enc, info)
    const ct = new Uint8Array(await sender.seal(own(plain), own(aad)))
    const got = await openFrom(mine, { enc, info, aad, sealed: ct })
    expect(asHex(await exporter(label, 32))).toBe(asHex(await sender.export(own(label), 32)))
    expect(asHex(got.plain)).toBe(asHex(plain))
    expect(asHex(await got.exporter(label, 32))).toBe(asHex(await sender.export(own(label), 32)))
  })

  it('speaks X25519 with a second library in both directions', async () => {
    const [ours, theirs] = [ourX25519(), otherX25519()]
    const [info, label, plain, aad] = [40, 20, 32, 32].map((size) => randomBytes(size)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ]

    const pair = await theirs.kem.generateKeyPair()
    const theirKey = await ours.DeserializePublicKey(
      new Uint8Array(await theirs.kem.serializePublicKey(pair.publicKey)),
    )
    const sent = await ours.SetupSender(theirKey, { info })
    const received = await theirs.createRecipientContext({
      recipientKey: pair.privateKey,
      enc: own(sent.encapsulatedSecret),
      info: own(info),
    })
    const sealed = await sent.ctx.Seal(plain, aad)
    expect(asHex(await received.open(own(sealed), own(aad)))).toBe(asHex(plain))
    expect(asHex(await received.export(own(label), 32))).toBe(
      asHex(await sent.ctx.Export(label, 32)),
    )

    const mine = await ours.GenerateKeyPair(false)
    const key = await theirs.kem.deserializePublicKey(
      own(await ours.SerializePublicKey(mine.publicKey)),
    )
    const sender = await theirs.createSenderContext({ recipientPublicKey: key, info: own(info) })
    const context = await ours.SetupRecipient(mine, new Uint8Array(sender.enc), { info })
    const theirCt = new Uint8Array(await sender.seal(own(plain), own(aad)))
    expect(asHex(await context.Open(theirCt, aad))).toBe(asHex(plain))
    expect(asHex(await context.Export(label, 32))).toBe(asHex(await sender.export(own(label), 32)))
  })
})
