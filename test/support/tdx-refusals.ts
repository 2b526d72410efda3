/** @module Every way in which a TDX quote or its collateral can be wrong, with the code that says so. */
import { concat, u32le } from '../../src/core/bytes.ts'
import { der, sequence, truth } from '../../src/tee/dev/der-writer.ts'
import { devKey } from '../../src/tee/dev/dev-key.ts'
import {
  type CertificateDraft,
  type CrlDraft,
  createDevPki,
  devName,
  extension,
  toPem,
} from '../../src/tee/dev/pki.ts'
import { devTdx, type TdxEdits } from '../../src/tee/dev/tdx.ts'
import type { Json, JsonObject } from '../../src/tee/dev/tdx-collateral.ts'
import { pckExtension, type TdxRole } from '../../src/tee/dev/tdx-pki.ts'
import { Anchors } from '../../src/tee/verify/anchors.ts'
import type { TeeCode } from '../../src/tee/verify/codes.ts'
import type { VerifyContext } from '../../src/tee/verify/examination.ts'
import { pemToDer } from '../../src/tee/verify/pem.ts'
import type { TdxEvidence } from '../../src/tee/verify/tdx/verify.ts'
import { devNowMs, fixedPki, fixedTdx, reportData } from './dev-tdx.ts'

interface Bad extends TdxEvidence {
  readonly context?: Partial<VerifyContext>
}
export type Case = readonly [what: string, code: TeeCode, make: () => Bad]

const stranger = createDevPki(new Uint8Array(32).fill(9))
const strangersTdx = () => devTdx(stranger, { nowMs: devNowMs, reportData })
const DAY = 24 * 3600 * 1000

/** A case whose part is changed before it is signed. */
const signed = (what: string, code: TeeCode, edits: TdxEdits): Case => [
  what,
  code,
  () => fixedTdx(edits),
]

/** A case in which one certificate is another. */
const certificate = (
  what: string,
  code: TeeCode,
  [role, edit]: readonly [TdxRole, (draft: CertificateDraft) => Partial<CertificateDraft>],
): Case =>
  signed(what, code, {
    certificate: (its, draft) => (its === role ? { ...draft, ...edit(draft) } : draft),
  })

/** A case in which bytes of the finished quote are others. */
const bytes = (what: string, code: TeeCode, edit: (quote: Uint8Array) => Uint8Array): Case => [
  what,
  code,
  () => {
    const { quote, collateral } = fixedTdx()
    return { quote: edit(quote), collateral }
  },
]

const set =
  (at: number, ...values: readonly number[]) =>
  (quote: Uint8Array): Uint8Array => {
    const copy = quote.slice()
    copy.set(values, at)
    return copy
  }

const write =
  (at: number, ...values: readonly number[]) =>
  (part: Uint8Array): void =>
    part.set(values, at)

/** A case in which members of the collateral are others. */
const collateral = (
  what: string,
  code: TeeCode,
  edit: (good: ReturnType<typeof fixedTdx>['collateral']) => unknown,
): Case => [
  what,
  code,
  () => {
    const good = fixedTdx()
    return { quote: good.quote, collateral: edit(good.collateral) }
  },
]

const levels = (of: JsonObject): JsonObject[] => of['tcbLevels'] as JsonObject[]
const level = (of: JsonObject, at: number): JsonObject => levels(of)[at] as JsonObject
const module1 = (info: JsonObject): JsonObject =>
  (info['tdxModuleIdentities'] as JsonObject[])[0] as JsonObject
const withStatus =
  (status: string) =>
  (of: JsonObject): void => {
    level(of, 0)['tcbStatus'] = status
  }
const member =
  (name: string, value: Json) =>
  (of: JsonObject): void => {
    of[name] = value
  }

/** Where the parts of a v4 quote begin. */
const OWN = 48 + 584 + 4
const BOX_6 = OWN + 128
const QE = BOX_6 + 6
const AUTH = QE + 384 + 64
const BOX_5 = AUTH + 2 + 32

