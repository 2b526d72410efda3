/** @module The sealed stream of one attempt's answer: drafts, progress and the final record, in chunks that can be neither dropped, doubled, moved nor cut (CONF §7). */
import { createHash, type Hash, randomBytes } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import { canonicalText } from '../../core/canonical.ts'
import { Plaintext } from '../../core/plaintext.ts'
import { aeadSeal, wipe } from '../crypto/aead.ts'
import { concat, toBase64url, u32be, utf8 } from '../crypto/binary.ts'
import { padRecord, recordHash, unpadRecord } from './record.ts'
import {
  type ChunkKind,
  chunkHead,
  deriveStreamKeys,
  MAX_CHUNK_CONTENT_BYTES,
  parseHeader,
  placeOf,
  readChunk,
  type StreamContext,
  type StreamKeys,
  splitChunks,
} from './result-chunk.ts'

interface FinishedStream {
  readonly chunks: readonly Uint8Array[]
  /** H(result record), hex. */
  readonly outputHash: string
  /** H(header and all chunks), hex. */
  readonly streamHash: string
  /** Of the result record, 32 bytes. */
  readonly salt: Uint8Array
}

export interface ResultWriter {
  /** Canonical JSON text that goes before the first chunk (frame `stream`) and again with the result. */
  readonly header: string
  /** Keep the first `keep` UTF-16 units of the draft, append `add`. A long text becomes several chunks. */
  delta(keep: number, add: string): Uint8Array[]
  /** 0…100, rounded. */
  progress(percent: number): Uint8Array
  /** The complete answer as a record, split into chunks; the last one carries the final mark. Ends the stream and wipes its key. */
  final(content: Plaintext): FinishedStream
  /** Wipes the key of a stream that will not end. */
  discard(): void
}

/** `resultSecret` stays the caller's. A writer is used for one attempt once: its nonce is random, so a restarted worker never reuses a key. */
export function createResultWriter(resultSecret: Uint8Array, context: StreamContext): ResultWriter {
  const { job, attempt, kid } = context
  const nonce = toBase64url(randomBytes(32))
  const header = canonicalText({ v: 1, job, attempt, kid, nonce })
  const keys = deriveStreamKeys(resultSecret, context, header)
  const hash = createHash('sha256').update(header)
  let index = 0
  let ended = false
  const write = (kind: ChunkKind, content: Uint8Array, final = false): Uint8Array => {
    if (ended) throw new TypeError('stream has ended')
    const chunk = sealChunk({ keys, hash, index, final }, kind, content)
    index += 1
    ended = final
    return chunk
  }
  return {
    header,
    delta: (keep, add) =>
      cutText(add).map(({ text, before }) => {
        const content = concat(u32be(keep + before), utf8(text))
        const chunk = write('delta', content)
        wipe(content)
        return chunk
      }),
    progress: (percent) =>
      write('progress', Uint8Array.of(Math.max(0, Math.min(100, Math.round(percent))))),
    final: (content) => {
      const salt = randomBytes(32)
      const record = padRecord(content.reveal(), salt)
      const outputHash = recordHash(record)
      const chunks: Uint8Array[] = []
      for (let at = 0; at < record.length; at += MAX_CHUNK_CONTENT_BYTES) {
        const end = at + MAX_CHUNK_CONTENT_BYTES
        chunks.push(write('record', record.subarray(at, end), end >= record.length))
      }
      wipe(record, keys.key, keys.base)
      return { chunks, outputHash, streamHash: hash.digest('hex'), salt }
    },
    discard: () => {
      ended = true
      wipe(keys.key, keys.base)
    },
  }
}

/** One opened chunk, and what is complete after the final one. */
export type StreamPart =
  | { readonly kind: 'delta'; readonly delta: Delta }
  | { readonly kind: 'progress'; readonly percent: number }
  /** A piece of the record that is not the last. */
  | { readonly kind: 'record' }
  | { readonly kind: 'final'; readonly result: OpenedResult }

export interface Delta {
  readonly keep: number
  readonly add: Plaintext
}

export interface OpenedResult {
  /** JSON of `TaskOutput`. */
  readonly content: Plaintext
  /** H(result record), hex. */
  readonly outputHash: string
  /** H(header and all chunks), hex; empty when only the final chunks were read. */
  readonly streamHash: string
  readonly salt: Uint8Array
  /** Header and final chunks, still sealed: what may be stored until delivery and opened by `openSealedResult`. */
  readonly sealed: Uint8Array
}

export interface ResultReader {
  /** Opens the next chunk. Throws `result.order`, `result.open`, `result.size`, `result.after-final`, `env.shape`, `env.padding`. */
  push(chunk: Uint8Array): StreamPart
  /** Throws `result.truncated` unless the final chunk was read. */
  end(): void
  /** Wipes the keys. */
  discard(): void
}

/**
 * The strict reader of the gateway: every chunk once, in order. Throws `result.header` for a header of another job, attempt
 * or worker. `maxBytes` bounds all chunks together.
 */
