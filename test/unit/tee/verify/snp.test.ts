import { beforeAll, describe, expect, test } from 'vitest'
import { integer } from '../../../../src/tee/dev/der-writer.ts'
import { devName, extension } from '../../../../src/tee/dev/pki.ts'
import { DEV_SNP_TCB, type DevSnpWish, type SnpEdits } from '../../../../src/tee/dev/snp.ts'
import { Anchors } from '../../../../src/tee/verify/anchors.ts'
import type { TeeCode } from '../../../../src/tee/verify/codes.ts'
import type { SnpEvidence } from '../../../../src/tee/verify/snp/verify.ts'
import { DevSnpWorld, devPki, NOW, REPORT_DATA } from '../../../support/dev-evidence.ts'

const DAY = 86_400_000
let genoa: DevSnpWorld
let turin: DevSnpWorld
let milan: DevSnpWorld

beforeAll(async () => {
  ;[genoa, turin, milan] = await Promise.all([
    DevSnpWorld.create('Genoa'),
    DevSnpWorld.create('Turin'),
    DevSnpWorld.create('Milan'),
  ])
}, 120_000)

const setByte = (at: number, value: number) => (bytes: Uint8Array) => {
  bytes[at] = value
}
const orByte = (at: number, value: number) => (bytes: Uint8Array) => {
  bytes[at] = (bytes[at] ?? 0) | value
}
const report = (edit: (bytes: Uint8Array) => void): Partial<DevSnpWish> => ({
  edits: { report: edit },
})
const afterwards = (edit: (bytes: Uint8Array) => void): Partial<DevSnpWish> => ({
  edits: { signedReport: edit },
})
const certified = (value: SnpEdits['certified']): Partial<DevSnpWish> => ({
  edits: value ? { certified: value } : {},
})
const certificate = (edit: NonNullable<SnpEdits['certificate']>): Partial<DevSnpWish> => ({
  edits: { certificate: edit },
})

describe('what holds', () => {
  test.for([2, 3, 4, 5] as const)(
    'a report of version %i of each product, on devnet',
    async (version) => {
      for (const world of [genoa, turin, milan]) {
        const verdict = await world.judge(world.make({ version }))

        expect(verdict.failed).toEqual([])
        expect(verdict.reportData).toEqual(REPORT_DATA)
        expect(verdict.measurements).toMatchObject({
          tee: 'snp',
          product: world.maker.product,
          policy: '0000000000030000',
          signer: 'vcek',
          reportedTcb: DEV_SNP_TCB[world.maker.product],
          launchTcb: DEV_SNP_TCB[world.maker.product],
          committedTcb: DEV_SNP_TCB[world.maker.product],
        })
        expect(verdict.hardware).toHaveLength(world.maker.product === 'Turin' ? 16 : 128)
      }
    },
  )

  test('the verdict ends with the first of chain and revocation list', async () => {
    const verdict = await genoa.judge(genoa.make())

    expect(verdict.notBefore).toBe(NOW - DAY)
    expect(verdict.expiresAt).toBe(NOW + 30 * DAY)
  })

  test('two machines have two hardware names', async () => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map((machine) => genoa.judge(genoa.make({ machine }))),
    )

    expect(one?.ok && two?.ok).toBe(true)
    expect(one?.hardware).not.toBe(two?.hardware)
  })

  test('mitigation vectors are no reserved bytes from version 5 on', async () => {
    const edits = { report: setByte(504, 3) }

    expect((await genoa.judge(genoa.make({ version: 5, edits }))).failed).toEqual([])
    expect((await genoa.judge(genoa.make({ version: 4, edits }))).failed).toEqual(['SNP_RESERVED'])
  })

  test('a hardware id wrapped into an octet string is the same', async () => {
    const { chain } = genoa.make()
    const plain = genoa.make({
      edits: {
        certificate: (role, draft) =>
          role === 'leaf'
            ? {
                ...draft,
                extensions: draft.extensions.map((one) =>
                  one.length > 70 && one.length < 100 && one.includes(64) ? rewrapped(one) : one,
                ),
              }
            : draft,
      },
    })

    expect(plain.chain[0]).not.toEqual(chain[0])
    expect((await genoa.judge(plain)).failed).toEqual([])
  })
})

/** The last 64 bytes of the extension inside an OCTET STRING of their own. */
const rewrapped = (one: Uint8Array): Uint8Array =>
  extension('1.3.6.1.4.1.3704.1.4', Uint8Array.from([0x04, 0x40, ...one.subarray(one.length - 64)]))

type Case = readonly [title: string, wish: Partial<DevSnpWish>, failed: readonly TeeCode[]]

