import { describe, expect, test } from 'vitest'
import {
  browserHashes,
  checkSignaturesByWebCrypto,
} from '../../../../src/gateway/proof-page/browser-crypto.ts'
import { NOT_PROVEN_RU, SENTENCES_RU } from '../../../../src/gateway/proof-page/sentences-ru.ts'
import { checkSignaturesByNode, nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import { padRecord } from '../../../../src/tee/sealing/record.ts'
import { type ProofBundle, readBundle } from '../../../../src/tee/verify/proof/bundle.ts'
import type { CheckName, ProofReport } from '../../../../src/tee/verify/proof/report.ts'
import type { ProofOptions } from '../../../../src/tee/verify/proof/scene.ts'
import { NOT_PROVEN_EN, SENTENCES_EN } from '../../../../src/tee/verify/proof/sentences-en.ts'
import { verifyProof } from '../../../../src/tee/verify/proof/verify-proof.ts'
import { recordBytes } from '../../../../src/tee/verify/record-bytes.ts'
import {
  bundleOf,
  madeProof,
  PROOF_INPUT,
  PROOF_OUTPUT,
  type ProofWish,
} from '../../../support/proof.ts'
import { NOW_S } from '../../../support/tee.ts'

const byNode = { hashes: nodeHashes, checkSignatures: checkSignaturesByNode }
const byBrowser = { hashes: browserHashes, checkSignatures: checkSignaturesByWebCrypto }

const verify = (bundle: ProofBundle, more: Partial<ProofOptions> = {}): Promise<ProofReport> =>
  verifyProof(bundle, { ...byNode, ...more })

const saysOf = (report: ProofReport, name: CheckName): string =>
  report.checks.find((check) => check.name === name)?.says ?? ''
const wrong = (report: ProofReport): string[] =>
  report.checks.filter(({ state }) => state === 'refuted').map(({ says }) => says)
const codesOf = (report: ProofReport): string[] => report.checks.flatMap(({ codes }) => codes)

describe('the proof of a devnet answer', () => {
  test('has nothing refuted, and says first that nothing of it is proven', async () => {
    const { bundle } = await madeProof()

    const report = await verify(bundle)

    expect(wrong(report)).toEqual([])
    expect(report).toMatchObject({ isSimulated: true, profile: 'D', isAccepted: true })
    expect(report.notProven).toContain('test-network')
    expect(report.notProven).not.toContain('operator')
    expect(report.checks.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(saysOf(report, 'hardware')).toBe('hardware.simulated')
    expect(saysOf(report, 'gateway')).toBe('gateway.operator')
    expect(report.facts).toMatchObject({ tier: 'simulated', task: 'translate' })
  })

  test('calls nothing proven, not even what holds to the letter', async () => {
    const { bundle, text } = await madeProof({ gpus: 1 })
    const { policy } = await verify(bundle)

    const report = await verify(bundle, {
      text,
      ...(policy && { seen: policy, policyHash: policy.sha256 }),
    })

    expect(report.counts).toEqual({ proven: 0, asserted: 9, 'not-checked': 2, refuted: 0 })
  })

  test('with two GPUs names them as the test root’s, and says what ties them to the machine', async () => {
    const { bundle } = await madeProof({ gpus: 2 })

    const report = await verify(bundle)

    expect(saysOf(report, 'gpu')).toBe('gpu.ok')
    expect(wrong(report)).toEqual([])
    expect(report.notProven).toContain('gpu-place')
  })

  test('is the same in a browser’s cryptography, and nothing of it depends on today’s date', async () => {
    const { bundle, text } = await madeProof()

    const [node, browser] = [
      await verify(bundle, { text }),
      await verify(bundle, { ...byBrowser, text }),
    ]

    expect(browser).toEqual(node)
  })

  test('takes the answer as it was copied, and refuses one changed letter', async () => {
    const { bundle, text } = await madeProof()

    const right = await verify(bundle, {
      text: `${text.replace('- ', '• ')}\nGerman → English · test`,
    })
    const changed = await verify(bundle, { text: text.replace('18:00', '19:00') })

    expect(saysOf(right, 'text')).toBe('text.ok')
    expect(right.checks.find(({ name }) => name === 'text')?.state).toBe('asserted')
    expect(wrong(changed)).toEqual(['text.differs'])
    expect(codesOf(changed)).toEqual(['RCP_OUTPUT'])
  })

  test('without its salts lets no text be compared, and keeps everything else', async () => {
    const { bundle, text } = await madeProof()
    const { receipt, note, evidence } = bundle

    const report = await verify({ receipt, note, evidence }, { text })

    expect(saysOf(report, 'text')).toBe('text.no-salt')
    expect(wrong(report)).toEqual([])
  })

  test('with its policy’s hash given is refused for any other hash', async () => {
    const { bundle } = await madeProof()
    const sha256 = (await verify(bundle)).policy?.sha256 ?? ''

    expect(wrong(await verify(bundle, { policyHash: sha256 }))).toEqual([])
    const other = await verify(bundle, { policyHash: '0'.repeat(64) })
    expect(wrong(other)).toEqual(['policy.other-hash'])
    expect(codesOf(other)).toEqual(['POL_ANCHOR'])
  })

  test('shows a list older than one seen before, or another of the same number, as rolled back', async () => {
    const { bundle } = await madeProof()
    const { policy } = await verify(bundle)
    if (!policy) throw new TypeError('no policy')
    const earlier = policy.checkedAt - 1

    const cases = [
      [{ ...policy, checkedAt: earlier }, []],
      [{ ...policy, epoch: 2, checkedAt: earlier }, ['rollback.older']],
      // Evidence from before the newer list existed may cite the old one.
      [{ ...policy, epoch: 2, checkedAt: policy.checkedAt + 1 }, []],
      [{ ...policy, sha256: '0'.repeat(64) }, ['rollback.forked']],
    ] as const
    for (const [seen, expected] of cases)
      expect(wrong(await verify(bundle, { seen }))).toEqual(expected)
  })

  test('of a receipt alone says that nothing could be checked by it', async () => {
    const { bundle } = await madeProof()
    const alone = readBundle(bundle.receipt)
    if (!alone) throw new TypeError('no bundle')

    const report = await verify(alone)

    expect(saysOf(report, 'receipt')).toBe('receipt.no-keys')
    expect(report).toMatchObject({ isAccepted: false, counts: { proven: 0, refuted: 0 } })
  })
})

describe('a proof whose parts do not belong together', () => {
  const cases: readonly (readonly [string, ProofWish, string, string])[] = [
    [
      'weights that were not claimed',
      { receipt: { weights: `sha256:${'0'.repeat(64)}` } },
      'weights.differ',
      'RCP_WEIGHTS',
    ],
    [
      'another network in the receipt',
      { receipt: { net: 'testnet' } },
      'receipt.mixed',
      'RCP_RELEASE',
    ],
    [
      'another evidence record in the receipt',
      { receipt: { evidenceId: '0'.repeat(64) } },
      'binding.other-record',
      'PRF_EVIDENCE',
    ],
    [
      'a policy changed after it was signed',
      {
        data: (it) => ({ ...it, policy: { ...Object(it.policy), minEvalNumber: 1 } }),
      },
      'policy.changed',
      'POL_SIG',
    ],
    [
      'a policy that is none',
      { data: (it) => ({ ...it, policy: { v: 1 } }) },
      'policy.changed',
      'POL_SHAPE',
    ],
    [
      'a policy without this machine',
      { policy: (it) => ({ ...it, entries: [] }) },
      'policy.refused',
      'POL_MEASUREMENT',
    ],
    [
      'a policy that withdrew the model',
      {
        policy: (it) => ({ ...it, entries: it.entries.map((entry) => ({ ...entry, models: [] })) }),
      },
      'weights.unlisted',
      'CLM_MODEL',
    ],
    [
      'claims that were not quoted',
      { data: (it) => ({ ...it, claims: { ...it.claims, payout: 'mine' } }) },
      'binding.not-in-quote',
      'CLM_BINDING',
    ],
    [
      'an admission signed by nobody',
      { data: (it) => ({ ...it, sig: 'A'.repeat(86) }) },
      'binding.changed',
      'CLM_SIG',
    ],
    [
      'the evidence of another moment',
      { data: (it) => ({ ...it, checkedAt: it.checkedAt + 90 * 86_400_000 }) },
      'hardware.refused',
      'COL_TIME',
    ],
    [
      'the roots of another dev network',
      { data: (it) => ({ ...it, devRoots: { intel: ['0'.repeat(64)], amd: [], nvidia: [] } }) },
      'hardware.refused',
      'X509_ROOT',
    ],
    [
      'no roots of its dev network',
      { data: ({ devRoots: _gone, ...it }) => it },
      'hardware.refused',
      'X509_ROOT',
    ],
    [
      'a GPU that was not claimed',
      { gpus: 1, data: (it) => ({ ...it, gpu: [...it.gpu, ...it.gpu] }) },
      'gpu.refused',
      'CLM_GPU_HASH',
    ],
    [
      'a GPU left out',
      { gpus: 1, data: (it) => ({ ...it, gpu: [] }) },
      'gpu.refused',
      'CLM_GPU_HASH',
    ],
    [
      'a receipt with a member too many',
      { edit: (it) => ({ ...it, more: 1 }) },
      'receipt.malformed',
      'RCP_SHAPE',
    ],
    [
      'a receipt of another key id',
      { edit: (it) => ({ ...it, key_id: 'r2' }) },
      'receipt.other-key',
      'RCP_KEY',
    ],
    [
      'a receipt of another keyset',
      { edit: (it) => ({ ...it, workload_keyset_digest: `sha256:${'0'.repeat(64)}` }) },
      'receipt.other-key',
      'RCP_KEYSET',
    ],
    [
      'a receipt from before the evidence',
      { edit: (it) => ({ ...it, served_at: NOW_S - 60 }) },
      'receipt.time',
      'RCP_TIME',
    ],
    [
      'a receipt from long after the session',
      { edit: (it) => ({ ...it, served_at: NOW_S + 3600 + 86_401 }) },
      'receipt.time',
      'RCP_TIME',
    ],
    [
      'a receipt whose id is of another attempt',
      { edit: (it) => ({ ...it, receipt_id: 'x.2' }) },
      'receipt.mixed',
      'RCP_RELEASE',
    ],
    [
      'a note that promises more than the evidence',
      { note: { tier: 'gpu-tee' } },
      'gateway.other-tier',
      'PRF_TIER',
    ],
    [
      'a note that books other units without having counted',
      { note: { units: { inTokens: 42, cachedTokens: 0, outTokens: 23, audioMs: 0 } } },
      'gateway.other-units',
      'RCP_UNITS',
    ],
  ]
  test.each(cases)('is refused: %s', async (...[, wish, says, code]) => {
    const { bundle } = await madeProof(wish)

    const report = await verify(bundle)

    expect(wrong(report)).toContain(says)
    expect(codesOf(report)).toContain(code)
    expect(report.isAccepted).toBe(false)
  })

  test('is refused with the note of another answer', async () => {
    const [one, other] = [await madeProof(), await madeProof()]

    const report = await verify(bundleOf({ ...one, note: other.note }))

    expect(wrong(report)).toEqual(['gateway.other-receipt'])
    expect(codesOf(report)).toEqual(['PRF_NOTE'])
  })
})

describe('exact contents, as an API client has them', () => {
  test('are rebuilt into the records that the receipt names', async () => {
    const { bundle } = await madeProof()

    const report = await verify(bundle, { contents: { input: PROOF_INPUT, output: PROOF_OUTPUT } })

    expect(saysOf(report, 'text')).toBe('text.records')
    expect(wrong(report)).toEqual([])
  })

  test('are refused with one byte changed, by the record that differs', async () => {
    const { bundle } = await madeProof()
    const other = (bytes: Uint8Array): Uint8Array =>
      bytes.map((byte, at) => (at === 3 ? byte ^ 1 : byte))

    const input = await verify(bundle, { contents: { input: other(PROOF_INPUT) } })
    const output = await verify(bundle, { contents: { output: other(PROOF_OUTPUT) } })

    expect(codesOf(input)).toEqual(['RCP_INPUT'])
    expect(codesOf(output)).toEqual(['RCP_OUTPUT'])
    expect(wrong(input)).toEqual(['text.other-records'])
  })

  test('are padded as the worker pads them, whatever their length', () => {
    const salt = new Uint8Array(32).fill(3)
    for (const length of [
      0, 1, 475, 476, 477, 2012, 4060, 4061, 5000, 20_000, 1_000_000, 1_048_540,
    ])
      expect(
        Buffer.from(padRecord(new Uint8Array(length), salt)).equals(
          recordBytes(new Uint8Array(length), salt) ?? new Uint8Array(),
        ),
      ).toBe(true)
    expect(recordBytes(new Uint8Array(1_048_541), salt)).toBeUndefined()
  })
})

describe('sentences', () => {
  test('stand in both languages, each different from all others', () => {
    for (const sentences of [SENTENCES_EN, SENTENCES_RU]) {
      const all = Object.values(sentences)
      expect(all.every((it) => it.length > 10)).toBe(true)
    }
    expect(Object.keys(NOT_PROVEN_RU)).toEqual(Object.keys(NOT_PROVEN_EN))
    expect(NOT_PROVEN_EN.telegram).toBe(
      'Telegram can read this chat; bots are not end-to-end encrypted.',
    )
    expect(NOT_PROVEN_EN['test-network']).toBe('Test network: nothing here is proven.')
  })
})
