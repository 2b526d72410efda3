/** @module The plaintext form of inputs and results: salted, so that its hash commits without telling, and padded, so that its size tells little. */
import { randomBytes } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import { concat, readU32be, sha256Hex, u32be } from '../crypto/binary.ts'

export const SALT_BYTES = 32
const HEAD_BYTES = SALT_BYTES + 4
/** Largest record; more goes to a blob. */
const MAX_RECORD_BYTES = 1_048_576
/** Largest content whose padded record still fits. */
export const MAX_RECORD_CONTENT_BYTES = MAX_RECORD_BYTES - HEAD_BYTES

/**
 * Padmé (Nikitin et al., PETS 2019): rounds up so that a size leaks O(log log) bits, at most 12 % over.
 * 1 ≤ size < 2^31; throws `env.size` outside, because the bit operators are 32-bit.
 */
export function padme(size: number): number {
  if (!Number.isInteger(size) || size < 1 || size >= 2 ** 31) throw new AppError('env.size')
  if (size === 1) return 1
  const exponent = 31 - Math.clz32(size)
  const significant = 32 - Math.clz32(exponent)
  const mask = 2 ** (exponent - significant) - 1
  return (size + mask) & ~mask
}

/** Bytes of the record of a content of `length` bytes: powers of two from 512 to 4096, Padmé above (CONF §5). */
export function recordSize(length: number): number {
  const size = HEAD_BYTES + length
  if (size > 4096) return padme(size)
  return Math.max(512, 2 ** Math.ceil(Math.log2(size)))
}

/**
 * `salt(32 random) ‖ u32be length ‖ content ‖ zeros` up to `recordSize`. Throws `env.size` above 1 MiB.
 * `salt`: 32 random bytes of the caller's, where it needs them afterwards.
 */
export function padRecord(
  content: Uint8Array,
  salt: Uint8Array = randomBytes(SALT_BYTES),
): Uint8Array {
  const size = recordSize(content.length)
  if (size > MAX_RECORD_BYTES) throw new AppError('env.size', { bytes: content.length })
  const zeros = new Uint8Array(size - HEAD_BYTES - content.length)
  return concat(salt, u32be(content.length), content, zeros)
}

/**
 * The content of a record (a view of `record`, not a copy) and its salt. Throws `env.shape` for a size that is not
 * the content's bucket, `env.padding` for a pad byte that is not zero.
 */
export function unpadRecord(record: Uint8Array): { salt: Uint8Array; content: Uint8Array } {
  if (record.length < HEAD_BYTES || record.length > MAX_RECORD_BYTES)
    throw new AppError('env.shape')
  const length = readU32be(record, SALT_BYTES)
  if (length > record.length - HEAD_BYTES || recordSize(length) !== record.length)
    throw new AppError('env.shape')
  const end = HEAD_BYTES + length
  if (record.subarray(end).some((byte) => byte !== 0)) throw new AppError('env.padding')
  return { salt: record.subarray(0, SALT_BYTES), content: record.subarray(HEAD_BYTES, end) }
}

/** SHA-256 of the whole record, lower-case hex: a hiding commitment that may stand in receipts and rows. */
export const recordHash = (record: Uint8Array): string => sha256Hex(record)
