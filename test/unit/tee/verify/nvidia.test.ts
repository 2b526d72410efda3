import { describe, expect, test } from 'vitest'
import { concat, toHex } from '../../../../src/core/bytes.ts'
import type { DevGpuWish, GpuEdits } from '../../../../src/tee/dev/gpu.ts'
import { devName, extension } from '../../../../src/tee/dev/pki.ts'
import { Anchors } from '../../../../src/tee/verify/anchors.ts'
import type { TeeCode } from '../../../../src/tee/verify/codes.ts'
import type { GpuEvidence } from '../../../../src/tee/verify/nvidia/verify.ts'
import { pemToDer } from '../../../../src/tee/verify/pem.ts'
import { devPki, judgeGpu, makeGpu, NONCE, NOW } from '../../../support/dev-evidence.ts'

const DAY = 86_400_000
/** First byte of the response; of its measurement record; of the opaque part. */
const RESPONSE = 37
const RECORD = RESPONSE + 8
const OPAQUE = RECORD + 64 * 55 + 32

const report = (edit: (bytes: Uint8Array) => Uint8Array | undefined): Partial<DevGpuWish> => ({
  edits: { report: edit },
})
const setByte = (at: number, value: number): Partial<DevGpuWish> =>
  report((bytes) => {
    bytes[at] = value
    return bytes
  })
const opaque = (edit: (entries: Map<number, Uint8Array>) => void): Partial<DevGpuWish> => ({
  edits: { opaque: edit },
})
const entry = (kind: number, ...value: number[]): Partial<DevGpuWish> =>
  opaque((entries) => entries.set(kind, Uint8Array.from(value)))
const without = (kind: number): Partial<DevGpuWish> => opaque((entries) => entries.delete(kind))
const evidence = (edit: (bytes: Uint8Array) => Uint8Array | undefined): Partial<DevGpuWish> => ({
  edits: { evidence: edit },
})
const certificate = (edit: NonNullable<GpuEdits['certificate']>): Partial<DevGpuWish> => ({
  edits: { certificate: edit },
})
const driver = (text: string): Partial<DevGpuWish> => entry(3, ...Buffer.from(text))

describe('what holds', () => {
  test('a report of a dev GPU', async () => {
    const verdict = await judgeGpu(makeGpu())

    expect(verdict.failed).toEqual([])
    expect(verdict.reportData).toEqual(NONCE)
    expect(verdict.measurements).toMatchObject({
      tee: 'nvidia',
      driver: '580.95.05',
      vbios: '96.00.9f.00.01',
    })
  })

  test('a GPU is named by the key of its boot ROM, whatever it reports', async () => {
    const other = new Uint8Array(32).fill(9)
    const [one, again, two] = await Promise.all([
      judgeGpu(makeGpu()),
      judgeGpu({ ...makeGpu({ nonce: other }), nonce: other }),
      judgeGpu(makeGpu({ device: 'second' })),
    ])

    expect(again.hardware).toBe(one.hardware)
    expect(two.hardware).not.toBe(one.hardware)
  })

  test('the measurement of a decoder that is on counts', async () => {
    for (const [wish, isThere] of [
      [entry(11, 0x55), false],
      [entry(11, 0xaa), true],
      [without(11), true],
    ] as const) {
      const { ok, measurements } = await judgeGpu(makeGpu(wish))

      expect(ok).toBe(true)
      expect(measurements?.tee === 'nvidia' && '35' in measurements.blocks).toBe(isThere)
    }
  })

  test('older drivers without a word on the mode, and a driver text without its zero, are read', async () => {
    expect((await judgeGpu(makeGpu(without(36)))).failed).toEqual([])
    expect((await judgeGpu(makeGpu(driver('535.129')))).failed).toEqual([])
  })

  test('no, one and 64 zero bytes may follow', async () => {
    for (const zeros of [0, 1, 64]) {
      const wish = evidence((bytes) => concat(bytes.subarray(0, -1), new Uint8Array(zeros)))

      expect((await judgeGpu(makeGpu(wish))).failed).toEqual([])
    }
  })

  test('the chain as DER is the chain as text', async () => {
    const made = makeGpu()

    expect(await judgeGpu({ ...made, chain: pemToDer(made.chain, 5) })).toEqual(
      await judgeGpu(made),
    )
  })
})

