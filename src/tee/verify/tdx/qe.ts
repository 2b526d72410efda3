/** @module The quoting enclave: that it is Intel's, vouches for the attestation key, and at which version it runs (CONF §10). */
import { allZero, concat, sameBytes, u16le } from '../../../core/bytes.ts'
import type { Hashes } from '../examination.ts'
import type { Findings } from '../findings.ts'
import type { Quote } from './quote.ts'
import { type Match, matchIsv } from './tcb.ts'
import type { QeIdentity } from './tcb-info.ts'

/** Flag in the first byte of an enclave's attributes. */
const DEBUG = 0x02

/** DER of a P-256 SubjectPublicKeyInfo up to its coordinates. */
const P256_HEAD = Uint8Array.from([
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
  0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
])

/** The attestation key (x‖y) as a signature check wants it. */
export const attestationSpki = (key: Uint8Array): Uint8Array => concat(P256_HEAD, key)

/** The enclave's report names exactly this attestation key and authentication data: `TDX_QE_BIND`. */
export function checkBinding(
  { attestationKey, qeAuthData, qeReport }: Quote,
  { sha256 }: Hashes,
  findings: Findings,
): void {
  const named = qeReport.subarray(320, 384)
  const isBound =
    sameBytes(named.subarray(0, 32), sha256(concat(attestationKey, qeAuthData))) &&
    allZero(named.subarray(32))
  findings.check(isBound, 'TDX_QE_BIND')
}

/** A debug enclave can be made to sign anything: `TDX_QE_DEBUG`. Needs no collateral. */
export function checkDebug(qeReport: Uint8Array, findings: Findings): void {
  findings.check(((qeReport[48] ?? DEBUG) & DEBUG) === 0, 'TDX_QE_DEBUG')
}

/** Compares with Intel's identity: `TDX_QE_IDENTITY`, and `TDX_QE_TCB` for a version below all levels. */
export function checkIdentity(
  qeReport: Uint8Array,
  identity: QeIdentity,
  findings: Findings,
): Match | undefined {
  // The text has the four bytes of MISCSELECT most significant first, the report least significant first.
  const miscSelect = qeReport.slice(16, 20).toReversed()
  const attributes = qeReport.slice(48, 64)
  // The debug flag has a code of its own.
  attributes[0] = (attributes[0] ?? 0) & ~DEBUG
  const isIntels =
    isEqualUnder(identity.miscSelectMask, miscSelect, identity.miscSelect) &&
    isEqualUnder(identity.attributesMask, attributes, identity.attributes) &&
    sameBytes(qeReport.subarray(128, 160), identity.mrSigner) &&
    u16le(qeReport, 256) === identity.isvProdId
  findings.check(isIntels, 'TDX_QE_IDENTITY')
  const match = matchIsv(identity.levels, u16le(qeReport, 258))
  findings.check(match !== undefined, 'TDX_QE_TCB')
  return match
}

/** The bits that the mask chooses are the same. */
const isEqualUnder = (mask: Uint8Array, a: Uint8Array, b: Uint8Array): boolean =>
  mask.every((bits, at) => ((a[at] ?? 0) & bits) === ((b[at] ?? 0) & bits))
