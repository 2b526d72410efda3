import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../../../src/core/app-error.ts'
import type { Net } from '../../../../src/core/config.ts'
import type { Claims, FrameOf, Keyset } from '../../../../src/core/frames.ts'
import { admitBytes, gpuNonce, reportData } from '../../../../src/tee/admission/claims.ts'
import type { EvidenceVerifier } from '../../../../src/tee/admission/evidence-verifier.ts'
import { createJoinTokens, ownToken } from '../../../../src/tee/admission/join.ts'
import { refusalOf } from '../../../../src/tee/admission/refusal.ts'
import { fromBase64url, toBase64url, toHex } from '../../../../src/tee/crypto/binary.ts'
import { nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import type { SimulatedMachine } from '../../../../src/tee/dev/sim-source.ts'
import { DEV_MR_TD } from '../../../../src/tee/dev/tdx.ts'
import { identityOf, pinBroker } from '../../../../src/tee/keys/identity.ts'
import {
  createWorkerKeys,
  keysetDigest,
  kidOf,
  type WorkerKeys,
} from '../../../../src/tee/keys/keyset.ts'
import { joinSession, unwrapCek, wrapCek } from '../../../../src/tee/keys/session-keys.ts'
import type { TeeCode } from '../../../../src/tee/verify/codes.ts'
import type { Policy } from '../../../../src/tee/verify/policy/document.ts'
import { readEvidenceRecord } from '../../../../src/tee/verify/proof/evidence-record.ts'
import { devSource, testAdmission, testAttestation } from '../../../support/attested.ts'
import { handClock, NOW_S, sealedJob, someKid, someLease } from '../../../support/tee.ts'

const TOKEN = 'the-join-token-of-an-owner'
const identity = identityOf(randomBytes(32))
const broker = pinBroker(identity.publicKey)
const devMrTd = toHex(DEV_MR_TD)

interface SetUp {
  net?: Net
  verifier?: Partial<EvidenceVerifier>
  policy?: (policy: Policy) => Policy
  hardwareAnswer?: TeeCode
  keep?: () => Promise<void>
}

function setUp(options: SetUp = {}) {
  const { net = 'devnet', policy = (same: Policy) => same } = options
  const clock = handClock()
  const attestation = testAttestation({
    net,
    clock,
    policy: (draft) => policy({ ...draft, epoch: 7, prev: 'a'.repeat(64) }),
  })
  attestation.hardwareAnswer = options.hardwareAnswer
  const joins = createJoinTokens([ownToken(TOKEN)], clock)
  const changed = {
    ...attestation,
    verifier: { ...attestation.verifier, ...options.verifier },
    ...(options.keep && { keep: options.keep }),
  }
  const admission = testAdmission({ identity, joins, net, clock, attestation: changed })
  return { clock, admission, attestation }
}

const someHello = (change: Partial<FrameOf<'hello'>> = {}): FrameOf<'hello'> => ({
  type: 'hello',
  v: 1,
  net: 'devnet',
  tee: ['sim'],
  gpu: 0,
  build: '0.1.0',
  join: TOKEN,
  ...change,
})

const newKeys = (net: Net = 'devnet'): Promise<WorkerKeys> => createWorkerKeys(net, NOW_S + 80_000)

interface Change {
  claims?: Partial<Claims>
  keyset?: Keyset
  gpu?: FrameOf<'evidence'>['gpu']
  quote?: string
  signer?: WorkerKeys
  machine?: SimulatedMachine
  foreign?: boolean
}

async function evidenceOf(
  keys: WorkerKeys,
  { nonce, aud, epoch }: FrameOf<'challenge'>,
  change: Change = {},
): Promise<FrameOf<'evidence'>> {
  const claims: Claims = {
    v: 1,
    ctx: 'chrysalis/claims/1',
    net: 'devnet',
    aud,
    nonce,
    epoch,
    keyset: keys.digest,
    models: [],
    payout: '',
    gpus: [],
    image: '',
    notAfter: keys.keyset.not_after,
    ...change.claims,
  }
  const sig = toBase64url((change.signer ?? keys).signer.sign(admitBytes(claims)))
  const { keyset = keys.keyset, gpu = [], machine = {}, foreign = false } = change
  const source = devSource(machine, { clock: handClock(), foreign })
  const quote = change.quote ?? toBase64url((await source.quote(reportData(claims))).quote)
  return { type: 'evidence', claims, keyset, quote, gpu, sig }
}

/** The outcome of one admission in which `change` was made. */
async function outcome(change: Change = {}, options: SetUp = {}): Promise<string> {
  const { admission } = setUp(options)
  const challenge = admission.challenge()
  const evidence = await evidenceOf(await newKeys(), challenge, change)
  const result = await admission.check({
    hello: someHello({ net: options.net ?? 'devnet' }),
    challenge,
    evidence,
  })
  broker.check(result.verdict)
  return result.ok ? 'admitted' : result.code
}

describe('admission', () => {
  it('admits a worker of the dev network as simulated, with keys only the two share', async () => {
    const { admission } = setUp()
    const keys = await newKeys()
    const challenge = admission.challenge()
    broker.check(challenge)

    const result = await admission.check({
      hello: someHello(),
      challenge,
      evidence: await evidenceOf(keys, challenge),
    })

    if (!result.ok) throw new Error(result.code)
    broker.check(result.verdict)
    expect(result).toMatchObject({
      tier: 'simulated',
      kid: keys.kid,
      epoch: 7,
      expiresAt: NOW_S + 3600,
    })
    expect(result.verdict).toMatchObject({
      ok: true,
      tier: 'simulated',
      evidenceId: result.evidenceId,
    })
    const { cek, envHash } = sealedJob()
    const lease = { job: sealedJob().envelope.job, attempt: 1, lease: someLease() }
    const enc = fromBase64url(result.verdict.enc ?? '') ?? new Uint8Array(0)
    const worker = await joinSession(keys.kem, enc, result.keys.context)
    const { wrap } = await wrapCek(result.keys, lease, { cek, envHash })
    expect(Buffer.compare((await unwrapCek(worker, lease, { wrap, envHash })).cek, cek)).toBe(0)
  })

  it('refuses a nonce that is old, of another socket or used before', async () => {
    const { admission, clock } = setUp()
    const keys = await newKeys()
    const [mine, others] = [admission.challenge(), admission.challenge()]
    const check = async (challenge: FrameOf<'challenge'>, evidence: FrameOf<'evidence'>) => {
      const result = await admission.check({ hello: someHello(), challenge, evidence })
      return result.ok ? 'admitted' : result.code
    }

    expect(await check(others, await evidenceOf(keys, others))).toBe('admitted')
    expect(await check(others, await evidenceOf(keys, others))).toBe('claims.nonce')
    expect(await check(mine, await evidenceOf(keys, others))).toBe('claims.nonce')
    const late = admission.challenge()
    clock.turn(90_000)
    expect(await check(late, await evidenceOf(keys, late))).toBe('claims.nonce')
  })

  it('refuses claims for another broker, net, epoch or lifetime', async () => {
    expect(await outcome({ claims: { aud: someKid() } })).toBe('claims.aud')
    expect(await outcome({ claims: { net: 'mainnet' } })).toBe('net.mismatch')
    expect(await outcome({ claims: { epoch: 6 } })).toBe('claims.epoch')
    expect(await outcome({ claims: { notAfter: NOW_S } })).toBe('claims.shape')
    expect(await outcome({ claims: { notAfter: NOW_S + 86_401 } })).toBe('claims.shape')
    expect(await outcome()).toBe('admitted')
  })

  it('refuses a keyset that is not the claimed one, of another net, or without a usable key', async () => {
    const keys = await newKeys()
    const [kem] = keys.keyset.e2ee_public_keys
    const [signing] = keys.keyset.receipt_signing_keys
    if (!kem || !signing) throw new Error('no keys')
    const withKeyset = (keyset: Keyset) =>
      outcome({ keyset, claims: { keyset: keysetDigest(keyset) }, signer: keys })
    const lowOrder = `${kem.public_key.slice(0, -64)}${'0'.repeat(64)}`

    expect(await outcome({ keyset: (await newKeys()).keyset })).toBe('claims.keyset')
    expect(await withKeyset({ ...keys.keyset, subject: 'chrysalis:mainnet' })).toBe('claims.keyset')
    expect(await withKeyset({ ...keys.keyset, e2ee_public_keys: [] })).toBe('claims.keyset')
    expect(await withKeyset({ ...keys.keyset, e2ee_public_keys: [kem, kem] })).toBe('claims.keyset')
    expect(
      await withKeyset({
        ...keys.keyset,
        receipt_signing_keys: [{ ...signing, public_key: 'ab' }],
      }),
    ).toBe('claims.keyset')
    const short = { ...kem, public_key: kem.public_key.slice(2) }
    expect(await withKeyset({ ...keys.keyset, e2ee_public_keys: [short] })).toBe('claims.kem-key')
    expect(
      await withKeyset({ ...keys.keyset, e2ee_public_keys: [{ ...kem, public_key: lowOrder }] }),
    ).toBe('claims.kem-key')
    const unknown = { algo: 'kyber-9000', key_id: 'x', public_key: 'ab' }
    expect(await withKeyset({ ...keys.keyset, e2ee_public_keys: [unknown, kem] })).toBe('admitted')
  })

  it('refuses claims without a canonical form, which nobody can have signed', async () => {
    const { admission } = setUp()
    const challenge = admission.challenge()
    const honest = await evidenceOf(await newKeys(), challenge)
    for (const change of [{ payout: '\ud800' }, { image: '\udc00x' }, { epoch: -0 }]) {
      const evidence = { ...honest, claims: { ...honest.claims, ...change } }
      const result = await admission.check({ hello: someHello(), challenge, evidence })
      expect(result).toMatchObject({
        ok: false,
        code: expect.stringMatching(/^(claims.shape|admission.rate)$/),
      })
    }
  })

  it('refuses claims that the fresh keys did not sign', async () => {
    expect(await outcome({ signer: await newKeys() })).toBe('claims.sig')
  })

  it('refuses a KEM key that another worker showed before', async () => {
    const { admission } = setUp()
    const [victim, thief] = [await newKeys(), await newKeys()]
    const admit = async (keys: WorkerKeys, keyset: Keyset) => {
      const challenge = admission.challenge()
      const evidence = await evidenceOf(keys, challenge, {
        keyset,
        claims: { keyset: keysetDigest(keyset) },
      })
      const result = await admission.check({ hello: someHello(), challenge, evidence })
      return result.ok ? 'admitted' : result.code
    }
    const stolen = { ...thief.keyset, e2ee_public_keys: victim.keyset.e2ee_public_keys }

    expect(await admit(victim, victim.keyset)).toBe('admitted')
    expect(await admit(thief, stolen)).toBe('claims.key-reuse')
    expect(await admit(victim, victim.keyset)).toBe('admitted')
  })

  it('refuses simulated evidence everywhere but on the dev network', async () => {
    const keys = await newKeys('testnet')
    const { admission } = setUp({ net: 'testnet' })
    const challenge = admission.challenge()
    const evidence = await evidenceOf(keys, challenge, { claims: { net: 'testnet' } })
    const hello = someHello({ net: 'testnet' })
    const result = await admission.check({ hello, challenge, evidence })

    expect(result).toMatchObject({ ok: false, code: 'admission.evidence', reason: 'X509_ROOT' })
  })

  it.each<[string, Change, SetUp, TeeCode]>([
    ['bytes that are no quote', { quote: 'AAAA' }, {}, 'TDX_SIZE'],
    ['a machine of another dev network', { foreign: true }, {}, 'X509_ROOT'],
    [
      'another image',
      { machine: { registers: { rtmr2: new Uint8Array(48).fill(1) } } },
      {},
      'POL_MEASUREMENT',
    ],
    [
      'a debug machine',
      { machine: { edits: { report: (bytes) => void (bytes[120] = 1) } } },
      {},
      'TDX_DEBUG',
    ],
    [
      'old firmware',
      { machine: { edits: { platform: { components: [2, 2, 2, 2, 3, ...Array(11).fill(0)] } } } },
      {},
      'TCB_STATUS',
    ],
    [
      'an empty policy',
      {},
      { policy: (policy) => ({ ...policy, entries: [] }) },
      'POL_MEASUREMENT',
    ],
    [
      'a model that is not listed',
      {},
      {
        policy: (policy) => ({
          ...policy,
          entries: policy.entries.map((one) => ({ ...one, models: [] })),
        }),
      },
      'CLM_MODEL',
    ],
    [
      'a withdrawn machine',
      {},
      { policy: (policy) => ({ ...policy, deny: { ...policy.deny, measurements: [devMrTd] } }) },
      'POL_DENIED',
    ],
    ['a machine nobody enrolled', {}, { hardwareAnswer: 'HW_UNKNOWN' }, 'HW_UNKNOWN'],
    ['a payout to somebody else', { claims: { payout: 'EQ-thief' } }, {}, 'CLM_PAYOUT'],
  ])('refuses %s by its own reason, in a sentence', async (...[, change, options, reason]) => {
    const claims =
      reason === 'CLM_MODEL'
        ? { models: [{ id: 'm' as never, weights: `sha256:${'1'.repeat(64)}` }] }
        : { ...change.claims }
    const { admission } = setUp(options)
    const challenge = admission.challenge()
    const evidence = await evidenceOf(await newKeys(), challenge, { ...change, claims })
    const result = await admission.check({ hello: someHello(), challenge, evidence })

    expect(result).toMatchObject({ ok: false, reason })
    expect(result.verdict).toMatchObject({
      ok: false,
      reason,
      sentence: expect.stringMatching(/\w\.$/),
    })
    broker.check(result.verdict)
  })

  it('refuses a quote over other claims', async () => {
    const { admission } = setUp()
    const challenge = admission.challenge()
    const keys = await newKeys()
    const honest = await evidenceOf(keys, challenge)
    const other = await evidenceOf(keys, challenge, { claims: { image: 'other' } })
    const bound = await admission.check({
      hello: someHello(),
      challenge,
      evidence: { ...honest, quote: other.quote },
    })
    expect(bound).toMatchObject({ ok: false, reason: 'CLM_BINDING' })
  })

  it('gives the verifier the report data and GPU nonce that the claims bind', async () => {
    const asked: { reportData: Uint8Array; gpuNonce: Uint8Array; claims: Claims }[] = []
    const verify: EvidenceVerifier['verify'] = async ({ claims }, expected) => {
      asked.push({ ...expected, claims })
      throw refusalOf('TDX_SIG')
    }

    expect(await outcome({}, { verifier: { verify } })).toBe('admission.evidence')
    const [first] = asked
    if (!first) throw new Error('not asked')
    expect(first.reportData).toEqual(reportData(first.claims))
    expect(first.reportData.length).toBe(64)
    expect(first.gpuNonce).toEqual(gpuNonce({ ...first.claims, gpus: [] }))
  })

  it('ends a session with its evidence', async () => {
    const { admission } = setUp({
      policy: (policy) => ({
        ...policy,
        notAfter: NOW_S + 60,
        entries: policy.entries.map((one) => ({ ...one, until: NOW_S + 90 })),
      }),
    })
    const challenge = admission.challenge()
    const evidence = await evidenceOf(await newKeys(), challenge)

    const result = await admission.check({ hello: someHello(), challenge, evidence })

    expect(result).toMatchObject({ ok: true, tier: 'simulated', expiresAt: NOW_S + 60 })
  })

  it('keeps a record under its own hash before the worker hears of it', async () => {
    const { admission, attestation } = setUp()
    const challenge = admission.challenge()
    const evidence = await evidenceOf(await newKeys(), challenge)

    const result = await admission.check({ hello: someHello(), challenge, evidence })

    if (!result.ok) throw new Error(result.code)
    const text = attestation.records.get(result.evidenceId) ?? ''
    const read = readEvidenceRecord(JSON.parse(text), nodeHashes)
    expect(read?.id).toBe(result.evidenceId)
    expect(read?.data.claims).toEqual(evidence.claims)
    expect(read?.data.policy).toEqual(attestation.policy())
    expect(read?.data.collateral).toHaveProperty('tcb_info')
    expect(read?.document.claims.tee_attested.status).toBe('unknown')
    expect(read?.document.claims.extra['tier']).toBe('simulated')
  })

  it('admits nobody whose record cannot be kept, and does not hold that against the owner', async () => {
    const keep = async () => {
      throw new AppError('stores.down')
    }
    const { admission } = setUp({ keep })
    for (let n = 0; n < 4; n++) {
      const challenge = admission.challenge()
      const evidence = await evidenceOf(await newKeys(), challenge)
      const result = await admission.check({ hello: someHello(), challenge, evidence })
      expect(result).toMatchObject({ ok: false, code: 'stores.down' })
    }
  })

  it('judges a session again by the policy of the moment', async () => {
    const { admission, attestation } = setUp()
    const challenge = admission.challenge()
    const evidence = await evidenceOf(await newKeys(), challenge)
    const result = await admission.check({ hello: someHello(), challenge, evidence })
    if (!result.ok) throw new Error(result.code)

    expect(admission.rejudge(result)).toBeUndefined()
    attestation.setPolicy((policy) => ({
      ...policy,
      deny: { ...policy.deny, kids: [result.kid] },
    }))
    expect(admission.rejudge(result)).toBe('POL_DENIED')
  })

  it('talks to no one without the owner\u2019s token, and pauses a token after three refusals', async () => {
    const { admission, clock } = setUp()
    const refuse = async () => {
      const challenge = admission.challenge()
      const evidence = await evidenceOf(await newKeys(), challenge, { claims: { epoch: 1 } })
      const result = await admission.check({ hello: someHello(), challenge, evidence })
      return result.ok ? 'admitted' : result.code
    }

    expect(admission.checkHello(someHello({ join: 'another' }))?.code).toBe('admission.join')
    expect(admission.checkHello(someHello({ net: 'testnet' }))?.code).toBe('net.mismatch')
    expect(admission.checkHello(someHello())).toBeUndefined()
    for (let n = 0; n < 3; n++) expect(await refuse()).toBe('claims.epoch')
    expect(await refuse()).toBe('admission.rate')
    clock.turn(3_600_000)
    expect(admission.checkHello(someHello())).toBeUndefined()
  })
})

describe('the names of workers', () => {
  it('are the first characters of their keyset’s digest', async () => {
    const keys = await newKeys()

    expect(kidOf(keys.keyset)).toBe(keys.kid)
    expect(keys.digest).toBe(`sha256:${keys.digest.slice(7)}`)
    expect(keys.digest.slice(7, 39)).toBe(keys.kid)
  })
})