type Case = readonly [title: string, wish: Partial<DevGpuWish>, failed: readonly TeeCode[]]

const refused: readonly Case[] = [
  ['a request of SPDM 1.2', setByte(0, 0x12), ['GPU_LAYOUT']],
  ['another request', setByte(1, 0x81), ['GPU_LAYOUT']],
  ['a request for no signature', setByte(2, 0), ['GPU_LAYOUT']],
  ['a request for one measurement', setByte(3, 1), ['GPU_LAYOUT']],
  ['a request to another slot', setByte(36, 1), ['GPU_LAYOUT']],
  ['a response of SPDM 1.0', setByte(RESPONSE, 0x10), ['GPU_LAYOUT']],
  ['an error for a response', setByte(RESPONSE + 1, 0x7f), ['GPU_LAYOUT']],
  ['a parameter in the response', setByte(RESPONSE + 2, 1), ['GPU_LAYOUT']],
  ['a slot in the response', setByte(RESPONSE + 3, 1), ['GPU_LAYOUT']],
  ['63 measurements', setByte(RESPONSE + 4, 63), ['GPU_LAYOUT']],
  ['65 measurements', setByte(RESPONSE + 4, 65), ['GPU_LAYOUT']],
  ['a record one byte short', setByte(RESPONSE + 5, 0xbf), ['GPU_LAYOUT']],
  ['a record far too long', setByte(RESPONSE + 7, 1), ['GPU_LAYOUT']],
  ['a first index of 0', setByte(RECORD, 0), ['GPU_LAYOUT']],
  ['an index twice', setByte(RECORD + 55, 1), ['GPU_LAYOUT']],
  ['indices out of order', setByte(RECORD + 63 * 55, 63), ['GPU_LAYOUT']],
  ['a measurement of another form', setByte(RECORD + 1, 2), ['GPU_LAYOUT']],
  ['a measurement of another size', setByte(RECORD + 2, 52), ['GPU_LAYOUT']],
  ['a digest of another size', setByte(RECORD + 5, 32), ['GPU_LAYOUT']],
  ['an opaque part that ends before its end', setByte(OPAQUE, 0), ['GPU_LAYOUT']],
  ['an opaque part beyond the evidence', setByte(OPAQUE + 1, 0xff), ['GPU_LAYOUT']],
  ['an entry beyond the opaque part', setByte(OPAQUE + 2 + 2, 0xff), ['GPU_LAYOUT']],
  [
    'an entry twice',
    report((bytes) => {
      const first = bytes.slice(OPAQUE + 2, OPAQUE + 2 + 14)
      const twice = concat(bytes, first)
      new DataView(twice.buffer).setUint16(OPAQUE, twice.length - OPAQUE - 2, true)
      return twice
    }),
    ['GPU_LAYOUT'],
  ],
  [
    'half an entry at the end',
    report((bytes) => {
      const longer = concat(bytes, Uint8Array.of(99, 0, 0))
      new DataView(longer.buffer).setUint16(OPAQUE, longer.length - OPAQUE - 2, true)
      return longer
    }),
    ['GPU_LAYOUT'],
  ],
  ['no driver version', without(3), ['GPU_LAYOUT']],
  ['an empty driver version', driver('\0'), ['GPU_LAYOUT']],
  ['a driver version of words', driver('latest\0'), ['GPU_LAYOUT']],
  ['a driver version with text behind its zero', driver('580.95\0.05'), ['GPU_LAYOUT']],
  ['a driver version of two zeros', driver('580.95.05\0\0'), ['GPU_LAYOUT']],
  ['no firmware version', without(6), ['GPU_LAYOUT']],
  ['a short firmware version', entry(6, 0, 0x9f, 0, 0x96), ['GPU_LAYOUT']],
  ['a decoder that is neither on nor off', entry(11, 1), ['GPU_LAYOUT']],
  ['a mode of one byte', entry(36, 0), ['GPU_LAYOUT']],
  ['one of several GPUs passed through', entry(36, 1, 0), ['GPU_ARCH']],
  ['GPUs joined by plain links', entry(36, 2, 0), ['GPU_ARCH']],
  ['an unknown mode', entry(36, 3, 0), ['GPU_ARCH']],
  ['no firmware digest', without(20), ['GPU_FWID']],
  ['another firmware’s digest', entry(20, ...new Uint8Array(48).fill(1)), ['GPU_FWID']],
  ['a short firmware digest', entry(20, ...new Uint8Array(32).fill(1)), ['GPU_FWID']],
  [
    'a leaf of no firmware',
    certificate((role, draft) =>
      role === 'leaf' ? { ...draft, extensions: draft.extensions.slice(0, 2) } : draft,
    ),
    ['GPU_FWID'],
  ],
  [
    'a leaf of other firmware',
    certificate((role, draft) =>
      role === 'leaf'
        ? {
            ...draft,
            extensions: [
              ...draft.extensions.slice(0, 2),
              extension('2.23.133.5.4.1', new Uint8Array(60)),
            ],
          }
        : draft,
    ),
    ['GPU_FWID'],
  ],
  [
    'a leaf whose firmware digest is short',
    certificate((role, draft) =>
      role === 'leaf'
        ? {
            ...draft,
            extensions: [
              ...draft.extensions.slice(0, 2),
              extension('2.23.133.5.4.1', new Uint8Array(20)),
            ],
          }
        : draft,
    ),
    ['GPU_FWID'],
  ],
  [
    'a measurement changed afterwards',
    evidence((bytes) => {
      bytes[RECORD + 9] = (bytes[RECORD + 9] ?? 0) ^ 1
      return bytes
    }),
    ['GPU_SIG'],
  ],
  [
    'a nonce changed afterwards',
    evidence((bytes) => {
      bytes[4] = (bytes[4] ?? 0) ^ 1
      return bytes
    }),
    ['GPU_SIG', 'GPU_NONCE'],
  ],
  [
    'a signature of zeros',
    evidence((bytes) => {
      bytes.fill(0, -97)
      return bytes
    }),
    ['GPU_SIG'],
  ],
  ['another nonce', { nonce: new Uint8Array(32) }, ['GPU_NONCE']],
  [
    'a byte behind the report',
    evidence((bytes) => concat(bytes, Uint8Array.of(1))),
    ['GPU_LAYOUT'],
  ],
  [
    '65 zero bytes behind the report',
    evidence((bytes) => concat(bytes, new Uint8Array(64))),
    ['GPU_LAYOUT'],
  ],
  ['nothing', evidence(() => new Uint8Array()), ['GPU_LAYOUT']],
  [
    'more than any report has',
    evidence((bytes) => concat(bytes, new Uint8Array(40_000))),
    ['GPU_LAYOUT'],
  ],
  [
    'another architecture’s leaf',
    certificate((role, draft) =>
      role === 'leaf' ? { ...draft, subject: devName('GB100 A01 GSP FMC LF') } : draft,
    ),
    ['GPU_ARCH'],
  ],
  [
    'a leaf of another engine',
    certificate((role, draft) =>
      role === 'leaf' ? { ...draft, subject: devName('GH100 A01 SEC2 FMC LF') } : draft,
    ),
    ['GPU_ARCH'],
  ],
  [
    'a boot ROM of another architecture',
    certificate((role, draft) => {
      const name = devName('GB100 A01 GSP BROM')
      if (role === 'brom') return { ...draft, subject: name }
      return role === 'leaf' ? { ...draft, issuer: name } : draft
    }),
    ['GPU_ARCH'],
  ],
  [
    'a boot ROM that is no authority',
    certificate((role, draft) =>
      role === 'brom' ? { ...draft, extensions: draft.extensions.slice(0, 1) } : draft,
    ),
    ['X509_CA'],
  ],
  [
    'an expired provisioner',
    certificate((role, draft) =>
      role === 'provisioner' ? { ...draft, notAfter: NOW - DAY } : draft,
    ),
    ['X509_TIME'],
  ],
  [
    'a boot ROM of another issuer',
    certificate((role, draft) =>
      role === 'brom' ? { ...draft, issuer: devName('Somebody') } : draft,
    ),
    ['X509_CHAIN'],
  ],
  [
    'a boot ROM signed by somebody',
    certificate((role, draft) =>
      role === 'brom' ? { ...draft, signer: devPki.key('somebody', 'p384') } : draft,
    ),
    ['X509_SIG'],
  ],
  [
    'an identity signed with a shorter key',
    certificate((role, draft) => {
      const signer = devPki.key('short', 'p256')
      return role === 'identity' ? { ...draft, signer, innerAlgorithm: signer.algorithm } : draft
    }),
    ['X509_ALG', 'X509_SIG'],
  ],
  [
    'a root of another network',
    certificate((role, draft) =>
      role === 'root' ? { ...draft, serial: Uint8Array.of(0x11) } : draft,
    ),
    ['X509_ROOT'],
  ],
  [
    'a leaf with an unknown critical extension',
    certificate((role, draft) =>
      role === 'leaf'
        ? {
            ...draft,
            extensions: [...draft.extensions, extension('1.2.3.4', new Uint8Array(2), 'critical')],
          }
        : draft,
    ),
    ['X509_CRITICAL'],
  ],
]

