import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { concat, fromBase64, fromHex, utf8 } from '../../../../src/core/bytes.ts'
import { nodeHashes } from '../../../../src/tee/crypto/node-crypto.ts'
import {
  bits,
  context,
  der,
  integer,
  octets,
  oid,
  sequence,
  truth,
  time as writeTime,
} from '../../../../src/tee/dev/der-writer.ts'
import {
  certificateDraft,
  devName,
  extension,
  issueCertificate,
  issueCrl,
  toPem,
} from '../../../../src/tee/dev/pki.ts'
import { parseCrl } from '../../../../src/tee/verify/crl.ts'
import {
  boolean,
  DerError,
  flagBits,
  inside,
  readDer,
  oid as readOid,
  smallInteger,
  TAG,
  time,
  unsignedInteger,
  wholeBits,
} from '../../../../src/tee/verify/der.ts'
import { CertificatePool, pemToDer } from '../../../../src/tee/verify/pem.ts'
import { commonName, parseCertificate } from '../../../../src/tee/verify/x509.ts'
import { fixedPki, fixedTdx, judgeTdx } from '../../../support/dev-tdx.ts'

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array()

const key = fixedPki.key('test/leaf', 'p256')
const authority = fixedPki.key('test/authority', 'p256')
const draft = certificateDraft({
  serial: Uint8Array.of(1, 2, 3),
  subject: devName('Leaf'),
  spki: key.spki,
  issuer: { name: devName('Authority'), signer: authority },
})

test.each([
  ['nothing', ''],
  ['a tag alone', '30'],
  ['a length beyond the end', '3003020101ff'.slice(0, 8)],
  ['a byte after the end', '02010100'],
  ['an indefinite length', '30800201010000'],
  ['a long form for a short length', '30810302010 1'.replace(' ', '')],
  ['a length with a leading zero', '3082000302 0101'.replace(' ', '')],
  ['a length of four bytes', '3084000000030201 01'.replace(' ', '')],
  ['a tag number above 30', '1f8101 00'.replace(' ', '')],
  ['a loose part inside', '3004308002 01'.replace(' ', '')],
  ['a part that sticks out', '30030203 01'.replace(' ', '')],
])('%s is not DER', (_, hex) => {
  expect(() => readDer(bytesOf(hex))).toThrow(DerError)
})

test('nesting has an end', () => {
  let nested: Uint8Array = integer(1)
  for (let depth = 0; depth < 24; depth++) nested = sequence(nested)

  expect(readDer(nested).tag).toBe(TAG.sequence)
  expect(() => readDer(sequence(nested))).toThrow(DerError)
  expect(() => readDer(new Uint8Array(60_000).fill(0x30))).toThrow(DerError)
})

test('values have one form each', () => {
  const value = (hex: string) => readDer(bytesOf(hex))
  expect(smallInteger(value('020400ffffff'))).toBe(0xffffff)
  for (const hex of ['0200', '02020001', '0202ff80', '0201ff', '0206010000000000', '040101'])
    expect(() => smallInteger(value(hex))).toThrow(DerError)
  expect(unsignedInteger(value('020200ff'), 2)).toEqual(Uint8Array.of(0, 0xff))
  for (const hex of ['0201ff', '0203010000'])
    expect(() => unsignedInteger(value(hex), 2)).toThrow(DerError)
  expect([boolean(value('0101ff')), boolean(value('010100'))]).toEqual([true, false])
  for (const hex of ['010101', '0102ffff', '0100'])
    expect(() => boolean(value(hex))).toThrow(DerError)
  expect(wholeBits(value('03020055'))).toEqual(Uint8Array.of(0x55))
  for (const hex of ['03020155', '0300']) expect(() => wholeBits(value(hex))).toThrow(DerError)
  const flags = flagBits(value('030206c0'))
  expect([0, 1, 2, 9].map(flags)).toEqual([true, true, false, false])
  for (const hex of ['030206c1', '03020800', '030101', '0300'])
    expect(() => flagBits(value(hex))).toThrow(DerError)
  expect(readOid(value('06082a8648ce3d040302'))).toBe('1.2.840.10045.4.3.2')
  expect(readOid(value('0603883703'))).toBe('2.999.3')
  for (const hex of [
    '0600',
    '06022a80',
    '0603 2a8001'.replace(' ', ''),
    '060aff8080808080808080 7f'.replace(' ', ''),
  ])
    expect(() => readOid(value(hex))).toThrow(DerError)
  expect(() => inside(value('020101'))).toThrow(DerError)
})

