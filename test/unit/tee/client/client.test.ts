import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Envelope, Keyset } from '../../../../src/core/frames.ts'
import { newJobId } from '../../../../src/core/ids.ts'
import { Plaintext } from '../../../../src/core/plaintext.ts'
import {
  type Attestation,
  type AttestedParty,
  type JudgeEvidence,
  verifyGateway,
  verifyWorker,
} from '../../../../src/tee/client/attested.ts'
import { batchOf, batchRoot } from '../../../../src/tee/client/nonce-batch.ts'
import { MAX_WRAPS, sealForBroker, sealForWorkers } from '../../../../src/tee/client/seal.ts'
import { openWrap, wrapTo } from '../../../../src/tee/client/wrap.ts'
import { nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import { createEpochKeys } from '../../../../src/tee/keys/epoch-keys.ts'
import { createWorkerKeys, keysetDigest, type WorkerKeys } from '../../../../src/tee/keys/keyset.ts'
import { envelopeHash, newCek, openEnvelope } from '../../../../src/tee/sealing/envelope.ts'
import { createResultWriter } from '../../../../src/tee/sealing/result-stream.ts'
import { createSealedReader } from '../../../../src/tee/sealing/sealed-stream.ts'
import { reportDataOf } from '../../../../src/tee/verify/claims.ts'
import { TeeError } from '../../../../src/tee/verify/codes.ts'
import {
  codeThrown,
  handClock,
  NOW_S,
  sealedJob,
  someFields,
  someKid,
  text,
} from '../../../support/tee.ts'

const NOW = NOW_S * 1000
const EPOCH = 7

const partyOf = (keys: WorkerKeys): AttestedParty => ({
  net: 'devnet',
  kid: keys.kid,
  kemPublicKey: keys.kem.publicBytes,
  epoch: EPOCH,
  expiresAt: NOW_S + 600,
})
const someWorker = () => createWorkerKeys('devnet', NOW_S + 3600)
const wrapOf = (envelope: Envelope, keys: WorkerKeys) =>
  envelope.wraps?.find(({ kid }) => kid === keys.kid)

/** What a worker does with the wrap it is given. */
async function opened(envelope: Envelope, keys: WorkerKeys) {
  const wrap = wrapOf(envelope, keys)
  if (!wrap) throw new Error('no wrap')
  const place = { net: 'devnet', job: envelope.job, kid: keys.kid, epoch: EPOCH } as const
  const envHash = envelopeHash(envelope)
  return openWrap({ to: 'worker', kem: keys.kem, place }, { wrap, envHash })
}

describe('a job that its asker seals', () => {
  it('opens for each worker it was sealed to and for no other, and its answer only for the asker', async () => {
    const workers = await Promise.all([someWorker(), someWorker(), someWorker()])
    const stranger = await someWorker()
    const fields = someFields()
    const job = { fields, content: Plaintext.of('nobody between us') }

    const sealed = await sealForWorkers(job, workers.map(partyOf))

    for (const keys of workers) {
      const { cek, resultSecretOf } = await opened(sealed.envelope, keys)
      const { content } = openEnvelope(sealed.envelope, { cek, net: 'devnet', nowSeconds: NOW_S })
      expect(text(content)).toBe('nobody between us')
      // The worker answers; whoever carries the stream sees order and size.
      const context = { net: 'devnet', job: fields.job, attempt: 2, kid: keys.kid } as const
      const writer = createResultWriter(await resultSecretOf(2), context)
      const reader = createSealedReader({ context, header: writer.header, maxBytes: 1_000_000 })
      const chunks = [...writer.delta(0, 'dra'), writer.progress(40)]
      const end = writer.final(Plaintext.of('an answer'))
      const [answer] = [...chunks, ...end.chunks].flatMap((chunk) => reader.push(chunk) ?? [])
      expect(answer?.streamHash).toBe(end.streamHash)
      const got = await sealed.open({
        attempt: 2,
        kid: keys.kid,
        sealed: answer?.sealed ?? new Uint8Array(0),
      })
      expect(text(got.content)).toBe('an answer')
      expect(got.outputHash).toBe(end.outputHash)
      const at = { attempt: 1, kid: keys.kid, sealed: answer?.sealed ?? new Uint8Array(0) }
      expect(await codeThrown(() => sealed.open(at))).toBe('result.header')
      expect(await codeThrown(() => sealed.open({ ...at, kid: stranger.kid }))).toBe(
        'result.header',
      )
    }
    expect(sealed.envelope.wraps?.map(({ kid }) => kid).toSorted()).toEqual(
      workers.map(({ kid }) => kid).toSorted(),
    )
    await expect(opened(sealed.envelope, stranger)).rejects.toThrow('no wrap')
  })

  it('is sealed to three of many, drawn anew each time, and never to more than five', async () => {
    const keys = await someWorker()
    const many = Array.from({ length: 12 }, () => ({ ...partyOf(keys), kid: someKid() }))
    const job = { fields: someFields(), content: Plaintext.of('x') }
    const drawn = new Set<string>()
    for (let n = 0; n < 8; n++) {
      const { envelope } = await sealForWorkers(job, many)
      expect(envelope.wraps?.length).toBe(3)
      drawn.add(JSON.stringify(envelope.wraps?.map(({ kid }) => kid).toSorted()))
    }

    expect(drawn.size).toBeGreaterThan(3)
    expect((await sealForWorkers(job, many, MAX_WRAPS)).envelope.wraps?.length).toBe(5)
    expect(await codeThrown(() => sealForWorkers(job, many, 6))).toBe('env.shape')
    expect(await codeThrown(() => sealForWorkers(job, []))).toBe('worker.none')
    expect(
      await codeThrown(() => sealForWorkers(job, [{ ...partyOf(keys), net: 'testnet' }])),
    ).toBe('net.mismatch')
  })

  it('has a wrap that opens for no other net, job, name, epoch, envelope, purpose or byte', async () => {
    const keys = await someWorker()
    const [job, cek, envHash] = [newJobId(), newCek(), 'ab'.repeat(32)]
    const place = { net: 'devnet', job, kid: keys.kid, epoch: EPOCH } as const
    const { wrap } = await wrapTo(
      { to: 'worker', publicKey: keys.kem.publicBytes, place },
      { cek, envHash },
    )
    const at = (
      change: object,
      more: { envHash?: string; wrap?: typeof wrap; to?: 'broker' } = {},
    ) =>
      codeThrown(() =>
        openWrap(
          { to: more.to ?? 'worker', kem: keys.kem, place: { ...place, ...change } },
          { wrap: more.wrap ?? wrap, envHash: more.envHash ?? envHash },
        ),
      )
    const flipped = Buffer.from(wrap.ct, 'base64url')
    flipped[3] = (flipped[3] ?? 0) ^ 1
    const cut = (bytes: number) => Buffer.from(wrap.ct, 'base64url').subarray(0, bytes)

    expect(await at({})).toBe('nothing thrown')
    for (const change of [
      { net: 'testnet' },
      { job: newJobId() },
      { kid: someKid() },
      { epoch: EPOCH + 1 },
    ])
      expect(await at(change)).toBe('env.open')
    expect(await at({}, { envHash: 'ba'.repeat(32) })).toBe('env.open')
    expect(await at({}, { to: 'broker' })).toBe('env.open')
    expect(await at({}, { wrap: { ...wrap, ct: flipped.toString('base64url') } })).toBe('env.open')
    // A tag of four bytes.
    expect(await at({}, { wrap: { ...wrap, ct: cut(36).toString('base64url') } })).toBe('env.open')
    expect(await at({}, { wrap: { ...wrap, enc: wrap.enc.slice(4) } })).toBe('env.open')
  })

  it('does not change its hash by its wraps, and any other member changed makes wrap and body unreadable', async () => {
    const keys = await someWorker()
    const { envelope } = await sealForWorkers(
      { fields: someFields(), content: Plaintext.of('x') },
      [partyOf(keys)],
    )
    const { wraps: _wraps, ...bare } = envelope

    expect(envelopeHash(bare)).toBe(envelopeHash(envelope))
    for (const change of [{ maxAttempts: 4 }, { tier: 'gpu-tee' }, { kb: someKid() }] as const)
      expect(await codeThrown(() => opened({ ...envelope, ...change }, keys))).toBe('env.open')
  })

  it('can be sealed to the attested broker’s key of the hour, which forgets it a quarter of an hour later', async () => {
    const clock = handClock()
    const epochKeys = createEpochKeys({ net: 'devnet', clock })
    const { kid, kem, notAfter } = await epochKeys.current()
    const broker = { ...partyOf(await someWorker()), kid, kemPublicKey: kem.publicBytes }
    const { envelope } = await sealForBroker(
      { fields: someFields(), content: Plaintext.of('for the broker') },
      broker,
    )

    const cek = await epochKeys.open(envelope, EPOCH)

    expect(text(openEnvelope(envelope, { cek, net: 'devnet', nowSeconds: NOW_S }).content)).toBe(
      'for the broker',
    )
    expect(notAfter).toBe(NOW_S + 3600)
    expect(await codeThrown(() => epochKeys.open(envelope, EPOCH + 1))).toBe('env.open')
    expect(await codeThrown(() => epochKeys.open(sealedJob().envelope, EPOCH))).toBe(
      'release.key-gone',
    )
    clock.turn(3_600_000)
    expect((await epochKeys.current()).kid).not.toBe(kid)
    expect((await epochKeys.open(envelope, EPOCH)).length).toBe(32)
    clock.turn(900_000)
    expect(await codeThrown(() => epochKeys.open(envelope, EPOCH))).toBe('release.key-gone')
  })
})

describe('a stream that nobody on the way can open', () => {
  it('is still refused at the chunk that is out of order, doubled, cut, too big or after the end', async () => {
    const context = { net: 'devnet', job: newJobId(), attempt: 1, kid: someKid() } as const
    const writer = createResultWriter(randomBytes(32), context)
    const [first = new Uint8Array(0)] = writer.delta(0, 'a')
    const [second = new Uint8Array(0)] = writer.delta(0, 'ab')
    const { chunks } = writer.final(Plaintext.of('abc'))
    const [last = new Uint8Array(0)] = chunks
    const after = async (...pushed: Uint8Array[]): Promise<string> => {
      const reader = createSealedReader({ context, header: writer.header, maxBytes: 2000 })
      return codeThrown(() => pushed.map((chunk) => reader.push(chunk)))
    }

    expect(await after(first, second, last)).toBe('nothing thrown')
    expect(await after(second)).toBe('result.order')
    expect(await after(first, first)).toBe('result.order')
    expect(await after(first, last)).toBe('result.order')
    expect(await after(first, second, last, last)).toBe('result.after-final')
    expect(await after(first.subarray(0, 40))).toBe('result.size')
    expect(await after(Uint8Array.from(first).fill(2, 4, 5))).toBe('result.open')
    expect(
      await codeThrown(() =>
        createSealedReader({ context, header: writer.header, maxBytes: 100 }).push(first),
      ),
    ).toBe('result.size')
    expect(
      await codeThrown(() =>
        createSealedReader({
          context: { ...context, attempt: 2 },
          header: writer.header,
          maxBytes: 100,
        }),
      ),
    ).toBe('result.header')
  })
})

const teeCode = async (run: () => Promise<unknown>): Promise<string> => {
  try {
    await run()
    return 'nothing thrown'
  } catch (error) {
    return error instanceof TeeError ? error.code : String(error)
  }
}

/** Takes evidence whose quote is the report data itself: what is tested is what surrounds the verifier. */
const judge: JudgeEvidence = async ({ quote }, { reportData }) => {
  if (quote !== Buffer.from(reportData).toString('base64url')) throw new TeeError('CLM_BINDING')
  return { epoch: EPOCH, expiresAt: NOW_S + 900 }
}

describe('an API client', () => {
  const nonce = randomBytes(32).toString('hex')
  const asked = { nonce, net: 'testnet', nowMs: NOW, judge } as const

  async function attestation(change: Partial<Attestation> = {}): Promise<Attestation> {
    const { keyset } = await createWorkerKeys('testnet', NOW_S + 3600)
    const claims = {
      v: 1,
      ctx: 'chrysalis/gateway/1',
      net: 'testnet',
      nonce,
      epoch: EPOCH,
      keyset: keysetDigest(keyset),
      image: '',
      notAfter: NOW_S + 3600,
      ...change.claims,
    } as const
    const quote = Buffer.from(reportDataOf(claims, nodeHashes)).toString('base64url')
    return {
      v: 1,
      net: 'testnet',
      profile: 'B',
      fresh: true,
      keyset,
      evidence: { tee: 'tdx', quote },
      provenance: { repo: '', commit: '', imageDigest: '' },
      policyEpoch: EPOCH,
      ...change,
      claims,
    }
  }

  it('takes a gateway whose evidence fits its own nonce, and seals no longer than the verdict lives', async () => {
    const standing = await verifyGateway(await attestation(), asked)

    expect(standing).toMatchObject({
      attested: true,
      simulated: false,
      party: { epoch: EPOCH, expiresAt: NOW_S + 900 },
    })
  })

  it('takes a nonce among others by its path only', async () => {
    const nonces = [nonce, ...Array.from({ length: 4 }, () => randomBytes(32).toString('hex'))]
    const { root, places } = batchOf(nonces)
    const [mine, other] = places
    if (!mine || !other) throw new Error('no places')
    const base = await attestation()
    const inBatch = (place: typeof mine) =>
      attestation({
        claims: { ...base.claims, nonce: root },
        batch: { ...place, path: [...place.path] },
      }).then((made) => ({ ...made, keyset: base.keyset }))

    expect(await verifyGateway(await inBatch(mine), asked)).toMatchObject({ attested: true })
    expect(await teeCode(async () => verifyGateway(await inBatch(other), asked))).toBe('CLM_NONCE')
  })

  it('refuses, each by its own code, what is not fresh, bound, of this network or in time', async () => {
    const good = await attestation()
    const other = await attestation()
    const cases: readonly (readonly [string, unknown, object])[] = [
      ['CLM_SHAPE', { ...good, more: 1 }, {}],
      ['CLM_SHAPE', 'text', {}],
      ['CLM_SHAPE', good, { nowMs: Number.NaN }],
      ['NET_MISMATCH', good, { net: 'mainnet' }],
      ['CLM_NONCE', good, { nonce: 'ab'.repeat(32) }],
      ['CLM_KEYSET', { ...good, keyset: other.keyset }, {}],
      ['CLM_BINDING', { ...good, claims: { ...good.claims, epoch: EPOCH + 1 } }, {}],
      ['CLM_BINDING', { ...good, evidence: null }, {}],
      ['DEV_FORBIDDEN', { ...good, profile: 'D' }, {}],
      ['POL_EXPIRED', good, { nowMs: NOW + 900_000 }],
    ]

    for (const [code, answer, change] of cases)
      expect(await teeCode(() => verifyGateway(answer, { ...asked, ...change }))).toBe(code)
  })

  it('is told by an unattested gateway that its operator can read, and gets no key to seal to', async () => {
    const said = { profile: 'A', evidence: null, statement: 'can read' } as const

    expect(await verifyGateway(await attestation(said), asked)).toEqual({
      attested: false,
      statement: 'can read',
    })
  })

  it('takes a worker by its own evidence, of this hour, for the model it asked for', async () => {
    const keys = await createWorkerKeys('testnet', NOW_S + 3600)
    const claims = {
      v: 1,
      ctx: 'chrysalis/claims/1',
      net: 'testnet',
      aud: someKid(),
      nonce: 'n',
      epoch: EPOCH,
      keyset: keys.digest,
      models: [{ id: 'echo', weights: `sha256:${'e'.repeat(64)}` }],
      payout: '',
      gpus: [],
      image: '',
      notAfter: NOW_S + 3600,
    } as const
    const quote = Buffer.from(reportDataOf(claims, nodeHashes)).toString('base64url')
    const good = {
      claims,
      keyset: keys.keyset,
      evidence: { tee: 'tdx', quote },
      checkedAt: NOW,
    } as const
    const want = { net: 'testnet', model: 'echo', nowMs: NOW, judge } as const
    const foreign: Keyset = (await createWorkerKeys('testnet', NOW_S + 3600)).keyset

    expect(await verifyWorker(good, want)).toMatchObject({ kid: keys.kid, expiresAt: NOW_S + 900 })
    const cases: readonly (readonly [string, object, object])[] = [
      ['CLM_SHAPE', { claims: { ...claims, more: 1 } }, {}],
      ['NET_MISMATCH', {}, { net: 'mainnet' }],
      ['CLM_NONCE', { checkedAt: NOW - 3_600_001 }, {}],
      ['CLM_NONCE', { checkedAt: Number.NaN }, {}],
      ['CLM_KEYSET', { keyset: foreign }, {}],
      ['CLM_MODEL', {}, { model: 'other' }],
      ['CLM_BINDING', { claims: { ...claims, payout: 'x' } }, {}],
      ['POL_EXPIRED', { checkedAt: NOW + 900_000 }, { nowMs: NOW + 900_000 }],
    ]
    for (const [code, change, asks] of cases)
      expect(await teeCode(() => verifyWorker({ ...good, ...change }, { ...want, ...asks }))).toBe(
        code,
      )
  })
})

describe('many nonces in one quote', () => {
  it('each lead to the same root by their own path, for any number of them', () => {
    for (let size = 1; size <= 40; size++) {
      const nonces = Array.from({ length: size }, () => randomBytes(32).toString('hex'))
      const { root, places } = batchOf(nonces)

      for (const [index, nonce] of nonces.entries()) {
        const place = places[index]
        if (!place) throw new Error('no place')
        expect(batchRoot(nonce, place)).toBe(root)
        expect(batchRoot(randomBytes(32).toString('hex'), place)).not.toBe(root)
        expect(batchRoot(nonce, { ...place, index: size })).toBeUndefined()
      }
    }
  })

  it('lead nowhere by a path that is too short, too long or of another place', () => {
    const nonces = Array.from({ length: 6 }, () => randomBytes(32).toString('hex'))
    const { root, places } = batchOf(nonces)
    const [nonce = ''] = nonces
    const [place] = places
    if (!place) throw new Error('no place')

    expect(batchRoot(nonce, { ...place, path: place.path.slice(1) })).toBeUndefined()
    expect(batchRoot(nonce, { ...place, path: [...place.path, root] })).toBeUndefined()
    expect(batchRoot(nonce, { ...place, index: 1 })).not.toBe(root)
    expect(batchRoot(nonce, { ...place, path: ['zz'.repeat(32)] })).toBeUndefined()
    expect(batchRoot('00', place)).toBeUndefined()
  })
})
