/** @module Byte layout of one chunk of a result stream, and the frame it travels in. */
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import { parseStrictJson } from '../../core/canonical.ts'
import type { Net } from '../../core/config.ts'
import { isJobId, type JobId, type Kid } from '../../core/ids.ts'
import {
  type AeadInput,
  aeadOpen,
  counterNonce,
  hkdf,
  IV_BYTES,
  KEY_BYTES,
  TAG_BYTES,
} from '../crypto/aead.ts'
import {
  concat,
  domain,
  fromBase64url,
  fromHex,
  readU32be,
  sha256,
  toHex,
  u32be,
  utf8,
} from '../crypto/binary.ts'

/** Chunk = `u32be index ‖ u8 flags ‖ u32be length ‖ ciphertext+tag`; the length counts ciphertext and tag. */
const HEAD_BYTES = 9
/** Plaintext = `u8 kind ‖ u32be length ‖ content ‖ zeros` to a multiple of this: hides the lengths of tokens. */
const STEP_BYTES = 256
const PLAIN_HEAD_BYTES = 5
const MAX_PLAIN_BYTES = 65_536
export const MAX_CHUNK_CONTENT_BYTES = MAX_PLAIN_BYTES - PLAIN_HEAD_BYTES
const FINAL = 1

/** In this order on the wire: 0 delta, 1 final record, 2 progress. */
const KINDS = ['delta', 'record', 'progress'] as const
export type ChunkKind = (typeof KINDS)[number]

/** The attempt a stream belongs to; changing any of it makes every chunk unreadable. */
export interface StreamContext {
  readonly net: Net
  readonly job: JobId
  readonly attempt: number
  readonly kid: Kid
}

export interface StreamKeys {
  readonly key: Uint8Array
  readonly base: Uint8Array
  /** H(header). */
  readonly headerHash: Uint8Array
}

const headerSchema = z.strictObject({
  v: z.literal(1),
  job: z.string(),
  attempt: z.number(),
  kid: z.string(),
  nonce: z.string(),
})

/** The nonce of a header; throws `result.header` unless it is this attempt's. */
export function parseHeader(header: string, context: StreamContext): Uint8Array {
  const parsed = headerSchema.safeParse(tryParse(header))
  if (!parsed.success) throw new AppError('result.header')
  const { job, attempt, kid, nonce } = parsed.data
  const raw = fromBase64url(nonce, 32)
  const same = job === context.job && attempt === context.attempt && kid === context.kid
  if (!raw || !same) throw new AppError('result.header')
  return raw
}

function tryParse(text: string): unknown {
  try {
    return parseStrictJson(text)
  } catch {
    return undefined
  }
}

export function deriveStreamKeys(
  resultSecret: Uint8Array,
  context: StreamContext,
  header: string,
): StreamKeys {
  const { net, job, attempt, kid } = context
  const salt = parseHeader(header, context)
  const info = domain('chrysalis/out/1', utf8(net), utf8(job), u32be(attempt), utf8(kid))
  const bytes = hkdf({ key: resultSecret, salt, info, length: KEY_BYTES + IV_BYTES })
  return {
    key: bytes.subarray(0, KEY_BYTES),
    base: bytes.subarray(KEY_BYTES),
    headerHash: sha256(utf8(header)),
  }
}

/** The padded plaintext of a chunk and the head that goes before its ciphertext. */
export function chunkHead(
  index: number,
  final: boolean,
  { kind, content }: { kind: ChunkKind; content: Uint8Array },
): { plain: Uint8Array; head: Uint8Array } {
  if (content.length > MAX_CHUNK_CONTENT_BYTES) throw new AppError('result.size')
  const used = PLAIN_HEAD_BYTES + content.length
  const plain = new Uint8Array(Math.ceil(used / STEP_BYTES) * STEP_BYTES)
  plain[0] = KINDS.indexOf(kind)
  plain.set(u32be(content.length), 1)
  plain.set(content, PLAIN_HEAD_BYTES)
  const flags = Uint8Array.of(final ? FINAL : 0)
  return { plain, head: concat(u32be(index), flags, u32be(plain.length + TAG_BYTES)) }
}