/** The chain of the quote is other PEM text; every length around it fits. */
function withChain(quote: Uint8Array, pem: string): Uint8Array {
  const chain = new TextEncoder().encode(pem)
  const head = quote.slice(0, BOX_5 + 6)
  const view = new DataView(head.buffer)
  view.setUint32(BOX_5 + 2, chain.length, true)
  view.setUint32(BOX_6 + 2, BOX_5 + 6 - QE + chain.length, true)
  view.setUint32(OWN - 4, BOX_5 + 6 - OWN + chain.length, true)
  return concat(head, chain)
}

const chainOf = (quote: Uint8Array): string =>
  new TextDecoder('latin1').decode(quote.subarray(BOX_5 + 6)).replace('\0', '')
const certificatesOf = (quote: Uint8Array): readonly Uint8Array[] => pemToDer(chainOf(quote), 3)
const pem = (what: string, code: TeeCode, edit: (chain: readonly Uint8Array[]) => string): Case =>
  bytes(what, code, (quote) => withChain(quote, edit(certificatesOf(quote))))
const pick = (chain: readonly Uint8Array[], ...places: readonly number[]): Uint8Array[] =>
  places.map((place) => chain[place] ?? new Uint8Array())

const sgx = (value: Uint8Array) => (draft: CertificateDraft) => ({
  extensions: [...draft.extensions.slice(0, 2), extension('1.2.840.113741.1.13.1', value)],
})
const sixteen = (svn: number): number[] => Array.from({ length: 16 }, () => svn)
const platform = {
  ppid: new Uint8Array(16),
  fmspc: new Uint8Array(6),
  pceId: new Uint8Array(2),
  components: sixteen(9),
  pceSvn: 99,
}

