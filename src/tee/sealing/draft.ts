/** @module Following a running answer at the front: drafts that may be lost, never trusted for the final text. */
import { AppError } from '../../core/app-error.ts'
import { wipe } from '../crypto/aead.ts'
import { deriveStreamKeys, readChunk, type StreamContext, type StreamKeys } from './result-chunk.ts'
import { applyDelta, deltaOf } from './result-stream.ts'

type DraftStep =
  | { readonly kind: 'draft'; readonly text: string }
  | { readonly kind: 'progress'; readonly percent: number }
  /** Nothing to show: a chunk seen before, a piece of the final record, or a stream given up. */
  | { readonly kind: 'nothing' }

export interface DraftFollower {
  /**
   * The step one chunk makes. Chunks may be lost or come twice: after a gap drafts stop, progress goes on. Another
   * header starts anew. Throws `result.header`, `result.open`, `result.size` for chunks that are not this attempt's.
   */
  push(header: string, chunk: Uint8Array): DraftStep
  discard(): void
}

/** `resultSecret` stays the caller's. */
export function createDraftFollower(
  resultSecret: Uint8Array,
  context: StreamContext,
): DraftFollower {
  let stream: { header: string; keys: StreamKeys } | undefined
  let next = 0
  let draft = ''
  let broken = false
  const enter = (header: string): StreamKeys => {
    if (stream?.header === header) return stream.keys
    stream = { header, keys: deriveStreamKeys(resultSecret, context, header) }
    next = 0
    draft = ''
    broken = false
    return stream.keys
  }
  return {
    push: (header, chunk) => {
      const { index, kind, content } = readChunk(enter(header), chunk)
      if (index < next) return { kind: 'nothing' }
      if (index > next) broken = true
      next = index + 1
      if (kind === 'progress') return { kind, percent: content[0] ?? 0 }
      if (kind !== 'delta' || broken) return { kind: 'nothing' }
      const delta = deltaOf(content)
      if (delta.keep > draft.length) throw new AppError('result.open', { index })
      draft = applyDelta(draft, delta)
      return { kind: 'draft', text: draft }
    },
    discard: () => {
      if (stream) wipe(stream.keys.key, stream.keys.base)
      draft = ''
    },
  }
}
