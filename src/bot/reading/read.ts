/** @module The door to reading: links and documents of strangers become text, or a code that says why not. */
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { ReadContent, ReadKind, ThreadRequest } from './content.ts'
import { fetchPage, systemResolve } from './fetch-page.ts'
import type { GuardRules, Resolve } from './guard.ts'
import { createThreads } from './run-thread.ts'

export interface ReaderDeps {
  readonly clock: Clock
  readonly rules: GuardRules
  /** The system's resolver unless a test gives its own. */
  readonly resolve?: Resolve
}

interface DocumentFacts {
  readonly fileName?: string | undefined
  readonly mimeType?: string | undefined
}

export interface Reader {
  /**
   * Reads the page, text or PDF behind `link`. Throws `page.refused`, `page.failed`, `page.empty`, `input.too-large`,
   * `input.unsupported` and, for a PDF, the codes of documents. The link is in no error and no log.
   */
  readLink(link: string, options?: { readonly signal?: AbortSignal }): Promise<ReadContent>
  /**
   * Reads a PDF, DOCX, HTML, subtitle or text file of at most 20 MiB. Throws `document.damaged`, `document.scan`,
   * `document.encrypted`, `input.too-large`, `input.unsupported`, `input.empty`. Does not keep or change `bytes`.
   */
  readDocument(
    bytes: Uint8Array,
    facts: DocumentFacts,
    options?: { readonly signal?: AbortSignal },
  ): Promise<ReadContent>
}

const MAX_DOCUMENT_BYTES = 20 * 1024 * 1024

/** A reader with its own small set of threads: build one per process. */
export function createReader({ clock, rules, resolve = systemResolve }: ReaderDeps): Reader {
  const threads = createThreads({ clock })
  return {
    readLink: async (link, { signal } = {}) => {
      const fetched = await fetchPage({ clock, rules, resolve }, link, signal)
      return threads.read(requestFor(fetched), signal)
    },
    readDocument: async (bytes, facts, { signal } = {}) => {
      if (bytes.length > MAX_DOCUMENT_BYTES)
        throw new AppError('input.too-large', { maxBytes: MAX_DOCUMENT_BYTES })
      if (bytes.length === 0) throw new AppError('input.empty')
      const kind = documentKind(bytes, facts)
      if (kind === undefined) throw new AppError('input.unsupported')
      return threads.read({ kind, bytes }, signal)
    },
  }
}

function requestFor({
  bytes,
  type,
  charset,
}: Awaited<ReturnType<typeof fetchPage>>): ThreadRequest {
  if (startsWith(bytes, '%PDF-')) return { kind: 'pdf', bytes }
  if (type === 'application/pdf') return { kind: 'pdf', bytes }
  if (type === 'text/plain') return { kind: 'text', bytes }
  return { kind: 'page', bytes, ...(charset !== undefined && { charset }) }
}

const KINDS: readonly (readonly [Exclude<ReadKind, 'page'>, RegExp, RegExp])[] = [
  ['pdf', /^application\/(x-)?pdf$/, /\.pdf$/i],
  ['docx', /^application\/vnd\.openxmlformats-officedocument\.wordprocessingml\./, /\.docx$/i],
  ['html', /^(text\/html|application\/xhtml\+xml)$/, /\.x?html?$/i],
  ['srt', /^(application\/x-subrip|text\/vtt)$/, /\.(srt|vtt)$/i],
  ['text', /^text\/(plain|markdown|x-markdown)$/, /\.(txt|text|md|markdown|log)$/i],
]

/** The first bytes know best, then the name's ending, then the type the sender's device claims. */
function documentKind(
  bytes: Uint8Array,
  { fileName = '', mimeType = '' }: DocumentFacts,
): Exclude<ReadKind, 'page'> | undefined {
  if (startsWith(bytes, '%PDF-')) return 'pdf'
  const byName = KINDS.find(([, , ending]) => ending.test(fileName))
  return (byName ?? KINDS.find(([, type]) => type.test(mimeType)))?.[0]
}

const startsWith = (bytes: Uint8Array, text: string): boolean =>
  new TextDecoder('latin1').decode(bytes.subarray(0, text.length)) === text