const certificates: readonly Case[] = [
  [
    'a clock that is no number',
    'X509_NOW',
    () => ({ ...fixedTdx(), context: { nowMs: Number.NaN } }),
  ],
  [
    'a clock without an end',
    'X509_NOW',
    () => ({ ...fixedTdx(), context: { nowMs: Number.POSITIVE_INFINITY } }),
  ],
  [
    'a clock between two milliseconds',
    'X509_NOW',
    () => ({ ...fixedTdx(), context: { nowMs: devNowMs + 0.5 } }),
  ],
  bytes('text that is no PEM', 'X509_PARSE', (quote) => withChain(quote, 'no certificate')),
  bytes('words between certificates', 'X509_PARSE', (quote) =>
    withChain(
      quote,
      chainOf(quote).replace('END CERTIFICATE-----\n', 'END CERTIFICATE-----\nand\n'),
    ),
  ),
  pem('four certificates', 'X509_PARSE', (chain) => toPem(...pick(chain, 0, 1, 2, 2))),
  pem('a byte after a certificate', 'X509_PARSE', (chain) =>
    toPem(concat(...pick(chain, 0), Uint8Array.of(0)), ...pick(chain, 1, 2)),
  ),
  pem('a certificate without its end', 'X509_PARSE', (chain) =>
    toPem((chain[0] ?? new Uint8Array()).slice(0, -1), ...pick(chain, 1, 2)),
  ),
  certificate('a certificate of version 1', 'X509_PARSE', ['pck', () => ({ version: 0 })]),
  certificate('constraints that are no sequence', 'X509_PARSE', [
    'pck',
    ({ extensions }) => ({
      extensions: [...extensions.slice(2), extension('2.5.29.19', truth(true))],
    }),
  ]),
  certificate('a machine key without a platform', 'X509_PARSE', [
    'pck',
    ({ extensions }) => ({ extensions: extensions.slice(0, 2) }),
  ]),
  certificate('a short platform name', 'X509_PARSE', [
    'pck',
    sgx(pckExtension({ ...platform, ppid: new Uint8Array(15) })),
  ]),
  certificate('a component version of two bytes', 'X509_PARSE', [
    'pck',
    sgx(pckExtension({ ...platform, components: [256, ...platform.components.slice(1)] })),
  ]),
  certificate('15 components', 'X509_PARSE', [
    'pck',
    sgx(pckExtension({ ...platform, components: platform.components.slice(1) })),
  ]),
  certificate('an extension that comes twice', 'X509_DUP_EXT', [
    'pck',
    ({ extensions }) => ({ extensions: [...extensions, ...extensions.slice(-1)] }),
  ]),
  certificate('an unknown critical extension', 'X509_CRITICAL', [
    'platform',
    ({ extensions }) => ({
      extensions: [...extensions, extension('1.2.3.4', sequence(), 'critical')],
    }),
  ]),
  pem('a chain without its authority', 'X509_CHAIN', (chain) => toPem(...pick(chain, 0, 2))),
  pem('a chain in another order', 'X509_CHAIN', (chain) => toPem(...pick(chain, 0, 2, 1))),
  pem('the root alone', 'X509_CHAIN', (chain) => toPem(...pick(chain, 2))),
  certificate('an issuer of another name', 'X509_CHAIN', [
    'pck',
    () => ({ issuer: devName('Dev SGX PCK Processor CA') }),
  ]),
  certificate('an authority for something else', 'X509_CHAIN', [
    'platform',
    () => ({ subject: devName('Dev Web CA') }),
  ]),
  certificate('a signer of something else', 'X509_CHAIN', [
    'signer',
    () => ({ subject: devName('Dev Web Server') }),
  ]),
  collateral('levels signed by the machine key itself', 'X509_CHAIN', (good) => ({
    ...good,
    tcb_info_issuer_chain: toPem(...pick(certificatesOf(fixedTdx().quote), 0, 1)),
  })),
  collateral('a signer without its root', 'X509_CHAIN', (good) => ({
    ...good,
    qe_identity_issuer_chain: toPem(...pick(pemToDer(good.qe_identity_issuer_chain, 2), 0)),
  })),
  certificate('another algorithm inside than outside', 'X509_ALG', [
    'pck',
    () => ({ innerAlgorithm: devKey(fixedPki.seed, 'other', 'p384').algorithm }),
  ]),
  certificate('an authority on another curve', 'X509_ALG', [
    'pck',
    () => {
      const signer = devKey(fixedPki.seed, 'other', 'p384')
      return { signer, innerAlgorithm: signer.algorithm }
    },
  ]),
  certificate('a machine key signed by a stranger', 'X509_SIG', [
    'pck',
    () => ({ signer: stranger.key('any', 'p256') }),
  ]),
  certificate('an authority signed by a stranger', 'X509_SIG', [
    'platform',
    () => ({ signer: stranger.key('any', 'p256') }),
  ]),
  certificate('a signer of levels signed by a stranger', 'X509_SIG', [
    'signer',
    () => ({ signer: stranger.key('any', 'p256') }),
  ]),
  ['the whole of another dev network', 'X509_ROOT', () => strangersTdx()],
  [
    'this dev network under the vendors',
    'X509_ROOT',
    () => ({ ...fixedTdx(), context: { anchors: Anchors.forNet('devnet') } }),
  ],
  [
    'collateral of another dev network',
    'X509_ROOT',
    () => ({ quote: fixedTdx().quote, collateral: strangersTdx().collateral }),
  ],
  certificate('an expired machine key', 'X509_TIME', [
    'pck',
    () => ({ notAfter: devNowMs - 1000 }),
  ]),
  certificate('a machine key of the future', 'X509_TIME', [
    'pck',
    () => ({ notBefore: devNowMs + 1000 }),
  ]),
  certificate('an expired signer of levels', 'X509_TIME', [
    'signer',
    () => ({ notAfter: devNowMs - DAY }),
  ]),
  certificate('a leaf that is an authority', 'X509_CA', [
    'pck',
    ({ extensions }) => ({
      extensions: [
        extension('2.5.29.19', sequence(truth(true)), 'critical'),
        ...extensions.slice(2),
      ],
    }),
  ]),
  certificate('an authority that is a leaf', 'X509_CA', [
    'platform',
    ({ extensions }) => ({ extensions: extensions.slice(0, 1) }),
  ]),
  certificate('an authority that may not sign certificates', 'X509_CA', [
    'platform',
    ({ extensions }) => ({
      extensions: [
        extension('2.5.29.15', Uint8Array.of(3, 2, 1, 2), 'critical'),
        ...extensions.slice(1),
      ],
    }),
  ]),
]

const draftOf =
  (change: Partial<CrlDraft>) =>
  (draft: CrlDraft): CrlDraft => ({ ...draft, ...change })

