import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../../../src/core/frames.ts'
import { newJobId } from '../../../../src/core/ids.ts'
import { Plaintext } from '../../../../src/core/plaintext.ts'
import {
  envelopeHash,
  newCek,
  openEnvelope,
  parseEnvelope,
  sealEnvelope,
} from '../../../../src/tee/sealing/envelope.ts'
import { codeThrown, NOW_S, sealedJob, someFields, someKid, text } from '../../../support/tee.ts'

const open = (envelope: Envelope, cek: Uint8Array, change = {}) =>
  openEnvelope(envelope, { cek, net: 'devnet', nowSeconds: NOW_S, ...change })

describe('envelopes', () => {
  it('open to what was sealed, with the hashes the sealer was told', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 3000 }), (content) => {
        const { cek, envelope, envHash, inputHash } = sealedJob(content)

        const opened = open(envelope, cek)

        expect(text(opened.content)).toBe(Buffer.from(content).toString('utf8'))
        expect(opened).toMatchObject({ envHash, inputHash })
        expect(envelopeHash(envelope)).toBe(envHash)
        expect(parseEnvelope(JSON.parse(JSON.stringify(envelope)))).toEqual(envelope)
      }),
    )
  })

  it('show nothing of the content and a size that is only a bucket', () => {
    const { envelope } = sealedJob('a very private sentence')

    expect(JSON.stringify(envelope)).not.toContain('private')
    expect(envelope.bucket).toBe(512)
    expect(Buffer.from(envelope.ct, 'base64url').length).toBe(512 + 16)
  })

  it('with any visible member changed do not open', async () => {
    const { cek, envelope } = sealedJob()
    const changes: Partial<Envelope>[] = [
      { job: newJobId() },
      { task: 'summarize' },
      { model: 'other' as Envelope['model'] },
      { tier: 'cpu-tee' },
      { bucket: 1024 },
      { iat: NOW_S - 1 },
      { exp: NOW_S + 121 },
      { maxAttempts: 4 },
      { kb: someKid() },
      { iv: Buffer.alloc(12).toString('base64url') },
      { ct: Buffer.alloc(528).toString('base64url') },
      { blob: { id: 'a'.repeat(32) as never, size: 1, chunks: 1, sha256: 'b'.repeat(64) } },
    ]

    for (const change of changes)
      expect(await codeThrown(() => open({ ...envelope, ...change }, cek))).toBe('env.open')
    const renamed: Envelope = { ...envelope, net: 'testnet' }
    expect(await codeThrown(() => open(renamed, cek, { net: 'testnet' }))).toBe('env.open')
  })

  it('are refused by a worker of another net, after their time, and with another key', async () => {
    const { cek, envelope } = sealedJob()

    expect(await codeThrown(() => open(envelope, cek, { net: 'mainnet' }))).toBe('env.net')
    expect(await codeThrown(() => open(envelope, cek, { nowSeconds: NOW_S + 120 }))).toBe(
      'env.expired',
    )
    expect(await codeThrown(() => open(envelope, cek, { nowSeconds: Number.NaN }))).toBe(
      'env.expired',
    )
    expect(await codeThrown(() => open(envelope, newCek()))).toBe('env.commit')
  })

  it('whose key commitment was exchanged do not open under either key', async () => {
    const mine = sealedJob()
    const other = sealedJob()
    const mixed = { ...mine.envelope, kc: other.envelope.kc }

    expect(await codeThrown(() => open(mixed, mine.cek))).toBe('env.commit')
    expect(await codeThrown(() => open(mixed, other.cek))).toBe('env.open')
  })

  it('with a shortened tag do not open', async () => {
    const { cek, envelope } = sealedJob()
    const ct = Buffer.from(envelope.ct, 'base64url')
    const short = { ...envelope, ct: ct.subarray(0, ct.length - 12).toString('base64url') }

    expect(await codeThrown(() => open(short, cek))).toBe('env.open')
  })

  it('without a canonical form are refused before anything is hashed', async () => {
    const { cek, envelope } = sealedJob()

    expect(await codeThrown(() => envelopeHash({ ...envelope, iat: -0 }))).toBe('env.shape')
    expect(await codeThrown(() => open({ ...envelope, iat: -0 }, cek))).toBe('env.shape')
  })

  it('cannot be made to live longer than a day or to end before they begin', async () => {
    const seal = (exp: number) => () =>
      sealEnvelope(someFields({ exp }), { cek: newCek(), content: Plaintext.of('x') })

    expect(await codeThrown(seal(NOW_S + 86_401))).toBe('env.shape')
    expect(await codeThrown(seal(NOW_S))).toBe('env.shape')
  })

  it('with unknown members are refused by the queue side', async () => {
    const { envelope } = sealedJob()

    expect(await codeThrown(() => parseEnvelope({ ...envelope, chat: 5 }))).toBe('env.shape')
  })
})