test('times are those that exist, in the form of the standard', () => {
  const utc = (text: string) => time({ tag: TAG.utcTime, content: utf8(text), whole: utf8(text) })
  const general = (text: string) =>
    time({ tag: TAG.generalizedTime, content: utf8(text), whole: utf8(text) })
  expect(utc('250206232551Z')).toBe(Date.parse('2025-02-06T23:25:51Z'))
  expect(utc('500101000000Z')).toBe(Date.parse('1950-01-01T00:00:00Z'))
  expect(general('99991231235959Z')).toBe(Date.parse('9999-12-31T23:59:59Z'))
  for (const bad of [
    '250231000000Z',
    '251301000000Z',
    '250101240000Z',
    '250101006000Z',
    '2501010000Z',
    '250101000000',
    '250101000000+0100',
    '25010100000aZ',
    '',
  ])
    expect(() => utc(bad)).toThrow(DerError)
  for (const bad of ['250206232551Z', '20250206232551.5Z', '00490101000000Z'])
    expect(() => general(bad)).toThrow(DerError)
})

test('what the writer writes the reader reads', () => {
  for (const ms of [Date.UTC(2026, 0, 1), Date.UTC(2049, 11, 31), Date.UTC(2050, 0, 1)])
    expect(time(readDer(writeTime(ms)))).toBe(ms)
  for (const number of [0, 1, 127, 128, 255, 256, 65_536])
    expect(smallInteger(readDer(integer(number)))).toBe(number)
  for (const name of ['1.2.840.113741.1.13.1', '2.5.29.19', '0.9.1'])
    expect(readOid(readDer(oid(name)))).toBe(name)
})

test('a certificate is what its issuer wrote', () => {
  const certificate = parseCertificate(issueCertificate(draft))

  expect(certificate).toMatchObject({
    serial: Uint8Array.of(1, 2, 3),
    issuer: devName('Authority'),
    subject: devName('Leaf'),
    spki: key.spki,
    isCa: false,
    alg: 'p256-sha256',
  })
  expect(commonName(certificate.subject)).toBe('Leaf')
  expect(certificate.keyUsage?.(0)).toBe(true)
})

test('the platform agrees about our certificates, their names and signatures', () => {
  const platform = new X509Certificate(issueCertificate(draft))

  expect(platform.subject).toContain('NOT FOR PRODUCTION')
  expect(
    platform.verify(
      new X509Certificate(
        issueCertificate({ ...draft, spki: authority.spki, subject: devName('Authority') }),
      ).publicKey,
    ),
  ).toBe(true)
})

test('a certificate that carries another one as PEM text is read as itself', () => {
  const inner = issueCertificate({ ...draft, subject: devName('Someone else') })
  const carrier = issueCertificate({
    ...draft,
    extensions: [...draft.extensions, extension('1.2.3.4', utf8(`\n${toPem(inner)}`))],
  })

  expect(commonName(parseCertificate(carrier).subject)).toBe('Leaf')
  // Why no class of the platform is used: it finds the text first.
  expect(new X509Certificate(carrier).subject).toContain('Someone else')
})

test('nor does a machine key that carries the text of a good one pass for it', async () => {
  const good = fixedTdx()
  const [leaf] = pemToDer(good.collateral.tcb_info_issuer_chain, 2)
  const trap = fixedTdx({
    certificate: (role, it) =>
      role === 'pck'
        ? {
            ...it,
            spki: key.spki,
            extensions: [
              ...it.extensions,
              extension('1.2.3.4', utf8(`\n${toPem(leaf ?? new Uint8Array())}`)),
            ],
          }
        : it,
  })

  expect((await judgeTdx(trap)).code).toBe('TDX_QE_SIG')
})

test.each([
  [
    'a signature that is no sequence',
    { signer: { ...authority, sign: () => octets() } },
    'X509_PARSE',
  ],
  [
    'a signature of three numbers',
    { signer: { ...authority, sign: () => sequence(integer(1), integer(1), integer(1)) } },
    'X509_PARSE',
  ],
  [
    'a negative signature',
    { signer: { ...authority, sign: () => sequence(der(2, Uint8Array.of(0x80)), integer(1)) } },
    'X509_PARSE',
  ],
  [
    'an unknown algorithm',
    {
      signer: { ...authority, algorithm: sequence(oid('1.2.3')) },
      innerAlgorithm: sequence(oid('1.2.3')),
    },
    'X509_ALG',
  ],
  [
    'SHA-1',
    {
      signer: { ...authority, algorithm: sequence(oid('1.2.840.10045.4.1')) },
      innerAlgorithm: sequence(oid('1.2.840.10045.4.1')),
    },
    'X509_ALG',
  ],
  ['a name that is no sequence', { subject: octets() }, 'X509_PARSE'],
  [
    'a default written out',
    { extensions: [sequence(oid('1.2.3'), truth(false), octets())] },
    'X509_PARSE',
  ],
  [
    'a leaf said to be none',
    { extensions: [extension('2.5.29.19', sequence(truth(false)))] },
    'X509_PARSE',
  ],
  [
    'a path length without an authority',
    { extensions: [extension('2.5.29.19', sequence(integer(0)))] },
    'X509_PARSE',
  ],
  ['an extension of nothing', { extensions: [sequence()] }, 'X509_PARSE'],
  ['usage that is no bits', { extensions: [extension('2.5.29.15', octets())] }, 'X509_PARSE'],
] as const)('a certificate with %s is refused', (_, change, code) => {
  expect(() => parseCertificate(issueCertificate({ ...draft, ...change }))).toThrow(code)
})

