/** @module Records rebuilt from a content and its salt: what a receipt's hashes of input and result are over (CONF §5). */
import { concat, toHex, u32be } from '../../core/bytes.ts'
import type { Hashes } from './examination.ts'

const headBytes = 36
const maxRecordBytes = 1_048_576

/** As `padRecord` of the node side: salt ‖ u32be length ‖ content ‖ zeros to a power of two from 512 to 4096, Padmé above. Undefined above 1 MiB. */
export function recordBytes(content: Uint8Array, salt: Uint8Array): Uint8Array | undefined {
  const size = paddedSize(headBytes + content.length)
  if (salt.length !== 32 || size > maxRecordBytes) return undefined
  return concat(
    salt,
    u32be(content.length),
    content,
    new Uint8Array(size - headBytes - content.length),
  )
}

function paddedSize(length: number): number {
  if (length <= 4096) return Math.max(512, 2 ** Math.ceil(Math.log2(length)))
  const exponent = 31 - Math.clz32(length)
  const significant = 32 - Math.clz32(exponent)
  const step = 2 ** (exponent - significant)
  return Math.ceil(length / step) * step
}

/** `sha256:…` of the record, as receipts spell it. */
export function recordDigest(
  content: Uint8Array,
  salt: Uint8Array,
  { sha256 }: Hashes,
): string | undefined {
  const record = recordBytes(content, salt)
  return record && `sha256:${toHex(sha256(record))}`
}