const refused: readonly Case[] = [
  ['version 1', report(setByte(0, 1)), ['SNP_VERSION']],
  ['version 6', report(setByte(0, 6)), ['SNP_VERSION']],
  ['a version above 255', report(setByte(1, 1)), ['SNP_VERSION']],
  ['another signature algorithm', report(setByte(52, 2)), ['SNP_ALGO']],
  ['no signature algorithm', report(setByte(52, 0)), ['SNP_ALGO']],
  ['a reserved byte behind the flags', report(setByte(76, 1)), ['SNP_RESERVED']],
  ['a reserved byte behind the model', report(setByte(395, 1)), ['SNP_RESERVED']],
  ['a reserved byte before the chip id', report(setByte(415, 1)), ['SNP_RESERVED']],
  ['a reserved byte behind the current version', report(setByte(491, 1)), ['SNP_RESERVED']],
  ['a reserved byte behind the committed version', report(setByte(495, 1)), ['SNP_RESERVED']],
  ['mitigation vectors before version 5', report(setByte(519, 1)), ['SNP_RESERVED']],
  ['a reserved byte before the signature', report(setByte(671, 1)), ['SNP_RESERVED']],
  ['a byte behind r', afterwards(setByte(720, 1)), ['SNP_RESERVED']],
  ['a byte behind s', afterwards(setByte(815, 1)), ['SNP_RESERVED']],
  ['a byte at the very end', afterwards(setByte(1183, 1)), ['SNP_RESERVED']],
  ['reserved flags', report(orByte(72, 0x20)), ['SNP_RESERVED']],
  ['a guest policy without its fixed bit', report(setByte(10, 0x01)), ['SNP_RESERVED']],
  ['reserved bits of the guest policy', report(setByte(11, 0x04)), ['SNP_RESERVED']],
  ['a guest policy with high bits', report(setByte(15, 0x80)), ['SNP_RESERVED']],
  ['a level in a reserved place', report(setByte(56 + 3, 1)), ['SNP_RESERVED']],
  ['a launch level in a reserved place', report(setByte(496 + 5, 1)), ['SNP_RESERVED']],
  ['a guest under debug', report(orByte(10, 0x08)), ['SNP_DEBUG']],
  ['a guest that may be migrated', report(orByte(10, 0x04)), ['SNP_MIGRATE']],
  ['privilege level 1', report(setByte(48, 1)), ['SNP_VMPL']],
  ['privilege level 3', report(setByte(48, 3)), ['SNP_VMPL']],
  ['a masked chip key', report(orByte(72, 0x02)), ['SNP_MASKED']],
  ['a signer that claims to be a cloud', report(orByte(72, 0x04)), ['SNP_SIGNER']],
  ['an unknown signer', report(orByte(72, 0x0c)), ['SNP_SIGNER']],
  ['no signer', report(orByte(72, 0x1c)), ['SNP_SIGNER']],
  ['a cloud’s key', { signer: 'vlek' }, ['SNP_SIGNER']],
  ['an unknown family', report(setByte(392, 0x1b)), ['SNP_PRODUCT']],
  ['an unknown model', report(setByte(393, 0x20)), ['SNP_PRODUCT']],
  ['a model between two products', report(setByte(393, 0xb0)), ['SNP_PRODUCT']],
  [
    'a report that names another product',
    report((bytes) => bytes.set([0x1a, 0x02], 392)),
    ['SNP_RESERVED', 'SNP_PRODUCT', 'SNP_TCB_CERT'],
  ],
  [
    'a certificate of another product',
    certified({ product: 'Turin' }),
    ['SNP_PRODUCT', 'SNP_TCB_CERT'],
  ],
  ['a certificate of an unknown product', certified({ product: 'Venice' }), ['SNP_PRODUCT']],
  ['a product whose name only begins right', certified({ product: 'Genoa2-B1' }), ['SNP_PRODUCT']],
  [
    'a certificate for an older boot loader',
    certified({ tcb: { ...DEV_SNP_TCB.Genoa, bl: 9 } }),
    ['SNP_TCB_CERT'],
  ],
  [
    'a certificate for a newer microcode',
    certified({ tcb: { ...DEV_SNP_TCB.Genoa, ucode: 200 } }),
    ['SNP_TCB_CERT'],
  ],
  [
    'a certificate for another TEE firmware',
    certified({ tcb: { ...DEV_SNP_TCB.Genoa, tee: 1 } }),
    ['SNP_TCB_CERT'],
  ],
  [
    'a certificate that lacks a level',
    certified({ tcb: { bl: 10, tee: 0, snp: 23 } }),
    ['SNP_TCB_CERT'],
  ],
  [
    'a certificate with a level above 255',
    certified({ tcb: { ...DEV_SNP_TCB.Genoa, snp: 256 + 23 } }),
    ['SNP_TCB_CERT'],
  ],
  ['a reported level below the certificate’s', report(setByte(384, 9)), ['SNP_TCB_CERT']],
  [
    'a certificate of another chip',
    certified({ chipId: new Uint8Array(64).fill(9) }),
    ['SNP_CHIP_ID'],
  ],
  [
    'a short chip id in the certificate',
    certified({ chipId: new Uint8Array(8).fill(9) }),
    ['SNP_CHIP_ID'],
  ],
  ['an empty chip id in the certificate', certified({ chipId: new Uint8Array() }), ['SNP_CHIP_ID']],
  [
    'a chip id of zeros on both sides',
    {
      edits: {
        certified: { chipId: new Uint8Array(64) },
        report: (bytes) => bytes.fill(0, 416, 480),
      },
    },
    ['SNP_CHIP_ID'],
  ],
  ['a changed measurement', afterwards(setByte(150, 0xff)), ['SNP_SIG']],
  ['changed report data', afterwards(setByte(80, 0xff)), ['SNP_SIG']],
  ['a changed r', afterwards(orByte(719, 0xff)), ['SNP_SIG']],
  ['a signature of zeros', afterwards((bytes) => bytes.fill(0, 672, 816)), ['SNP_SIG']],
  ['an unmarked measurement', report(setByte(144, 0x41)), ['DEV_MARK']],
  [
    'a leaf that is an authority',
    certificate((role, draft) =>
      role === 'leaf'
        ? {
            ...draft,
            extensions: draft.extensions.map((one, place) =>
              place === 1
                ? extension('2.5.29.19', Uint8Array.of(0x30, 0x03, 0x01, 0x01, 0xff), 'critical')
                : one,
            ),
          }
        : draft,
    ),
    ['X509_CA'],
  ],
  [
    'an intermediate that is no authority',
    certificate((role, draft) =>
      role === 'intermediate'
        ? { ...draft, extensions: draft.extensions.filter((_, place) => place !== 1) }
        : draft,
    ),
    ['X509_CA'],
  ],
  [
    'an expired chip certificate',
    certificate((role, draft) => (role === 'leaf' ? { ...draft, notAfter: NOW - DAY } : draft)),
    ['X509_TIME'],
  ],
  [
    'an intermediate of tomorrow',
    certificate((role, draft) =>
      role === 'intermediate' ? { ...draft, notBefore: NOW + DAY } : draft,
    ),
    ['X509_TIME'],
  ],
  [
    'another intermediate’s leaf',
    certificate((role, draft) =>
      role === 'leaf' ? { ...draft, issuer: devName('SEV-Turin') } : draft,
    ),
    ['X509_CHAIN'],
  ],
  [
    'a leaf with a critical extension of AMD’s',
    certificate((role, draft) =>
      role === 'leaf'
        ? {
            ...draft,
            extensions: [
              ...draft.extensions,
              extension('1.3.6.1.4.1.3704.1.99', integer(1), 'critical'),
            ],
          }
        : draft,
    ),
    ['X509_CRITICAL'],
  ],
  [
    'a leaf with a level twice',
    certificate((role, draft) =>
      role === 'leaf'
        ? {
            ...draft,
            extensions: [...draft.extensions, extension('1.3.6.1.4.1.3704.1.3.1', integer(99))],
          }
        : draft,
    ),
    ['X509_DUP_EXT'],
  ],
  [
    'a leaf signed by an elliptic key',
    certificate((role, draft) => {
      const signer = devPki.key('somebody', 'p384')
      return role === 'leaf' ? { ...draft, signer, innerAlgorithm: signer.algorithm } : draft
    }),
    ['X509_ALG', 'X509_SIG'],
  ],
  [
    'a leaf that is no chip’s',
    certificate((role, draft) =>
      role === 'leaf' ? { ...draft, subject: devName('SEV-VLEK') } : draft,
    ),
    ['SNP_SIGNER'],
  ],
  [
    'a chip key on another curve',
    certificate((role, draft) =>
      role === 'leaf' ? { ...draft, spki: devPki.key('p256', 'p256').spki } : draft,
    ),
    ['SNP_SIG'],
  ],
  [
    'a revoked intermediate',
    {
      edits: {
        certificate: (role, draft) =>
          role === 'intermediate' ? { ...draft, serial: Uint8Array.of(0x77) } : draft,
        crl: (draft) => ({ ...draft, revoked: [Uint8Array.of(0x77)] }),
      },
    },
    ['CRL_REVOKED'],
  ],
  [
    'an old revocation list',
    { edits: { crl: (draft) => ({ ...draft, nextUpdate: NOW - 1000 }) } },
    ['CRL_TIME'],
  ],
  [
    'a revocation list of tomorrow',
    { edits: { crl: (draft) => ({ ...draft, thisUpdate: NOW + DAY }) } },
    ['CRL_TIME'],
  ],
  [
    'a revocation list without an end',
    { edits: { crl: (draft) => ({ ...draft, nextUpdate: undefined }) } },
    ['CRL_PARSE'],
  ],
  [
    'another authority’s revocation list',
    { edits: { crl: (draft) => ({ ...draft, issuer: devName('ARK-Turin') }) } },
    ['CRL_ISSUER'],
  ],
  [
    'a revocation list signed by somebody',
    {
      edits: {
        crl: (draft) => ({
          ...draft,
          signer: { ...draft.signer, sign: () => new Uint8Array(512).fill(1) },
        }),
      },
    },
    ['CRL_SIG'],
  ],
]