const lists: readonly Case[] = [
  collateral('no list of the root', 'CRL_MISSING', (good) => ({ ...good, root_ca_crl: '' })),
  collateral('no list of the authority', 'CRL_MISSING', (good) => ({ ...good, pck_crl: '' })),
  collateral('a list of one byte', 'CRL_PARSE', (good) => ({ ...good, pck_crl: '30' })),
  collateral('a byte after the list', 'CRL_PARSE', (good) => ({
    ...good,
    root_ca_crl: `${good.root_ca_crl}00`,
  })),
  signed('a list without an end', 'CRL_PARSE', { pckCrl: draftOf({ nextUpdate: undefined }) }),
  signed('a list of changes only', 'CRL_PARSE', {
    pckCrl: draftOf({ extensions: [extension('2.5.29.27', der(2, Uint8Array.of(1)), 'critical')] }),
  }),
  collateral('the list of the root for both', 'CRL_ISSUER', (good) => ({
    ...good,
    pck_crl: good.root_ca_crl,
  })),
  collateral('the list of the authority for both', 'CRL_ISSUER', (good) => ({
    ...good,
    root_ca_crl: good.pck_crl,
  })),
  signed('a list of another name', 'CRL_ISSUER', {
    pckCrl: draftOf({ issuer: devName('Dev SGX PCK Processor CA') }),
  }),
  collateral('a list that came with another authority', 'CRL_ISSUER', (good) => ({
    ...good,
    pck_crl_issuer_chain: good.tcb_info_issuer_chain,
  })),
  certificate('an authority that may not sign lists', 'CRL_ISSUER', [
    'platform',
    ({ extensions }) => ({
      extensions: [
        extension('2.5.29.15', Uint8Array.of(3, 2, 2, 4), 'critical'),
        ...extensions.slice(1),
      ],
    }),
  ]),
  signed('a list of the authority signed by a stranger', 'CRL_SIG', {
    pckCrl: draftOf({ signer: stranger.key('any', 'p256') }),
  }),
  signed('a list of the root signed by a stranger', 'CRL_SIG', {
    rootCrl: draftOf({ signer: stranger.key('any', 'p256') }),
  }),
  signed('an expired list', 'CRL_TIME', { pckCrl: draftOf({ nextUpdate: devNowMs - 1000 }) }),
  signed('a list of the future', 'CRL_TIME', { rootCrl: draftOf({ thisUpdate: devNowMs + 1000 }) }),
  [
    'a revoked machine key',
    'CRL_REVOKED',
    () => revoked('pckCrl', certificatesOf(fixedTdx().quote)[0]),
  ],
  [
    'a revoked authority',
    'CRL_REVOKED',
    () => revoked('rootCrl', certificatesOf(fixedTdx().quote)[1]),
  ],
  [
    'a revoked signer of levels',
    'CRL_REVOKED',
    () => revoked('rootCrl', pemToDer(fixedTdx().collateral.tcb_info_issuer_chain, 2)[0]),
  ],
]

/** The serial number is the second field of a certificate: 17 bytes that start with 0x5d. */
function revoked(list: 'pckCrl' | 'rootCrl', of: Uint8Array | undefined): Bad {
  const at = 4 + 4 + 5
  const serial = (of ?? new Uint8Array()).slice(at + 2, at + 2 + (of?.[at + 1] ?? 0))
  return fixedTdx({
    [list]: draftOf({ revoked: [serial] }),
  })
}