describe('what is refused, each for its own reason', () => {
  test.for(refused)('%s', async ([, wish, failed]) => {
    const verdict = await judgeGpu(makeGpu(wish))

    expect(verdict.failed).toEqual(failed)
    expect(verdict.code).toBe(failed[0])
  })

  const changed: readonly (readonly [
    title: string,
    change: (made: ReturnType<typeof makeGpu>) => GpuEvidence,
    failed: readonly TeeCode[],
  ])[] = [
    ['another architecture by its own word', (it) => ({ ...it, arch: 'BLACKWELL' }), ['GPU_ARCH']],
    ['no chain', (it) => ({ ...it, chain: [] }), ['GPU_ARCH', 'X509_CHAIN', 'X509_ROOT']],
    ['a chain that is no text of certificates', (it) => ({ ...it, chain: 'none' }), ['X509_PARSE']],
    [
      'a chain of six',
      (it) => ({ ...it, chain: [...pemToDer(it.chain, 5), new Uint8Array(3)] }),
      ['X509_CHAIN'],
    ],
    [
      'a chain of four',
      (it) => ({ ...it, chain: pemToDer(it.chain, 5).slice(0, 4) }),
      ['X509_CHAIN', 'X509_ROOT'],
    ],
    [
      'another GPU’s report',
      (it) => ({ ...it, chain: makeGpu({ device: 'second' }).chain }),
      ['GPU_SIG'],
    ],
    ['a nonce of another length', (it) => ({ ...it, nonce: new Uint8Array(31) }), ['GPU_NONCE']],
  ]
  test.for(changed)('%s', async ([, change, failed]) => {
    expect((await judgeGpu(change(makeGpu()))).failed).toEqual(failed)
  })

  test('a clock that is no number', async () => {
    expect((await judgeGpu(makeGpu(), { nowMs: Number.NaN })).failed).toEqual(['X509_NOW'])
  })

  test('dev evidence under NVIDIA’s root, on every network', async () => {
    for (const net of ['mainnet', 'testnet', 'devnet'] as const)
      expect((await judgeGpu(makeGpu(), { anchors: Anchors.forNet(net) })).failed).toEqual([
        'X509_ROOT',
      ])
  })
})

test('the dev GPUs of one seed are the same everywhere, byte for byte', () => {
  const [one, two] = [makeGpu(), makeGpu()]

  expect(toHex(two.evidence)).toBe(toHex(one.evidence))
  expect(two.chain).toBe(one.chain)
})