/** Nonce and associated data of the chunk with this head: AAD = H(header) ‖ index ‖ flags. */
export const placeOf = (keys: StreamKeys, head: Uint8Array): AeadInput => ({
  key: keys.key,
  iv: counterNonce(keys.base, readU32be(head, 0)),
  aad: concat(keys.headerHash, head.subarray(0, 5)),
})

export interface ReadChunk {
  readonly index: number
  readonly final: boolean
  readonly kind: ChunkKind
  readonly content: Uint8Array
}

/**
 * Place and length of a chunk, by its head alone. Throws `result.order` when `expected` is given and is not its index,
 * `result.size` for a length that is not its own or above 64 KiB, `result.open` for unknown flags.
 */
export function readChunkHead(
  chunk: Uint8Array,
  expected?: number,
): { readonly index: number; readonly final: boolean } {
  if (chunk.length < HEAD_BYTES + TAG_BYTES) throw new AppError('result.size')
  const index = readU32be(chunk, 0)
  if (expected !== undefined && index !== expected) throw new AppError('result.order', { index })
  const flags = chunk[4] ?? 0
  const length = readU32be(chunk, 5)
  if (length !== chunk.length - HEAD_BYTES || length > MAX_PLAIN_BYTES + TAG_BYTES)
    throw new AppError('result.size', { index })
  if (flags > FINAL) throw new AppError('result.open', { index })
  return { index, final: flags === FINAL }
}

/** Opens one chunk. Throws as `readChunkHead` does, and `result.open` for anything changed or not zero-padded. */
export function readChunk(keys: StreamKeys, chunk: Uint8Array, expected?: number): ReadChunk {
  const { index, final } = readChunkHead(chunk, expected)
  const plain = aeadOpen(placeOf(keys, chunk), chunk.subarray(HEAD_BYTES))
  if (!plain || plain.length % STEP_BYTES !== 0 || plain.length === 0)
    throw new AppError('result.open', { index })
  const kind = KINDS[plain[0] ?? KINDS.length]
  const size = readU32be(plain, 1)
  const end = PLAIN_HEAD_BYTES + size
  if (!kind || end > plain.length || plain.length - end >= STEP_BYTES)
    throw new AppError('result.open', { index })
  if (plain.subarray(end).some((byte) => byte !== 0)) throw new AppError('result.open', { index })
  return { index, final, kind, content: plain.subarray(PLAIN_HEAD_BYTES, end) }
}

/** Takes a stored result apart: `u32be n ‖ header (n) ‖ chunks`. Throws `result.header`, `result.truncated`. */
export function splitChunks(sealed: Uint8Array): { header: string; chunks: Uint8Array[] } {
  if (sealed.length < 4 || readU32be(sealed, 0) > sealed.length - 4)
    throw new AppError('result.header')
  let at = 4 + readU32be(sealed, 0)
  const header = Buffer.from(sealed.subarray(4, at)).toString('utf8')
  const chunks: Uint8Array[] = []
  while (at < sealed.length) {
    const end = at + HEAD_BYTES <= sealed.length ? at + HEAD_BYTES + readU32be(sealed, at + 5) : 0
    if (end < at || end > sealed.length) throw new AppError('result.truncated')
    chunks.push(sealed.subarray(at, end))
    at = end
  }
  return { header, chunks }
}

/** Binary WebSocket message: `job (16 bytes) ‖ u32be attempt ‖ chunk`. */
export function frameChunk(job: JobId, attempt: number, chunk: Uint8Array): Uint8Array {
  return concat(Buffer.from(job, 'hex'), u32be(attempt), chunk)
}

/** Takes a binary message apart (views, not copies); undefined when it is too short to be one. */
export function parseChunkFrame(
  message: Uint8Array,
): { job: JobId; attempt: number; chunk: Uint8Array } | undefined {
  if (message.length < 20 + HEAD_BYTES + TAG_BYTES) return undefined
  const job = toHex(message.subarray(0, 16))
  if (!isJobId(job) || !fromHex(job, 16)) return undefined
  return { job, attempt: readU32be(message, 16), chunk: message.subarray(20) }
}
