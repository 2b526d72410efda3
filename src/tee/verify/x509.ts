/** @module X.509 certificates (RFC 5280), as strict as vendors' attestation chains allow. No class of the platform is used: Node's reads a DER certificate that embeds PEM text as the embedded one. */
import { TeeError } from './codes.ts'
import {
  ascii,
  boolean,
  contextTag,
  type Der,
  DerError,
  expect,
  flagBits,
  inside,
  integerBytes,
  oid,
  readDer,
  sequence,
  smallInteger,
  TAG,
  time,
  wholeBits,
} from './der.ts'
import type { SignatureAlgorithm } from './examination.ts'
import { agreedAlgorithm, rawSignature } from './signature-form.ts'

/** One certificate; every byte field is a view of its DER. Nothing here is believed before its chain was checked. */
export interface Certificate {
  readonly der: Uint8Array
  /** What the issuer signed. */
  readonly tbs: Uint8Array
  /** Content of the INTEGER. */
  readonly serial: Uint8Array
  /** DER of the names. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  /** Unix milliseconds. */
  readonly notBefore: number
  readonly notAfter: number
  /** basicConstraints; false where the extension is absent. */
  readonly isCa: boolean
  readonly pathLength: number | undefined
  /** keyUsage, bit 0 = digitalSignature, 5 = keyCertSign, 6 = cRLSign; undefined where the extension is absent. */
  readonly keyUsage: ((bit: number) => boolean) | undefined
  /** Dotted OID → content of extnValue. */
  readonly extensions: ReadonlyMap<string, Uint8Array>
  /** How the issuer signed; r‖s for ECDSA. */
  readonly alg: SignatureAlgorithm
  readonly signature: Uint8Array
}

export const KEY_USAGE = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const

const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE_OID = '2.5.29.15'
const COMMON_NAME = '2.5.4.3'

/** Largest certificate that is read; real ones have at most 2 KiB. */
const MAX_CERTIFICATE = 16 * 1024

/**
 * Reads one certificate. Throws `X509_PARSE`, `X509_DUP_EXT`, `X509_CRITICAL`, `X509_ALG`. Does not check its
 * signature, its time, or who issued it: see `chain.ts`.
 */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_CERTIFICATE) throw new TeeError('X509_PARSE')
  try {
    return read(der)
  } catch (error) {
    throw error instanceof DerError ? new TeeError('X509_PARSE') : error
  }
}

function read(der: Uint8Array): Certificate {
  const [tbs, algorithm, signature, ...rest] = sequence(readDer(der))
  if (!tbs || !algorithm || rest.length > 0) throw new DerError()
  const fields = sequence(tbs)
  const [version, serial, innerAlgorithm, issuer, validity, subject, spki, ...last] = fields
  // Version 3 is the one with extensions; the first two have none and none of their successors.
  const [number, ...more] = inside(expect(version, contextTag(0)))
  if (smallInteger(number) !== 2 || more.length > 0) throw new DerError()
  const [from, to, ...beyond] = sequence(validity)
  if (beyond.length > 0) throw new DerError()
  const extensions = readExtensions(last)
  const alg = agreedAlgorithm(algorithm, innerAlgorithm)
  if (alg === undefined) throw new TeeError('X509_ALG')
  return {
    der,
    tbs: tbs.whole,
    serial: integerBytes(serial),
    issuer: expect(issuer, TAG.sequence).whole,
    subject: expect(subject, TAG.sequence).whole,
    spki: expect(spki, TAG.sequence).whole,
    notBefore: time(from),
    notAfter: time(to),
    ...readConstraints(extensions.get(BASIC_CONSTRAINTS)),
    keyUsage: readKeyUsage(extensions.get(KEY_USAGE_OID)),
    extensions,
    alg,
    signature: rawSignature(alg, wholeBits(signature)),
  }
}

/** `[3]` of the certificate; unique identifiers `[1]` and `[2]`, obsolete since 2008, are refused. */
function readExtensions(fields: readonly Der[]): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  const [wrapper, ...rest] = fields
  if (!wrapper) return found
  const [list, ...more] = inside(expect(wrapper, contextTag(3)))
  if (rest.length > 0 || more.length > 0) throw new DerError()
  for (const extension of sequence(list)) {
    const { name, isCritical, value } = readExtension(extension)
    if (found.has(name)) throw new TeeError('X509_DUP_EXT')
    if (isCritical && name !== BASIC_CONSTRAINTS && name !== KEY_USAGE_OID)
      throw new TeeError('X509_CRITICAL')
    found.set(name, value)
  }
  return found
}

/** One Extension of a certificate or a revocation list. `critical` is false by default and then not written. */
export function readExtension(of: Der): { name: string; isCritical: boolean; value: Uint8Array } {
  const [name, second, third, ...rest] = sequence(of)
  const hasFlag = second?.tag === TAG.boolean
  const value = hasFlag ? third : second
  if (rest.length > 0 || (!hasFlag && third) || (hasFlag && !boolean(second))) throw new DerError()
  return { name: oid(name), isCritical: hasFlag, value: expect(value, TAG.octetString).content }
}

function readConstraints(value: Uint8Array | undefined): {
  isCa: boolean
  pathLength: number | undefined
} {
  if (!value) return { isCa: false, pathLength: undefined }
  const [first, second, ...rest] = sequence(readDer(value))
  if (!first) return { isCa: false, pathLength: undefined }
  // FALSE is the default, and a path length without an authority means nothing (RFC 5280 §4.2.1.9).
  if (!boolean(first) || rest.length > 0) throw new DerError()
  return { isCa: true, pathLength: second && smallInteger(second) }
}

const readKeyUsage = (value: Uint8Array | undefined): ((bit: number) => boolean) | undefined =>
  value && flagBits(readDer(value))

/** The common name inside the DER of a name; undefined when it has none or several. */
export function commonName(name: Uint8Array): string | undefined {
  try {
    const names = sequence(readDer(name))
      .flatMap((part) => inside(expect(part, TAG.set)))
      .map((attribute) => sequence(attribute))
      .filter(([type]) => oid(type) === COMMON_NAME)
      .map(([, value]) => value)
    const [only, ...others] = names
    const isText = only?.tag === TAG.utf8String || only?.tag === TAG.printableString
    return isText && others.length === 0 ? ascii(only.content) : undefined
  } catch {
    return undefined
  }
}
