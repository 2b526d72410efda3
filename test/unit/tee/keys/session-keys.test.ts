import { describe, expect, it } from 'vitest'
import { newJobId } from '../../../../src/core/ids.ts'
import { KEM_ENC_BYTES, KEM_PUBLIC_BYTES, newKemKeyPair } from '../../../../src/tee/crypto/kem.ts'
import {
  joinSession,
  type LeaseContext,
  type SessionContext,
  startSession,
  unwrapCek,
  wrapCek,
} from '../../../../src/tee/keys/session-keys.ts'
import { newCek } from '../../../../src/tee/sealing/envelope.ts'
import { codeThrown, someKid, someLease } from '../../../support/tee.ts'

const envHash = 'ab'.repeat(32)
const someSession = (): SessionContext => ({
  net: 'devnet',
  aud: someKid(),
  kid: someKid(),
  epoch: 1,
  evidenceId: 'cd'.repeat(32),
  nonce: 'nonce',
})
const someContext = (): LeaseContext => ({ job: newJobId(), attempt: 1, lease: someLease() })

async function wrapped() {
  const kem = await newKemKeyPair()
  const session = someSession()
  const { enc, keys } = await startSession(kem.publicBytes, session)
  const lease = someContext()
  const cek = newCek()
  return { kem, session, enc, keys, lease, cek, ...(await wrapCek(keys, lease, { cek, envHash })) }
}

describe('session keys', () => {
  it('give worker and broker the same content key and result secret for a lease', async () => {
    const { kem, session, enc, lease, cek, wrap, resultSecret } = await wrapped()

    const worker = await joinSession(kem, enc, session)
    const opened = await unwrapCek(worker, lease, { wrap, envHash })

    expect(Buffer.compare(opened.cek, cek)).toBe(0)
    expect(Buffer.compare(opened.resultSecret, resultSecret)).toBe(0)
    expect(wrap.length).toBe(48)
    expect(enc.length).toBe(KEM_ENC_BYTES)
    expect(kem.publicBytes.length).toBe(KEM_PUBLIC_BYTES)
  })

  it('open no wrap of another job, attempt, lease or envelope', async () => {
    const { kem, session, enc, lease, wrap } = await wrapped()
    const worker = await joinSession(kem, enc, session)
    const others: LeaseContext[] = [
      { ...lease, job: newJobId() },
      { ...lease, attempt: 2 },
      { ...lease, lease: someLease() },
    ]

    for (const other of others)
      expect(await codeThrown(() => unwrapCek(worker, other, { wrap, envHash }))).toBe('env.open')
    expect(
      await codeThrown(() => unwrapCek(worker, lease, { wrap, envHash: 'ba'.repeat(32) })),
    ).toBe('env.open')
  })

  it('open nothing for a worker that took part in another session, net, broker, name or epoch', async () => {
    const { kem, session, enc, lease, wrap } = await wrapped()
    const others: SessionContext[] = [
      { ...session, net: 'mainnet' },
      { ...session, aud: someKid() },
      { ...session, kid: someKid() },
      { ...session, epoch: 2 },
      { ...session, evidenceId: 'dc'.repeat(32) },
      { ...session, nonce: 'other' },
    ]

    for (const other of others) {
      const worker = await joinSession(kem, enc, other)
      expect(await codeThrown(() => unwrapCek(worker, lease, { wrap, envHash }))).toBe('env.open')
    }
    const stranger = await joinSession(await newKemKeyPair(), enc, session)
    expect(await codeThrown(() => unwrapCek(stranger, lease, { wrap, envHash }))).toBe('env.open')
  })

  it('are different for every lease', async () => {
    const { keys, cek, wrap, resultSecret } = await wrapped()

    const next = await wrapCek(keys, someContext(), { cek, envHash })

    expect(Buffer.compare(next.wrap, wrap)).not.toBe(0)
    expect(Buffer.compare(next.resultSecret, resultSecret)).not.toBe(0)
  })

  it('refuse a wrap that was changed or shortened, also to a tag of four bytes', async () => {
    const { kem, session, enc, lease, wrap } = await wrapped()
    const worker = await joinSession(kem, enc, session)
    const flipped = Uint8Array.from(wrap)
    flipped[5] = (flipped[5] ?? 0) ^ 1

    for (const bad of [flipped, wrap.subarray(0, 36), wrap.subarray(0, 4), new Uint8Array(0)])
      expect(await codeThrown(() => unwrapCek(worker, lease, { wrap: bad, envHash }))).toBe(
        'env.open',
      )
  })

  it('are not made for a short, malformed or low-order worker key', async () => {
    const { publicBytes } = await newKemKeyPair()
    // X-Wing = ML-KEM-768 (1184 bytes) ‖ X25519 (32 bytes); the all-zero point has order 1.
    const lowOrder = Uint8Array.from(publicBytes).fill(0, 1184)
    const malformed = Uint8Array.from(publicBytes).fill(255, 0, 1184)
    const short = publicBytes.subarray(1)

    for (const bad of [lowOrder, malformed, short, new Uint8Array(0)])
      expect(await codeThrown(() => startSession(bad, someSession()))).toBe('claims.kem-key')
  })

  it('are not joined with a malformed encapsulation', async () => {
    const kem = await newKemKeyPair()

    expect(
      await codeThrown(() => joinSession(kem, new Uint8Array(KEM_ENC_BYTES - 1), someSession())),
    ).toBe('env.open')
  })
})