const quotes: readonly Case[] = [
  bytes('an empty file', 'TDX_SIZE', () => new Uint8Array()),
  bytes('1019 bytes', 'TDX_SIZE', (quote) => quote.slice(0, 1019)),
  bytes('more than 16 KiB', 'TDX_SIZE', (quote) => concat(quote, new Uint8Array(16 * 1024))),
  signed('version 3', 'TDX_VERSION', { header: write(0, 3) }),
  signed('version 6', 'TDX_VERSION', { header: write(0, 6) }),
  signed('a key on another curve', 'TDX_KEY_TYPE', { header: write(2, 3) }),
  signed('an SGX enclave', 'TDX_TEE_TYPE', { header: write(4, 0) }),
  signed('a quoting enclave of someone else', 'TDX_QE_VENDOR', { header: write(12, 0) }),
  [
    'an enclave body in version 5',
    'TDX_BODY_TYPE',
    () => ({ ...fixedTdx({}, { format: '5/1.0' }), ...v5(48, 1) }),
  ],
  [
    'a body of another size',
    'TDX_BODY_TYPE',
    () => ({ ...fixedTdx({}, { format: '5/1.0' }), ...v5(50, 0x49) }),
  ],
  [
    'a 1.0 body called 1.5',
    'TDX_BODY_TYPE',
    () => ({ ...fixedTdx({}, { format: '5/1.0' }), ...v5(48, 3) }),
  ],
  bytes('a section longer than the file', 'TDX_LAYOUT', (quote) => set(OWN - 4, 0xff, 0xff)(quote)),
  bytes('a section of nothing', 'TDX_TRAILING', (quote) => set(OWN - 4, 0, 0)(quote)),
  bytes('certification data of another type', 'TDX_LAYOUT', set(BOX_6, 5)),
  bytes('an encrypted platform name instead of a chain', 'TDX_LAYOUT', set(BOX_5, 3)),
  bytes('authentication data beyond its box', 'TDX_LAYOUT', set(AUTH, 0xff, 0xff)),
  bytes('a chain shorter than its box', 'TDX_LAYOUT', (quote) =>
    set(BOX_5 + 2, (u32le(quote, BOX_5 + 2) - 1) & 0xff)(quote),
  ),
  bytes('a box shorter than its section', 'TDX_LAYOUT', (quote) =>
    set(BOX_6 + 2, (u32le(quote, BOX_6 + 2) - 1) & 0xff)(quote),
  ),
  bytes('one byte after the quote', 'TDX_TRAILING', (quote) => concat(quote, Uint8Array.of(1))),
  bytes('129 zeros after the quote', 'TDX_TRAILING', (quote) => concat(quote, new Uint8Array(129))),
  bytes('a false signature of the enclave', 'TDX_QE_SIG', set(QE + 384, 0, 0, 0)),
  bytes('a changed report of the enclave', 'TDX_QE_SIG', set(QE + 300, 1)),
  bytes('other authentication data', 'TDX_QE_BIND', set(AUTH + 2, 0xff)),
  signed('something after the bound hash', 'TDX_QE_BIND', { qeReport: write(383, 1) }),
  signed('another bound hash', 'TDX_QE_BIND', { qeReport: write(320, 0, 0, 0) }),
  bytes('another report data', 'TDX_SIG', set(48 + 520, 0xff)),
  bytes('a changed user data in the header', 'TDX_SIG', set(30, 1)),
  bytes('a false signature', 'TDX_SIG', set(OWN, 0, 0, 0)),
  bytes('a signature of zeros', 'TDX_SIG', set(OWN, ...new Uint8Array(64))),
]

function v5(at: number, value: number): { quote: Uint8Array } {
  return { quote: set(at, value)(fixedTdx({}, { format: '5/1.0' }).quote) }
}

