/** @module Intel's extension of a PCK certificate (1.2.840.113741.1.13.1): which platform it names and at which security versions. */
import { TeeError } from '../codes.ts'
import { type Der, DerError, expect, oid, readDer, sequence, smallInteger, TAG } from '../der.ts'
import type { Certificate } from '../x509.ts'

export interface PckExtension {
  /** 16 bytes, the same for the life of the platform. */
  readonly ppid: Uint8Array
  /** Security version numbers of the 16 components. */
  readonly components: readonly number[]
  readonly pceSvn: number
  /** 2 and 6 bytes. */
  readonly pceId: Uint8Array
  readonly fmspc: Uint8Array
}

const SGX = '1.2.840.113741.1.13.1'
const COMPONENTS = 16

/** Reads the extension. Throws `X509_PARSE` where it is absent or not exactly what Intel describes. */
export function readPckExtension({ extensions }: Certificate): PckExtension {
  const value = extensions.get(SGX)
  if (!value) throw new TeeError('X509_PARSE', 'sgx')
  try {
    const members = readMembers(readDer(value))
    const tcb = readMembers(members.get(`${SGX}.2`))
    return {
      ppid: octets(members.get(`${SGX}.1`), 16),
      components: Array.from({ length: COMPONENTS }, (_, place) =>
        version(tcb.get(`${SGX}.2.${String(place + 1)}`), 0xff),
      ),
      pceSvn: version(tcb.get(`${SGX}.2.17`), 0xffff),
      pceId: octets(members.get(`${SGX}.3`), 2),
      fmspc: octets(members.get(`${SGX}.4`), 6),
    }
  } catch (error) {
    throw error instanceof DerError ? new TeeError('X509_PARSE', 'sgx') : error
  }
}

/** SEQUENCE of pairs of an OID and a value; a name that comes twice is refused. */
function readMembers(of: Der | undefined): ReadonlyMap<string, Der> {
  const members = new Map<string, Der>()
  for (const pair of sequence(of)) {
    const [name, value, ...rest] = sequence(pair)
    const dotted = oid(name)
    if (!value || rest.length > 0 || members.has(dotted)) throw new DerError()
    members.set(dotted, value)
  }
  return members
}

function octets(of: Der | undefined, length: number): Uint8Array {
  const { content } = expect(of, TAG.octetString)
  if (content.length !== length) throw new DerError()
  return content
}

function version(of: Der | undefined, max: number): number {
  const value = smallInteger(of)
  if (value > max) throw new DerError()
  return value
}
