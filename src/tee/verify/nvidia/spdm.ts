/** @module An SPDM 1.1 measurement report: the request that was asked, and the GPU's signed response (DSP0274 §10.11; CONF §11). */
import { allZero, sameBytes, toHex, u16le } from '../../../core/bytes.ts'
import { TeeError } from '../codes.ts'
import { type Opaque, parseOpaque } from './opaque.ts'

const REQUEST_BYTES = 37
const SIGNATURE_BYTES = 96
const BLOCKS = 64
/** Index, specification, size, then the DMTF form: kind, size, SHA-384 digest. */
const BLOCK_BYTES = 4 + 3 + 48
/** Header of a response up to its measurement record. */
const RECORD_AT = REQUEST_BYTES + 8
const NONCE_BYTES = 32
/** Drivers hand on a buffer that is longer than the report. */
const MAX_TRAILING_BYTES = 64
/** Far above what any report has; the cap of one GPU's evidence. */
const MAX_BYTES = 32_768

/** GET_MEASUREMENTS of SPDM 1.1: all measurements, signed. */
const REQUEST = Uint8Array.of(0x11, 0xe0, 0x01, 0xff)
const RESPONSE = Uint8Array.of(0x11, 0x60, 0x00, 0x00)

export interface SpdmReport {
  /** 32 bytes: what the asker chose. */
  readonly nonce: Uint8Array
  /** Index 1 to 64 → SHA-384, hex. */
  readonly blocks: Readonly<Record<string, string>>
  readonly opaque: Opaque
  /** Request and response up to the signature. */
  readonly signed: Uint8Array
  /** r‖s, big-endian, 96 bytes. */
  readonly signature: Uint8Array
}

/** Reads `evidence` = request ‖ response; throws `GPU_LAYOUT` unless every byte has its place. */
export function parseSpdmReport(evidence: Uint8Array): SpdmReport {
  const opaqueAt = RECORD_AT + BLOCKS * BLOCK_BYTES + NONCE_BYTES
  const fits = evidence.length >= opaqueAt + 2 + SIGNATURE_BYTES && evidence.length <= MAX_BYTES
  must(fits && sameBytes(evidence.subarray(0, 4), REQUEST))
  // Slot 0: the only one whose certificates the driver hands out.
  must(evidence[REQUEST_BYTES - 1] === 0)
  must(sameBytes(evidence.subarray(REQUEST_BYTES, REQUEST_BYTES + 4), RESPONSE))
  must(evidence[REQUEST_BYTES + 4] === BLOCKS)
  must(u24le(evidence, REQUEST_BYTES + 5) === BLOCKS * BLOCK_BYTES)
  const opaqueEnd = opaqueAt + 2 + u16le(evidence, opaqueAt)
  const end = opaqueEnd + SIGNATURE_BYTES
  must(evidence.length >= end && evidence.length - end <= MAX_TRAILING_BYTES)
  must(allZero(evidence.subarray(end)))
  return {
    nonce: evidence.subarray(4, 4 + NONCE_BYTES),
    blocks: blocksOf(evidence.subarray(RECORD_AT, opaqueAt - NONCE_BYTES)),
    opaque: parseOpaque(evidence.subarray(opaqueAt + 2, opaqueEnd)),
    signed: evidence.subarray(0, opaqueEnd),
    signature: evidence.subarray(opaqueEnd, end),
  }
}

/** One SHA-384 digest for each index from 1 on, in order. */
function blocksOf(record: Uint8Array): Readonly<Record<string, string>> {
  const blocks: Record<string, string> = {}
  for (let index = 1; index <= BLOCKS; index++) {
    const block = record.subarray((index - 1) * BLOCK_BYTES, index * BLOCK_BYTES)
    must(block[0] === index && block[1] === 1)
    must(u16le(block, 2) === BLOCK_BYTES - 4 && u16le(block, 5) === 48)
    blocks[index] = toHex(block.subarray(7))
  }
  return blocks
}

const u24le = (bytes: Uint8Array, at: number): number =>
  u16le(bytes, at) + (bytes[at + 2] ?? 0) * 0x1_0000

function must(holds: boolean): void {
  if (!holds) throw new TeeError('GPU_LAYOUT')
}
