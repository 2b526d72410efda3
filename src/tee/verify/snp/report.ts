/** @module The 1184 bytes of an AMD SEV-SNP attestation report, versions 2 to 5 (AMD 56860, table 23; CONF §11). Little-endian. */
import { allZero, toHex, u32le, u64le } from '../../../core/bytes.ts'
import { TeeError } from '../codes.ts'
import type { SnpProduct } from './tcb.ts'

export const SNP_REPORT_BYTES = 1184
/** What the chip signs: everything before r. */
export const SNP_SIGNED_BYTES = 672

/** Read, not judged: nothing here is believed before the signature was checked. */
export interface SnpReport {
  readonly version: number
  readonly policy: bigint
  readonly vmpl: number
  readonly signatureAlgorithm: number
  readonly signer: 'vcek' | 'vlek' | 'other'
  readonly maskedChipKey: boolean
  /** 64 bytes. */
  readonly reportData: Uint8Array
  /** 48 bytes. */
  readonly measurement: Uint8Array
  /** 32 bytes. */
  readonly hostData: Uint8Array
  readonly idKeyDigest: Uint8Array
  readonly authorKeyDigest: Uint8Array
  /** 8 bytes each; their meaning depends on the product. */
  readonly currentTcb: Uint8Array
  readonly reportedTcb: Uint8Array
  readonly committedTcb: Uint8Array
  readonly launchTcb: Uint8Array
  /** 64 bytes; zero where the chip's own key does not sign. */
  readonly chipId: Uint8Array
  /** From family and model (version 3 on); undefined where the report names none. */
  readonly product: SnpProduct | 'unknown' | undefined
  /** Bytes or bits are set that must be zero (or bit 17 of the policy is not). */
  readonly hasReserved: boolean
  readonly signed: Uint8Array
  /** r‖s, big-endian, 96 bytes. */
  readonly signature: Uint8Array
}

/** Throws `SNP_SIZE` for another length than 1184, `SNP_VERSION` for a version whose layout is not known here. */
export function parseSnpReport(bytes: Uint8Array): SnpReport {
  if (bytes.length !== SNP_REPORT_BYTES) throw new TeeError('SNP_SIZE')
  const version = u32le(bytes, 0)
  if (version < 2 || version > 5) throw new TeeError('SNP_VERSION')
  const at = (start: number, length: number): Uint8Array => bytes.subarray(start, start + length)
  const flags = u32le(bytes, 72)
  const signer = signers[(flags >> 2) & 7] ?? 'other'
  const policy = u64le(bytes, 8)
  return {
    version,
    policy,
    vmpl: u32le(bytes, 48),
    signatureAlgorithm: u32le(bytes, 52),
    signer,
    maskedChipKey: (flags & 2) !== 0,
    reportData: at(80, 64),
    measurement: at(144, 48),
    hostData: at(192, 32),
    idKeyDigest: at(224, 48),
    authorKeyDigest: at(272, 48),
    currentTcb: at(56, 8),
    reportedTcb: at(384, 8),
    committedTcb: at(480, 8),
    launchTcb: at(496, 8),
    chipId: at(416, 64),
    product: version < 3 ? undefined : productOf(at(392, 3)),
    hasReserved:
      flags >>> 5 !== 0 ||
      (policy & POLICY_FIXED) === 0n ||
      policy >> 26n !== 0n ||
      reservedOf(version).some(([start, end]) => !allZero(bytes.subarray(start, end))),
    signed: at(0, SNP_SIGNED_BYTES),
    signature: signatureOf(at(SNP_SIGNED_BYTES, 144)),
  }
}

/** Bits 2 to 4 of the flags. */
const signers = ['vcek', 'vlek'] as const

/** Bit 17 of the guest policy is always one. */
const POLICY_FIXED = 1n << 17n
export const POLICY_MIGRATE = 1n << 18n
export const POLICY_DEBUG = 1n << 19n

/** Guest policy as 16 hex digits, most significant first. */
export const policyHex = (policy: bigint): string => policy.toString(16).padStart(16, '0')

/** Zero in every report of the version. Most lie in the signed part; those after r and s would be free to change. */
function reservedOf(version: number): readonly (readonly [start: number, end: number])[] {
  return [
    [76, 80],
    [version < 3 ? 392 : 395, 416],
    [491, 492],
    [495, 496],
    [version < 5 ? 504 : 520, SNP_SIGNED_BYTES],
    [720, 744],
    [792, SNP_REPORT_BYTES],
  ]
}

/** Family and model of CPUID, as firmware of version 3 on writes them; Bergamo and Siena (A0 to AF) are Genoa to the key service. */
function productOf([family, model = 0]: Uint8Array): SnpProduct | 'unknown' {
  if (family === 0x19 && model <= 0x0f) return 'Milan'
  if (family === 0x19 && (model <= 0x1f || (model >= 0xa0 && model <= 0xaf))) return 'Genoa'
  if (family === 0x1a && model <= 0x11) return 'Turin'
  return 'unknown'
}

/** r and s are little-endian numbers of 72 bytes, of which P-384 uses 48. */
function signatureOf(bytes: Uint8Array): Uint8Array {
  const signature = new Uint8Array(96)
  signature.set(bytes.subarray(0, 48).toReversed(), 0)
  signature.set(bytes.subarray(72, 120).toReversed(), 48)
  return signature
}

/** What the key service is asked with: chip (8 bytes on Turin), as hex. */
export const chipHex = (chipId: Uint8Array, product: SnpProduct): string =>
  toHex(product === 'Turin' ? chipId.subarray(0, 8) : chipId)