const texts: readonly Case[] = [
  ['no collateral', 'COL_FETCH', () => ({ quote: fixedTdx().quote })],
  collateral('collateral that is null', 'COL_SHAPE', () => null),
  collateral('collateral that is a list', 'COL_SHAPE', (good) => Object.values(good)),
  collateral('eight strings', 'COL_SHAPE', ({ pck_crl: _crl, ...rest }) => rest),
  collateral('ten strings', 'COL_SHAPE', (good) => ({ ...good, pck_certificate_chain: '' })),
  collateral('a number for a string', 'COL_SHAPE', (good) => ({ ...good, pck_crl: 1 })),
  collateral('a list that is no hex', 'COL_SHAPE', (good) => ({ ...good, pck_crl: '0g11' })),
  collateral('a list of half a byte', 'COL_SHAPE', (good) => ({
    ...good,
    root_ca_crl: `${good.root_ca_crl}0`,
  })),
  collateral('a signature that is no hex', 'COL_SHAPE', (good) => ({
    ...good,
    tcb_info_signature: 'xy',
  })),
  collateral('levels that are no JSON', 'COL_SHAPE', (good) => ({ ...good, tcb_info: '{' })),
  collateral('a member that comes twice', 'COL_SHAPE', (good) => ({
    ...good,
    tcb_info: good.tcb_info.replace('{', '{"id":"TDX",'),
  })),
  signed('a version that is a fraction', 'COL_SHAPE', {
    tcbInfo: member('tcbEvaluationDataNumber', 1.5),
  }),
  signed('a date without a time', 'COL_SHAPE', { tcbInfo: member('nextUpdate', '2030-01-01') }),
  signed('31 February', 'COL_SHAPE', { qeIdentity: member('nextUpdate', '2030-02-31T00:00:00Z') }),
  signed('15 components in a level', 'COL_SHAPE', {
    tcbInfo: (info) => (
      ((level(info, 0)['tcb'] as JsonObject)['sgxtcbcomponents'] as Json[]).pop(), undefined
    ),
  }),
  signed('a short platform type', 'COL_SHAPE', { tcbInfo: member('fmspc', 'B0C06F') }),
  signed('no module', 'COL_SHAPE', { tcbInfo: (info) => void delete info['tdxModule'] }),
  signed('advisories that are numbers', 'COL_SHAPE', {
    tcbInfo: (info) => void (level(info, 0)['advisoryIDs'] = [1]),
  }),
  signed('levels for SGX', 'COL_ID', { tcbInfo: member('id', 'SGX') }),
  signed('levels of version 2', 'COL_ID', { tcbInfo: member('version', 2) }),
  signed('an enclave for SGX', 'COL_ID', { qeIdentity: member('id', 'QE') }),
  signed('an identity of version 4', 'COL_ID', { qeIdentity: member('version', 4) }),
  collateral('levels edited after signing', 'COL_SIG', (good) => ({
    ...good,
    tcb_info: good.tcb_info.replace('OutOfDate', 'UpToDate'),
  })),
  collateral('one blank more in the levels', 'COL_SIG', (good) => ({
    ...good,
    tcb_info: `${good.tcb_info} `,
  })),
  collateral('an identity edited after signing', 'COL_SIG', (good) => ({
    ...good,
    qe_identity: good.qe_identity.replace('Revoked', 'UpToDate'),
  })),
  collateral('a signature of the other text', 'COL_SIG', (good) => ({
    ...good,
    tcb_info_signature: good.qe_identity_signature,
  })),
  collateral('an empty signature', 'COL_SIG', (good) => ({ ...good, qe_identity_signature: '' })),
  signed('expired levels', 'COL_TIME', { tcbInfo: member('nextUpdate', '2026-03-01T11:59:59Z') }),
  signed('levels of the future', 'COL_TIME', {
    tcbInfo: member('issueDate', '2026-03-01T12:00:01Z'),
  }),
  signed('an expired identity', 'COL_TIME', {
    qeIdentity: member('nextUpdate', '2026-03-01T11:59:59Z'),
  }),
  [
    'collateral of last year',
    'COL_TIME',
    () => ({ ...fixedTdx(), context: { nowMs: devNowMs + 365 * DAY } }),
  ],
  [
    'collateral of next year',
    'COL_TIME',
    () => ({ ...fixedTdx(), context: { nowMs: devNowMs - 365 * DAY } }),
  ],
]

