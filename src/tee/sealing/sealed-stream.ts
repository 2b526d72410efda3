/** @module A result stream as a gateway without its key sees it: in order, whole and bounded, and stored as it came (CONF §6, profile C). */
import { createHash } from 'node:crypto'
import { AppError } from '../../core/app-error.ts'
import { concat, u32be, utf8 } from '../crypto/binary.ts'
import { parseHeader, readChunkHead, type StreamContext } from './result-chunk.ts'

/** A stream that ended; nobody here has opened it. */
export interface SealedAnswer {
  /** `u32be n ‖ header (n) ‖ every chunk`: what the asker opens. */
  readonly sealed: Uint8Array
  /** H(header and all chunks), hex: what the receipt cites. */
  readonly streamHash: string
}

export interface SealedReader {
  /** Takes the next chunk; the answer after the final one. Throws `result.order`, `result.size`, `result.open`, `result.after-final`. */
  push(chunk: Uint8Array): SealedAnswer | undefined
}

/** Throws `result.header` for a header of another job, attempt or worker. `maxBytes` bounds all chunks together. */
export function createSealedReader(input: {
  context: StreamContext
  header: string
  maxBytes: number
}): SealedReader {
  parseHeader(input.header, input.context)
  const header = utf8(input.header)
  const hash = createHash('sha256').update(header)
  const chunks: Uint8Array[] = []
  let bytes = 0
  let isOver = false
  return {
    push: (chunk) => {
      if (isOver) throw new AppError('result.after-final')
      bytes += chunk.length
      if (bytes > input.maxBytes) throw new AppError('result.size', { bytes })
      const { final } = readChunkHead(chunk, chunks.length)
      hash.update(chunk)
      // The socket's buffer is reused.
      chunks.push(Uint8Array.from(chunk))
      isOver = final
      if (!final) return undefined
      const sealed = concat(u32be(header.length), header, ...chunks)
      return { sealed, streamHash: hash.digest('hex') }
    },
  }
}
