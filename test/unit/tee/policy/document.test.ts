import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../../../src/core/bytes.ts'
import { nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import {
  NO_POLICY,
  type Policy,
  parsePolicy,
  parsePolicyDraft,
  policyBytes,
  policyDigest,
  policyOf,
} from '../../../../src/tee/verify/policy/document.ts'
import { Signers } from '../../../../src/tee/verify/policy/signatures.ts'
import { checkPolicyTime, checkSuccession } from '../../../../src/tee/verify/policy/succession.ts'
import {
  dayS,
  failedSignatures,
  NOW_MS,
  register,
  signedBy,
  signersOf,
  snpEntry,
  somePolicy,
  someSigners,
  tdxEntry,
  teeThrown,
} from '../../../support/policy.ts'
import { NOW_S } from '../../../support/tee.ts'

const trio = someSigners(3)
const signers = signersOf('mainnet', trio)
const signed = signedBy(somePolicy(), trio.slice(0, 2))

describe('the document', () => {
  it('reads back from its canonical bytes, and its digest is the file’s own checksum', () => {
    const bytes = policyBytes(signed)

    expect(parsePolicy(bytes)).toEqual(signed)
    expect(policyDigest(signed, nodeHashes)).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  it('is read as a draft with blanks and any order, and refused so where it is hashed', () => {
    const pretty = JSON.stringify(signed, null, 2)

    expect(parsePolicyDraft(pretty)).toEqual(signed)
    expect(teeThrown(() => parsePolicy(utf8(pretty)))).toBe('POL_SHAPE')
    expect(teeThrown(() => parsePolicy(utf8(`${fromUtf8(policyBytes(signed))}\n`)))).toBe(
      'POL_SHAPE',
    )
  })

  it.each([
    ['an unknown member', { ...signed, allowAll: true }],
    ['an unknown member of an entry', { ...signed, entries: [{ ...tdxEntry(), debug: true }] }],
    ['an unknown member of deny', { ...signed, deny: { ...signed.deny, all: [] } }],
    ['no deny list', { ...signed, deny: undefined }],
    ['another version', { ...signed, v: 2 }],
    ['epoch 0', { ...signed, epoch: 0 }],
    ['a tolerance of more than 30 days', { ...signed, tcb: { outOfDateDays: 31, advisories: [] } }],
    ['a signature that is too short', { ...signed, signatures: [{ key: 'aa', sig: 'bb' }] }],
    ['a list instead of an object', [signed]],
  ])('is refused with %s', (_, value) => {
    expect(teeThrown(() => policyOf(JSON.parse(JSON.stringify(value))))).toBe('POL_SHAPE')
  })

  it.each([
    ['a duplicate member', '{"v":1,"v":1}'],
    ['a fraction', '{"v":1.5}'],
    ['no JSON', 'policy'],
    ['nothing', ''],
  ])('is refused as %s', (_, text) => {
    expect(teeThrown(() => parsePolicyDraft(text))).toBe('POL_SHAPE')
  })

  it('is refused above 1 MiB and with −0', () => {
    expect(teeThrown(() => parsePolicyDraft(' '.repeat(1_048_577)))).toBe('POL_SHAPE')
    expect(teeThrown(() => policyBytes({ ...signed, minEvalNumber: -0 }))).toBe('POL_SHAPE')
  })

  it('names the member that makes no sense', () => {
    const field = (change: Partial<Policy>) => teeThrown(() => policyOf(somePolicy(change)))

    expect(field({ notAfter: NOW_S - 2 * dayS })).toBe('POL_SHAPE notAfter')
    expect(field({ epoch: 2 })).toBe('POL_SHAPE prev')
    expect(field({ prev: register(1, 32) })).toBe('POL_SHAPE prev')
    expect(field({ entries: [tdxEntry({ composeHash: register(1, 32) })] })).toBe('POL_SHAPE rtmr3')
    expect(field({ entries: [tdxEntry({ until: NOW_S - 2 * dayS })] })).toBe('POL_SHAPE until')
  })
})

describe('no switch exists for', () => {
  const field = (change: Partial<Policy>) => teeThrown(() => policyOf(somePolicy(change)))
  const attributes = (hex: string) => field({ entries: [tdxEntry({ tdAttributes: hex })] })
  const guest = (policy: string) => field({ entries: [snpEntry({ policy })] })

  it('a debug domain, nor for one without SEPT_VE_DISABLE, nor for unknown attribute bits', () => {
    expect(attributes('0000001000000000')).toBe('nothing thrown')
    expect(attributes('000000d000000080')).toBe('nothing thrown')
    expect(attributes('0100001000000000')).toBe('POL_SHAPE tdAttributes')
    expect(attributes('0000000000000000')).toBe('POL_SHAPE tdAttributes')
    expect(attributes('0000003000000000')).toBe('POL_SHAPE tdAttributes')
  })

  it('features outside the module’s list or without the basic two', () => {
    expect(field({ entries: [tdxEntry({ xfam: '0100000000000000' })] })).toBe('POL_SHAPE xfam')
    expect(field({ entries: [tdxEntry({ xfam: '1b00000000000000' })] })).toBe('POL_SHAPE xfam')
  })

  it('a guest that may be debugged or moved, nor for reserved bits', () => {
    expect(guest('0000000000030000')).toBe('nothing thrown')
    expect(guest('00000000000b0000')).toBe('POL_SHAPE policy')
    expect(guest('0000000000070000')).toBe('POL_SHAPE policy')
    expect(guest('0000000000010000')).toBe('POL_SHAPE policy')
    expect(guest('0000000004030000')).toBe('POL_SHAPE policy')
  })

  it('Milan, simulated machines and any model, except on devnet', () => {
    const milan = snpEntry({ product: 'Milan' })
    const simulated = tdxEntry({ mrtd: `53494d${register(0, 45)}` })
    const simulatedGuest = snpEntry({ measurement: `53494d${register(0, 45)}` })
    const any = tdxEntry({ models: 'any' })

    for (const net of ['mainnet', 'testnet'] as const) {
      expect(field({ net, entries: [milan] })).toBe('POL_SHAPE product')
      expect(field({ net, entries: [simulated] })).toBe('POL_SHAPE mrtd')
      expect(field({ net, entries: [simulatedGuest] })).toBe('POL_SHAPE measurement')
      expect(field({ net, entries: [any] })).toBe('POL_SHAPE models')
    }
    for (const entry of [milan, simulated, simulatedGuest, any])
      expect(field({ net: 'devnet', entries: [entry] })).toBe('nothing thrown')
  })

  it('a Turin minimum without its extra part, or that part elsewhere', () => {
    const minTcb = { bl: 1, tee: 0, snp: 1, ucode: 1 }
    const turin = (change: object) =>
      field({ entries: [snpEntry({ product: 'Turin', minTcb: { ...minTcb, ...change } })] })

    expect(turin({ fmc: 1 })).toBe('nothing thrown')
    expect(turin({})).toBe('POL_SHAPE minTcb')
    expect(field({ entries: [snpEntry({ minTcb: { ...minTcb, fmc: 1 } })] })).toBe(
      'POL_SHAPE minTcb',
    )
  })
})

describe('signatures', () => {
  it('of two or three of three signers are enough on mainnet and testnet, of the one on devnet', async () => {
    expect(await failedSignatures(signed, signers)).toEqual([])
    expect(await failedSignatures(signedBy(somePolicy(), trio), signers)).toEqual([])
    const one = someSigners(1)
    const dev = signedBy(somePolicy({ net: 'devnet' }), one)
    expect(await failedSignatures(dev, signersOf('devnet', one))).toEqual([])
  })

  it('none, one, one twice, a stranger’s and a false one are refused', async () => {
    const [first] = signed.signatures
    const stranger = signedBy(somePolicy(), [...trio.slice(0, 1), ...someSigners(1)])
    const swapped = { ...signed, signatures: signed.signatures.toReversed() }
    const cases: Policy[] = [
      somePolicy(),
      signedBy(somePolicy(), trio.slice(0, 1)),
      { ...signed, signatures: first ? [first, first] : [] },
      stranger,
      swapped,
      { ...signed, minEvalNumber: 1 },
    ]

    for (const policy of cases) expect(await failedSignatures(policy, signers)).toContain('POL_SIG')
  })

  it('a third one that is false refuses the document that two would carry', async () => {
    const three = signedBy(somePolicy(), trio)
    const broken = three.signatures.map((one, at) =>
      at === 1 ? { ...one, sig: register(1, 64) } : one,
    )

    expect(await failedSignatures({ ...three, signatures: broken }, signers)).toEqual(['POL_SIG'])
  })

  it('of another network do not count', async () => {
    expect(await failedSignatures(signed, signersOf('testnet', trio))).toContain('NET_MISMATCH')
  })

  it('the list of signers is three different keys, or one on devnet', () => {
    const keys = trio.map(({ publicKey }) => Buffer.from(publicKey).toString('hex'))
    const [a = '', b = '', c = ''] = keys

    expect(teeThrown(() => Signers.forNet('mainnet', [a]))).toBe('POL_SIG keys')
    expect(teeThrown(() => Signers.forNet('mainnet', [a, b]))).toBe('POL_SIG keys')
    expect(teeThrown(() => Signers.forNet('mainnet', [a, b, b]))).toBe('POL_SIG keys')
    expect(teeThrown(() => Signers.forNet('testnet', [a, b, 'zz']))).toBe('POL_SIG keys')
    expect(teeThrown(() => Signers.forNet('devnet', []))).toBe('POL_SIG keys')
    expect(Signers.forNet('mainnet', [a, b, c]).need).toBe(2)
  })

  it('any single changed byte of a signed document is refused', async () => {
    const bytes = policyBytes(signed)
    const change = fc.record({ at: fc.nat(bytes.length - 1), by: fc.integer({ min: 1, max: 255 }) })

    await fc.assert(
      fc.asyncProperty(change, async ({ at, by }) => {
        const changed = Uint8Array.from(bytes)
        changed[at] = (bytes[at] ?? 0) ^ by
        let policy: Policy
        try {
          policy = parsePolicy(changed)
        } catch {
          return
        }
        expect(await failedSignatures(policy, signers)).not.toEqual([])
      }),
      { numRuns: 1000 },
    )
  })
})

describe('succession', () => {
  const seen = { epoch: 7, sha256: register(7, 32) }
  const next = (epoch: number, prev = seen.sha256, sha256 = register(8, 32)) =>
    checkSuccession({ epoch, prev, sha256 }, seen)

  it('goes one epoch at a time and names the document before', () => {
    expect(next(8)).toBeUndefined()
    expect(next(7, NO_POLICY, seen.sha256)).toBeUndefined()
    expect(
      checkSuccession({ epoch: 5, prev: register(4, 32), sha256: '' }, undefined),
    ).toBeUndefined()
  })

  it('refuses roll-back, another document of the same epoch, a gap, and a foreign predecessor', () => {
    expect(next(6)).toBe('POL_ROLLBACK')
    expect(next(7)).toBe('POL_ROLLBACK')
    expect(next(9)).toBe('POL_EPOCH_GAP')
    expect(next(8, register(6, 32))).toBe('POL_EPOCH_GAP')
  })

  it('has its time: early before, expired after, both ends included, and no number is no time', () => {
    const policy = somePolicy()
    const at = (ms: number) => checkPolicyTime(policy, ms)

    expect(at(policy.notBefore * 1000)).toBeUndefined()
    expect(at(policy.notAfter * 1000)).toBeUndefined()
    expect(at(policy.notBefore * 1000 - 1)).toBe('POL_EARLY')
    expect(at(policy.notAfter * 1000 + 1)).toBe('POL_EXPIRED')
    expect(at(Number.NaN)).toBe('X509_NOW')
    expect(at(NOW_MS + 0.5)).toBe('X509_NOW')
  })
})