const platforms: readonly Case[] = [
  signed('another MISCSELECT', 'TDX_QE_IDENTITY', { qeReport: write(16, 1) }),
  signed('other attributes of the enclave', 'TDX_QE_IDENTITY', { qeReport: write(49, 1) }),
  signed('another signer of the enclave', 'TDX_QE_IDENTITY', { qeReport: write(128, 0) }),
  signed('another product of the same signer', 'TDX_QE_IDENTITY', { qeReport: write(256, 1) }),
  signed('MISCSELECT expected the other way round', 'TDX_QE_IDENTITY', {
    qeReport: write(16, 1),
    qeIdentity: member('miscselect', '01000000'),
  }),
  signed('a debug enclave', 'TDX_QE_DEBUG', { qeReport: write(48, 0x13) }),
  signed('an enclave below all levels', 'TDX_QE_TCB', { qeReport: write(258, 1) }),
  signed('another platform type', 'TDX_FMSPC', {
    collateralPlatform: { fmspc: new Uint8Array(6) },
  }),
  signed('another certification enclave', 'TDX_FMSPC', {
    collateralPlatform: { pceId: Uint8Array.of(0, 1) },
  }),
  signed('a component below all levels', 'TDX_TCB_NONE', {
    platform: { components: sixteen(0) },
  }),
  signed('a certification enclave below all levels', 'TDX_TCB_NONE', { platform: { pceSvn: 4 } }),
  signed('a TDX component below all levels', 'TDX_TCB_NONE', { report: write(2, 0) }),
  signed('module version 0 below the first two components', 'TDX_TCB_NONE', {
    report: write(0, 4, 0),
  }),
  signed('no levels at all', 'TDX_TCB_NONE', { tcbInfo: member('tcbLevels', []) }),
  signed('an unknown module', 'TDX_MODULE', { report: write(1, 2) }),
  signed('a module below all levels', 'TDX_MODULE_TCB', { report: write(0, 1) }),
  signed('another signer of the module', 'TDX_SEAM', { report: write(64, 1) }),
  signed('a debug module', 'TDX_SEAM', { report: write(112, 1) }),
  signed('a module attribute outside the mask', 'TDX_SEAM', {
    report: write(119, 0x80),
    tcbInfo: (info) => void (module1(info)['attributesMask'] = '0000000000000000'),
  }),
  signed('a module of version 0 by another signer', 'TDX_SEAM', {
    report: (body) => body.set([6, 0, 3]),
    tcbInfo: (info) => void ((info['tdxModule'] as JsonObject)['mrsigner'] = '11'.repeat(48)),
  }),
  signed('a status nobody knows', 'TCB_UNKNOWN', { tcbInfo: withStatus('Fine') }),
  signed('an enclave of unknown status', 'TCB_UNKNOWN', { qeIdentity: withStatus('uptodate') }),
  signed('a revoked platform', 'TCB_REVOKED', {
    platform: { components: sixteen(1), pceSvn: 5 },
  }),
  signed('a revoked enclave', 'TCB_REVOKED', { qeReport: write(258, 2) }),
  signed('a revoked module', 'TCB_REVOKED', { report: write(0, 3) }),
  signed('an old platform', 'TCB_STATUS', { platform: { pceSvn: 12 } }),
  signed('an old enclave', 'TCB_STATUS', { qeReport: write(258, 3) }),
  signed('an old module', 'TCB_STATUS', { report: write(0, 5) }),
  ...(
    [
      'SWHardeningNeeded',
      'ConfigurationNeeded',
      'ConfigurationAndSWHardeningNeeded',
      'OutOfDateConfigurationNeeded',
    ] as const
  ).map((status) =>
    signed(`a platform of status ${status}`, 'TCB_STATUS', { tcbInfo: withStatus(status) }),
  ),
  signed('a guest under a debugger', 'TDX_DEBUG', { report: write(120, 1) }),
  signed('reserved attribute 1', 'TDX_ATTR', { report: write(120, 2) }),
  signed('reserved attribute 27', 'TDX_ATTR', { report: write(123, 0x18) }),
  signed('reserved attribute 29', 'TDX_ATTR', { report: write(123, 0x30) }),
  signed('reserved attribute 62', 'TDX_ATTR', { report: write(127, 0x40) }),
  signed('pages that can vanish', 'TDX_SEPT_VE', { report: write(123, 0) }),
  signed('a guest without SSE state', 'TDX_XFAM', { report: write(128, 0xe5) }),
  signed('impossible extended state', 'TDX_XFAM', { report: write(135, 1) }),
  [
    'a service guest',
    'TDX_SERVICE_TD',
    () => fixedTdx({ report: write(600, 1) }, { format: '5/1.5' }),
  ],
  signed('an unmarked guest of the dev network', 'DEV_MARK', { report: write(136, 0x73) }),
]

export const tdxRefusals = {
  certificates,
  'revocation lists': lists,
  quotes,
  'signed texts': texts,
  'platforms and guests': platforms,
} as const satisfies Readonly<Record<string, readonly Case[]>>

/** Where the cases write in a v4 quote, so that a test can see that it is still there. */
export const tdxOffsets = { OWN, BOX_6, QE, AUTH, BOX_5 } as const
