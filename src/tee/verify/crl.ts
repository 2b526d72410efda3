/** @module Certificate revocation lists (RFC 5280 §5): complete lists of one authority; delta and indirect lists are refused. */
import { sameBytes } from '../../core/bytes.ts'
import { TeeError } from './codes.ts'
import {
  contextTag,
  type Der,
  DerError,
  expect,
  inside,
  integerBytes,
  readDer,
  sequence,
  smallInteger,
  TAG,
  time,
  wholeBits,
} from './der.ts'
import type { SignatureAlgorithm } from './examination.ts'
import { agreedAlgorithm, rawSignature } from './signature-form.ts'
import { readExtension } from './x509.ts'

/** One list; byte fields are views of its DER. */
export interface Crl {
  readonly tbs: Uint8Array
  /** DER of the name. */
  readonly issuer: Uint8Array
  /** Unix milliseconds. */
  readonly thisUpdate: number
  readonly nextUpdate: number
  /** Contents of the serial numbers' INTEGERs. */
  readonly revoked: readonly Uint8Array[]
  readonly alg: SignatureAlgorithm
  readonly signature: Uint8Array
}

/** Largest list that is read. */
const MAX_CRL = 512 * 1024

/** Reads one list. Throws `CRL_PARSE`; also for one without `nextUpdate` or with a critical extension. Checks no signature and no time. */
export function parseCrl(der: Uint8Array): Crl {
  if (der.length > MAX_CRL) throw new TeeError('CRL_PARSE')
  try {
    return read(der)
  } catch (error) {
    throw error instanceof DerError ? new TeeError('CRL_PARSE') : error
  }
}

function read(der: Uint8Array): Crl {
  const [tbs, algorithm, signature, ...rest] = sequence(readDer(der))
  if (!tbs || !algorithm || rest.length > 0) throw new DerError()
  const [version, innerAlgorithm, issuer, thisUpdate, nextUpdate, ...last] = sequence(tbs)
  if (smallInteger(version) !== 1) throw new DerError()
  const alg = agreedAlgorithm(algorithm, innerAlgorithm)
  if (alg === undefined) throw new DerError()
  const list = last[0]?.tag === TAG.sequence ? last[0] : undefined
  readExtensions(list ? last.slice(1) : last)
  return {
    tbs: tbs.whole,
    issuer: expect(issuer, TAG.sequence).whole,
    thisUpdate: time(thisUpdate),
    nextUpdate: time(nextUpdate),
    revoked: list ? inside(list).map(readEntry) : [],
    alg,
    signature: rawSignature(alg, wholeBits(signature)),
  }
}

function readExtensions(fields: readonly Der[]): void {
  const [wrapper, ...rest] = fields
  if (!wrapper) return
  const [list, ...more] = inside(expect(wrapper, contextTag(0)))
  if (rest.length > 0 || more.length > 0) throw new DerError()
  refuseCritical(list)
}

function readEntry(entry: Der): Uint8Array {
  const [serial, revokedAt, extensions, ...rest] = sequence(entry)
  time(revokedAt)
  if (extensions) refuseCritical(extensions)
  if (rest.length > 0) throw new DerError()
  return integerBytes(serial)
}

/** Critical ones change what the list means (delta lists, lists for other authorities). */
function refuseCritical(list: Der | undefined): void {
  for (const extension of sequence(list))
    if (readExtension(extension).isCritical) throw new DerError()
}

export const isRevoked = ({ revoked }: Crl, serial: Uint8Array): boolean =>
  revoked.some((one) => sameBytes(one, serial))
