import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openJoinToken } from '../../../../src/tee/admission/join.ts'
import { signerOf, verifySignature } from '../../../../src/tee/crypto/signature.ts'
import {
  brokerKid,
  identityOf,
  openIdentity,
  pinBroker,
  type SignedFrame,
} from '../../../../src/tee/keys/identity.ts'
import { codeThrown, NOW_S, sealedJob, someLease } from '../../../support/tee.ts'

const someChallenge = (identity: ReturnType<typeof identityOf>) =>
  identity.signChallenge({
    type: 'challenge',
    nonce: 'n',
    aud: identity.kid,
    epoch: 1,
    iat: NOW_S,
    exp: NOW_S + 90,
  })

describe('the broker’s identity', () => {
  it('is made once and kept in a file only its owner may read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'keys-'))
    try {
      const first = openIdentity(join(folder, 'keys'))
      const second = openIdentity(join(folder, 'keys'))

      expect(second.publicKey).toBe(first.publicKey)
      expect(statSync(join(folder, 'keys', 'broker.key')).mode & 0o777).toBe(0o600)
      expect(openJoinToken(join(folder, 'keys'))).toBe(openJoinToken(join(folder, 'keys')))
      expect(statSync(join(folder, 'keys', 'join.key')).mode & 0o777).toBe(0o600)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('signs challenges, verdicts and leases that a worker with the pinned key believes', () => {
    const identity = identityOf(randomBytes(32))
    const broker = pinBroker(identity.publicKey)
    const { envelope } = sealedJob()
    const lease = identity.signLease({
      type: 'lease',
      job: envelope.job,
      attempt: 1,
      lease: someLease(),
      envelope,
      wrap: '',
      exp: NOW_S,
      ttlMs: 1,
      outBytes: 1,
    })

    expect(broker.kid).toBe(identity.kid)
    for (const frame of [
      someChallenge(identity),
      identity.signVerdict({ type: 'verdict', ok: true }),
      lease,
    ])
      expect(() => broker.check(frame)).not.toThrow()
  })

  it('is not taken from anyone else, nor for a frame that was changed', async () => {
    const identity = identityOf(randomBytes(32))
    const broker = pinBroker(identity.publicKey)
    const challenge = someChallenge(identity)
    const { envelope } = sealedJob()
    const lease = identity.signLease({
      type: 'lease',
      job: envelope.job,
      attempt: 1,
      lease: someLease(),
      envelope,
      wrap: '',
      exp: NOW_S,
      ttlMs: 1,
      outBytes: 1,
    })
    const bad: SignedFrame[] = [
      someChallenge(identityOf(randomBytes(32))),
      { ...challenge, exp: challenge.exp + 1 },
      { ...challenge, sig: `${challenge.sig}A` },
      { ...challenge, sig: '' },
      { ...identity.signVerdict({ type: 'verdict', ok: false, code: 'claims.sig' }), ok: true },
      // A signature for one purpose serves no other.
      { type: 'verdict', ok: true, sig: challenge.sig },
      { ...lease, attempt: 2 },
      { ...lease, envelope: { ...envelope, model: 'other' as typeof envelope.model } },
    ]

    for (const frame of bad)
      expect(await codeThrown(() => broker.check(frame))).toBe('challenge.sig')
  })

  it('has a name derived from its key, and a key that is one', async () => {
    const identity = identityOf(randomBytes(32))

    expect(brokerKid(Buffer.from(identity.publicKey, 'base64url'))).toBe(identity.kid)
    expect(await codeThrown(() => pinBroker('short'))).toBe('config.invalid')
  })
})

describe('signatures', () => {
  it('follow RFC 8032: the first test vector comes out', () => {
    const hex = (text: string) => Buffer.from(text, 'hex')
    const signer = signerOf(hex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'))

    expect(Buffer.from(signer.publicKey).toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    )
    expect(Buffer.from(signer.sign(new Uint8Array(0))).toString('hex')).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    )
  })

  it('of a wrong length or key are no signatures', () => {
    const signer = signerOf(randomBytes(32))
    const message = randomBytes(10)
    const signature = signer.sign(message)

    expect(verifySignature(signer.publicKey, message, signature)).toBe(true)
    expect(verifySignature(signer.publicKey, randomBytes(10), signature)).toBe(false)
    expect(verifySignature(signer.publicKey, message, signature.subarray(1))).toBe(false)
    expect(verifySignature(signer.publicKey.subarray(1), message, signature)).toBe(false)
  })
})
