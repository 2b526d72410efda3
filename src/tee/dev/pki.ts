/** @module The dev network's certificates and revocation lists: real formats, own roots, every name marked. */
import { randomBytes } from 'node:crypto'
import { concat } from '../../core/bytes.ts'
import {
  bits,
  context,
  integer,
  octets,
  oid,
  sequence,
  set,
  text,
  time,
  truth,
} from './der-writer.ts'
import { type DevKey, type DevSigner, devKey } from './dev-key.ts'

/** What every dev name says about itself. */
const MARK = 'NOT FOR PRODUCTION'

/** Dev certificates hold as long as the standard's short dates reach; a dev network ends with its seed. */
const VALID_FROM = Date.UTC(2020, 0, 1)
const VALID_UNTIL = Date.UTC(2049, 11, 31)

export interface DevPki {
  /** 32 bytes: whoever has them can make evidence that this dev network accepts. */
  readonly seed: Uint8Array
  readonly key: (label: string, curve: 'p256' | 'p384') => DevKey
}

/** All keys of a dev network follow from its seed; without one a new network is made. */
export function createDevPki(seed: Uint8Array = new Uint8Array(randomBytes(32))): DevPki {
  // Each certificate of a chain needs two of them, and one costs more than a signature.
  const made = new Map<string, DevKey>()
  return {
    seed,
    key: (label, curve) => {
      const name = `${curve} ${label}`
      const key = made.get(name) ?? devKey(seed, label, curve)
      made.set(name, key)
      return key
    },
  }
}

/** DER of a name with this common name and the mark. */
export const devName = (commonName: string): Uint8Array =>
  sequence(
    ...[
      ['2.5.4.3', commonName],
      ['2.5.4.10', `Chrysalis dev network, ${MARK}`],
    ].map(([type = '', value = '']) => set(sequence(oid(type), text(value)))),
  )

/** Everything that goes into a certificate; tests change single fields before it is signed. */
export interface CertificateDraft {
  /** Content of the version field: 2 for version 3. */
  readonly version: number
  readonly serial: Uint8Array
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly spki: Uint8Array
  readonly notBefore: number
  readonly notAfter: number
  /** DER of each Extension, in order; see `extension`. */
  readonly extensions: readonly Uint8Array[]
  readonly signer: DevSigner
  /** The AlgorithmIdentifier inside; the one outside is always the signer's. */
  readonly innerAlgorithm: Uint8Array
}

/** A draft that is right: authorities have a path length, leaves may sign data. */
export function certificateDraft(of: {
  readonly serial: Uint8Array
  readonly subject: Uint8Array
  readonly spki: Uint8Array
  readonly issuer: { readonly name: Uint8Array; readonly signer: DevSigner }
  /** Path length of an authority; undefined for a leaf. */
  readonly pathLength?: number | undefined
  readonly extensions?: readonly Uint8Array[]
}): CertificateDraft {
  const { serial, subject, spki, issuer, pathLength, extensions = [] } = of
  const isLeaf = pathLength === undefined
  return {
    version: 2,
    serial,
    subject,
    spki,
    issuer: issuer.name,
    notBefore: VALID_FROM,
    notAfter: VALID_UNTIL,
    extensions: [
      extension('2.5.29.15', KEY_USAGE[isLeaf ? 'leaf' : 'authority'], 'critical'),
      extension(
        '2.5.29.19',
        isLeaf ? sequence() : sequence(truth(true), integer(pathLength)),
        'critical',
      ),
      ...extensions,
    ],
    signer: issuer.signer,
    innerAlgorithm: issuer.signer.algorithm,
  }
}

/** BIT STRINGs of keyUsage: digitalSignature and nonRepudiation; keyCertSign and cRLSign. */
const KEY_USAGE = {
  leaf: Uint8Array.of(0x03, 0x02, 0x06, 0xc0),
  authority: Uint8Array.of(0x03, 0x02, 0x01, 0x06),
} as const

export const extension = (
  name: string,
  value: Uint8Array,
  critical: 'critical' | 'informative' = 'informative',
): Uint8Array =>
  sequence(oid(name), ...(critical === 'critical' ? [truth(true)] : []), octets(value))

/** DER of the signed certificate. */
export function issueCertificate(draft: CertificateDraft): Uint8Array {
  const { version, serial, issuer, subject, spki, notBefore, notAfter, extensions, signer } = draft
  const tbs = sequence(
    context(0, integer(version)),
    integer(serial),
    draft.innerAlgorithm,
    issuer,
    sequence(time(notBefore), time(notAfter)),
    subject,
    spki,
    ...(extensions.length === 0 ? [] : [context(3, sequence(...extensions))]),
  )
  return sequence(tbs, signer.algorithm, bits(signer.sign(tbs)))
}

export interface CrlDraft {
  readonly issuer: Uint8Array
  readonly thisUpdate: number
  /** Undefined leaves the field out, which verifiers refuse. */
  readonly nextUpdate: number | undefined
  /** Serial numbers (magnitudes). */
  readonly revoked: readonly Uint8Array[]
  readonly extensions: readonly Uint8Array[]
  readonly signer: DevSigner
}

/** DER of the signed list. */
export function issueCrl({
  issuer,
  thisUpdate,
  nextUpdate,
  revoked,
  extensions,
  signer,
}: CrlDraft): Uint8Array {
  const entries = revoked.map((serial) => sequence(integer(serial), time(thisUpdate)))
  const tbs = sequence(
    integer(1),
    signer.algorithm,
    issuer,
    time(thisUpdate),
    ...(nextUpdate === undefined ? [] : [time(nextUpdate)]),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(extensions.length === 0 ? [] : [context(0, sequence(...extensions))]),
  )
  return sequence(tbs, signer.algorithm, bits(signer.sign(tbs)))
}

/** PEM text of certificates, 64 characters a line. */
export const toPem = (...certificates: readonly Uint8Array[]): string =>
  certificates
    .map((der) => {
      const lines =
        Buffer.from(der)
          .toString('base64')
          .match(/.{1,64}/g) ?? []
      return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
    })
    .join('')

/** 16 bytes that start with 0x5d and belong to `label`: marks serial numbers of one dev network apart. */
export const devSerial = (pki: DevPki, label: string): Uint8Array =>
  concat(Uint8Array.of(0x5d), pki.key(`serial/${label}`, 'p256').point.subarray(0, 15))
