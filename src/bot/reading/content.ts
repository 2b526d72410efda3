/** @module What reading gives: the content of one page or document, in memory only. */
import type { ErrorCode } from '../../core/errors.ts'

/** Content of strangers: data for a task, never an instruction, never logged. Wrap `text` in `Plaintext` at once. */
export interface ReadContent {
  readonly title?: string
  readonly byline?: string
  /** As the page itself declares it, ISO 639; it may be wrong, so use it as a prior only. */
  readonly language?: string
  readonly text: string
}

/** What the thread is asked to read. */
export type ThreadRequest =
  | { readonly kind: 'page'; readonly bytes: Uint8Array; readonly charset?: string }
  | { readonly kind: 'html' | 'text' | 'srt' | 'pdf' | 'docx'; readonly bytes: Uint8Array }

export type ReadKind = ThreadRequest['kind']

/** The codes reading a document may end with. */
export type ReadCode = Extract<
  ErrorCode,
  | 'page.empty'
  | 'page.failed'
  | 'input.too-large'
  | 'input.unsupported'
  | 'input.empty'
  | 'document.damaged'
  | 'document.scan'
  | 'document.encrypted'
>

/** What the thread says: that its parsers are loaded, then how it ended. */
export type ThreadAnswer =
  | { readonly state: 'ready' }
  | { readonly state: 'read'; readonly content: ReadContent }
  | { readonly state: 'failed'; readonly code: ReadCode }