describe('what is refused, each for its own reason', () => {
  test.for(refused)('%s', async ([, wish, failed]) => {
    const verdict = await genoa.judge(genoa.make(wish))

    expect(verdict.ok).toBe(false)
    expect(verdict.failed).toEqual(failed)
    expect(verdict.code).toBe(failed[0])
  })

  const changed: readonly (readonly [
    title: string,
    change: (evidence: ReturnType<DevSnpWorld['make']>) => SnpEvidence,
    failed: readonly TeeCode[],
  ])[] = [
    [
      'no chain',
      ({ report: bytes, crl }) => ({ report: bytes, chain: [], crl }),
      ['X509_CHAIN', 'X509_ROOT'],
    ],
    [
      'a chain without its root',
      (it) => ({ ...it, chain: it.chain.slice(0, 2) }),
      ['X509_CHAIN', 'X509_ROOT'],
    ],
    ['a chain in reverse', (it) => ({ ...it, chain: it.chain.toReversed() }), ['X509_CHAIN']],
    [
      'a chain of four',
      (it) => ({ ...it, chain: [...it.chain, ...it.chain.slice(2)] }),
      ['X509_CHAIN'],
    ],
    ['another network’s root', (it) => ({ ...it, chain: turin.make().chain }), ['X509_ROOT']],
    [
      'no revocation list',
      ({ report: bytes, chain }) => ({ report: bytes, chain }),
      ['CRL_MISSING'],
    ],
    ['an empty revocation list', (it) => ({ ...it, crl: new Uint8Array() }), ['CRL_MISSING']],
    [
      'a revocation list that is none',
      (it) => ({ ...it, crl: Uint8Array.of(0x30, 0) }),
      ['CRL_PARSE'],
    ],
    [
      'a certificate that is none',
      (it) => ({ ...it, chain: [new Uint8Array(9), ...it.chain.slice(1)] }),
      ['X509_PARSE'],
    ],
    ['a report one byte short', (it) => ({ ...it, report: it.report.subarray(1) }), ['SNP_SIZE']],
    [
      'a report one byte long',
      (it) => ({ ...it, report: Uint8Array.from([...it.report, 0]) }),
      ['SNP_SIZE'],
    ],
    ['an empty report', (it) => ({ ...it, report: new Uint8Array() }), ['SNP_SIZE']],
    [
      'another machine’s report',
      (it) => ({ ...it, report: genoa.make({ machine: 'other' }).report }),
      ['SNP_CHIP_ID', 'SNP_SIG'],
    ],
  ]
  test.for(changed)('%s', async ([, change, failed]) => {
    const verdict = await genoa.judge(change(genoa.make()))

    expect(verdict.ok).toBe(false)
    expect(verdict.failed).toEqual(expect.arrayContaining([...failed]))
  })

  test('a clock that is no number', async () => {
    for (const nowMs of [Number.NaN, Number.POSITIVE_INFINITY, 1.5])
      expect((await genoa.judge(genoa.make(), { nowMs })).failed).toEqual(['X509_NOW'])
  })
})