export function createResultReader(input: {
  resultSecret: Uint8Array
  context: StreamContext
  header: string
  maxBytes: number
}): ResultReader {
  const reader = createReader(input)
  const hash = createHash('sha256').update(input.header)
  let isOver = false
  return {
    push: (chunk) => {
      if (!isOver) hash.update(chunk)
      const part = reader.push(chunk, () => hash.digest('hex'))
      isOver = part.kind === 'final'
      return part
    },
    end: () => reader.end(),
    discard: () => reader.discard(),
  }
}

/**
 * Opens what `OpenedResult.sealed` holds: the front's way to the answer. Throws as the reader does, and
 * `result.truncated` for missing chunks.
 */
export function openSealedResult(
  resultSecret: Uint8Array,
  context: StreamContext,
  sealed: Uint8Array,
): OpenedResult {
  const { header, chunks } = splitChunks(sealed)
  const reader = createReader({
    resultSecret,
    context,
    header,
    maxBytes: sealed.length,
    anyStart: true,
  })
  try {
    let result: OpenedResult | undefined
    for (const chunk of chunks) {
      const part = reader.push(chunk, () => '')
      if (part.kind === 'final') result = part.result
    }
    if (!result) throw new AppError('result.truncated')
    return result
  } finally {
    reader.discard()
  }
}

interface Reader {
  push(chunk: Uint8Array, streamHash: () => string): StreamPart
  end(): void
  discard(): void
}

function createReader(input: {
  resultSecret: Uint8Array
  context: StreamContext
  header: string
  maxBytes: number
  anyStart?: true
}): Reader {
  parseHeader(input.header, input.context)
  const keys = deriveStreamKeys(input.resultSecret, input.context, input.header)
  const record: Uint8Array[] = []
  const sealed: Uint8Array[] = []
  let next: number | undefined = input.anyStart ? undefined : 0
  let bytes = 0
  let ended = false
  return {
    push: (chunk, streamHash) => {
      if (ended) throw new AppError('result.after-final')
      bytes += chunk.length
      if (bytes > input.maxBytes) throw new AppError('result.size', { bytes })
      const { index, kind, content, final } = readChunk(keys, chunk, next)
      next = index + 1
      // Once the record has begun nothing else may come before its end.
      if (kind !== 'record' && (final || record.length > 0))
        throw new AppError('result.order', { index })
      if (kind === 'progress') return { kind, percent: content[0] ?? 0 }
      if (kind === 'delta') return { kind, delta: deltaOf(content) }
      record.push(content)
      sealed.push(chunk)
      if (!final) return { kind: 'record' }
      ended = true
      return {
        kind: 'final',
        result: finish({ record, sealed, header: input.header, streamHash: streamHash() }),
      }
    },
    end: () => {
      if (!ended) throw new AppError('result.truncated')
    },
    discard: () => {
      wipe(keys.key, keys.base, ...record)
    },
  }
}

function finish(parts: {
  record: readonly Uint8Array[]
  sealed: readonly Uint8Array[]
  header: string
  streamHash: string
}): OpenedResult {
  const record = concat(...parts.record)
  wipe(...parts.record)
  const { salt, content } = unpadRecord(record)
  const header = utf8(parts.header)
  const opened: OpenedResult = {
    content: Plaintext.of(Uint8Array.from(content)),
    outputHash: recordHash(record),
    streamHash: parts.streamHash,
    salt: Uint8Array.from(salt),
    sealed: concat(u32be(header.length), header, ...parts.sealed),
  }
  wipe(record)
  return opened
}

/** Throws `result.open` for a delta without its number. */
export function deltaOf(content: Uint8Array): Delta {
  if (content.length < 4) throw new AppError('result.open')
  const view = Buffer.from(content.buffer, content.byteOffset, content.length)
  return { keep: view.readUInt32BE(0), add: Plaintext.of(content.subarray(4)) }
}

/** The draft after `delta`. */
export const applyDelta = (draft: string, { keep, add }: Delta): string =>
  draft.slice(0, keep) + Buffer.from(add.reveal()).toString('utf8')

function sealChunk(
  at: { keys: StreamKeys; hash: Hash; index: number; final: boolean },
  kind: ChunkKind,
  content: Uint8Array,
): Uint8Array {
  const { plain, head } = chunkHead(at.index, at.final, { kind, content })
  const chunk = concat(head, aeadSeal(placeOf(at.keys, head), plain))
  wipe(plain)
  at.hash.update(chunk)
  return chunk
}

/** Pieces that fit a chunk, cut between code points; `before` = UTF-16 units before the piece. An empty text is one piece. */
function cutText(text: string): { text: string; before: number }[] {
  // Four bytes of number; one UTF-16 unit is at most three bytes of UTF-8.
  const units = Math.floor((MAX_CHUNK_CONTENT_BYTES - 4) / 3)
  const pieces: { text: string; before: number }[] = []
  let at = 0
  do {
    let end = Math.min(text.length, at + units)
    const last = text.charCodeAt(end - 1)
    if (end < text.length && last >= 0xd800 && last < 0xdc00) end -= 1
    pieces.push({ text: text.slice(at, end), before: at })
    at = end
  } while (at < text.length)
  return pieces
}
