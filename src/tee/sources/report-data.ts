/** @module The asked-for bytes inside an answer, at their fixed places: enough to compare, not a verification. */
import { u16le } from '../../core/bytes.ts'

const REPORT_DATA_BYTES = 64
/** Header of a TDX quote, and the descriptor that version 5 puts between it and the body. */
const TDX_HEADER_BYTES = 48
const TDX_DESCRIPTOR_BYTES = 6
const TDX_BODY_AT = 520
const SNP_AT = 80
/** Behind the four header bytes of the SPDM request. */
const GPU_AT = 4

/** 64 bytes, or undefined where the answer is too short or of another version. */
export function reportDataIn(tee: 'tdx' | 'snp', quote: Uint8Array): Uint8Array | undefined {
  if (tee === 'snp') return slice(quote, SNP_AT, REPORT_DATA_BYTES)
  if (quote.length < 2) return undefined
  const version = u16le(quote, 0)
  if (version !== 4 && version !== 5) return undefined
  const bodyAt = TDX_HEADER_BYTES + (version === 5 ? TDX_DESCRIPTOR_BYTES : 0)
  return slice(quote, bodyAt + TDX_BODY_AT, REPORT_DATA_BYTES)
}

/** 32 bytes, or undefined. */
export const gpuNonceIn = (evidence: Uint8Array): Uint8Array | undefined =>
  slice(evidence, GPU_AT, 32)

const slice = (bytes: Uint8Array, at: number, length: number): Uint8Array | undefined =>
  bytes.length >= at + length ? bytes.subarray(at, at + length) : undefined