describe('networks', () => {
  test('dev evidence passes under no vendor’s root, on any network', async () => {
    for (const net of ['mainnet', 'testnet', 'devnet'] as const) {
      const verdict = await genoa.judge(genoa.make(), { anchors: Anchors.forNet(net) })

      expect(verdict.failed).toEqual(['X509_ROOT', 'DEV_MARK'])
    }
  })

  test('Milan, version 2 and a missing list are refused where jobs are paid', async () => {
    const anchors = Anchors.forNet('testnet')
    const banned = await milan.judge(milan.make(), { anchors })
    const { report: bytes, chain } = genoa.make({ version: 2 })
    const old = await genoa.judge({ report: bytes, chain }, { anchors })

    expect(banned.failed).toContain('SNP_PRODUCT_BANNED')
    expect(old.code).toBe('SNP_VERSION')
    expect(old.failed).toContain('CRL_MISSING')
  })

  test('one product’s root does not vouch for another product', async () => {
    const { root } = genoa.maker
    const anchors = Anchors.forDev(
      'devnet',
      { intel: [], amd: [{ product: 'Turin', root }], nvidia: [] },
      { production: false },
    )

    expect((await genoa.judge(genoa.make(), { anchors })).failed).toEqual(['SNP_PRODUCT'])
  })
})