test('unique identifiers and very large certificates are refused', () => {
  const [tbs, algorithm, signature] = inside(readDer(issueCertificate(draft)))
  const fields = tbs ? inside(tbs) : []
  const before = fields.slice(0, -1).map(({ whole }) => whole)
  const withIdentifier = sequence(
    sequence(...before, context(1, bits(Uint8Array.of(1)))),
    algorithm?.whole ?? octets(),
    signature?.whole ?? octets(),
  )

  expect(() => parseCertificate(withIdentifier)).toThrow('X509_PARSE')
  const large = extension('1.2.3', new Uint8Array(17 * 1024))
  expect(() => parseCertificate(issueCertificate({ ...draft, extensions: [large] }))).toThrow(
    'X509_PARSE',
  )
})

test('common names are told only where there is exactly one', () => {
  expect(commonName(octets())).toBeUndefined()
  expect(commonName(sequence())).toBeUndefined()
  expect(commonName(utf8('no DER'))).toBeUndefined()
})

test('PEM is base64 of one spelling between its lines', () => {
  const text = toPem(issueCertificate(draft))

  expect(pemToDer(`${text}\r\n\0`, 1)).toEqual([issueCertificate(draft)])
  expect(pemToDer(text.replaceAll('\n', '\r\n'), 1)).toEqual([issueCertificate(draft)])
  expect(pemToDer('', 1)).toEqual([])
  for (const bad of [
    ` ${text}`,
    text.replace('BEGIN', 'begin'),
    text.slice(0, 40),
    text + text,
    text.replace('MII', 'MI I'),
    text.replace('\n', '\n\n='),
  ])
    expect(() => pemToDer(bad, 1)).toThrow('X509_PARSE')
  // The last bits of a base64 text can differ without changing its bytes: only zeros are taken.
  expect(fromBase64('AA==')).toEqual(new Uint8Array(1))
  expect(fromBase64('AB==')).toBeUndefined()
  expect(fromBase64('AAB=')).toBeUndefined()
  expect(fromBase64('AA=')).toBeUndefined()
})

test('a pool reads the same certificate once', () => {
  const pool = new CertificatePool()
  const text = toPem(issueCertificate(draft))

  expect(pool.read(text + text, 2)[1]).toBe(pool.read(text, 1)[0])
})

const listDraft = {
  issuer: devName('Authority'),
  thisUpdate: 0,
  nextUpdate: 1000,
  revoked: [Uint8Array.of(0xff, 1), Uint8Array.of(5)],
  extensions: [],
  signer: authority,
}

test('a revocation list is what its authority wrote', () => {
  const crl = parseCrl(
    issueCrl({ ...listDraft, thisUpdate: Date.UTC(2026, 0, 1), nextUpdate: Date.UTC(2026, 1, 1) }),
  )

  expect(crl.revoked).toEqual([Uint8Array.of(0, 0xff, 1), Uint8Array.of(5)])
  expect(crl.nextUpdate).toBe(Date.UTC(2026, 1, 1))
})

test('a revocation list of another form is refused', () => {
  const [tbs, algorithm, signature] = inside(readDer(issueCrl(listDraft)))
  const fields = (tbs ? inside(tbs) : []).map(({ whole }) => whole)
  const list = (...parts: readonly Uint8Array[]): Uint8Array =>
    sequence(sequence(...parts), algorithm?.whole ?? octets(), signature?.whole ?? octets())

  expect(parseCrl(list(...fields)).revoked).toHaveLength(2)
  // Version 1, no version, a critical extension of an entry, something after the extensions, too many bytes.
  for (const bad of [
    list(integer(0), ...fields.slice(1)),
    list(...fields.slice(1)),
    list(
      ...fields.slice(0, 5),
      sequence(
        sequence(integer(1), writeTime(0), sequence(extension('1.2', octets(), 'critical'))),
      ),
    ),
    list(...fields, octets()),
    list(...fields, context(0, sequence()), octets()),
    new Uint8Array(512 * 1024 + 1),
  ])
    expect(() => parseCrl(bad)).toThrow('CRL_PARSE')
  expect(() =>
    parseCrl(issueCrl({ ...listDraft, signer: { ...authority, algorithm: sequence(oid('1.2')) } })),
  ).toThrow('CRL_PARSE')
})

test('hashes of the verifier are those of the platform', () => {
  expect(concat(nodeHashes.sha256(utf8('abc'))).subarray(0, 4)).toEqual(bytesOf('ba7816bf'))
})
