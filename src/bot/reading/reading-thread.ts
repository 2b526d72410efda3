/** @module The thread in which strangers' bytes are parsed: it answers one request, and is ended from outside when it takes too long. */
import { parentPort, workerData } from 'node:worker_threads'
import { AppError } from '../../core/app-error.ts'
import type { HtmlSource } from './article.ts'
import { clean } from './block-text.ts'
import type { ReadCode, ReadContent, ReadKind, ThreadAnswer, ThreadRequest } from './content.ts'
import { declaredCharset, decodeText, looksBinary } from './decode-text.ts'
import { looksLikeSubtitles, subtitlesText } from './subtitles-text.ts'

type Read = (request: ThreadRequest) => ReadContent | Promise<ReadContent>

const loadArticle = async (source: HtmlSource): Promise<Read> => {
  const { readArticle } = await import('./article.ts')
  return (request) => readArticle(htmlText(request), source)
}
const loadPdf = async (): Promise<Read> => {
  const { readPdf } = await import('./pdf.ts')
  return ({ bytes }) => readPdf(bytes)
}
const loadDocx = async (): Promise<Read> => {
  const { readDocx } = await import('./docx.ts')
  return ({ bytes }) => readDocx(bytes)
}
const loadText = async (): Promise<Read> => (request) => ({ text: plainText(request) })

/** Only the parser that is needed is loaded: a page does not wait for the PDF reader. */
const READERS: Readonly<Record<ReadKind, () => Promise<Read>>> = {
  page: () => loadArticle('web'),
  html: () => loadArticle('file'),
  pdf: loadPdf,
  docx: loadDocx,
  text: loadText,
  srt: loadText,
}

function htmlText(request: ThreadRequest): string {
  const label = request.kind === 'page' ? request.charset : undefined
  return decodeText(request.bytes, label ?? declaredCharset(request.bytes))
}

function plainText(request: ThreadRequest): string {
  const decoded = decodeText(request.bytes)
  if (looksBinary(decoded)) throw new AppError('document.damaged')
  const text = clean(decoded)
  const words =
    request.kind === 'srt' || looksLikeSubtitles(text) ? subtitlesText(text) : text.trim()
  if (words === '') throw new AppError('input.empty')
  return words
}

const KNOWN: ReadonlySet<string> = new Set<ReadCode>([
  'page.empty',
  'page.failed',
  'input.too-large',
  'input.unsupported',
  'input.empty',
  'document.damaged',
  'document.scan',
  'document.encrypted',
])
const isReadCode = (code: string): code is ReadCode => KNOWN.has(code)

/** Parsers fail with messages that quote the file: only a code leaves the thread. */
function codeFor(error: unknown, kind: ReadKind): ReadCode {
  if (error instanceof AppError && isReadCode(error.code)) return error.code
  return kind === 'page' ? 'page.failed' : 'document.damaged'
}

const isKind = (value: unknown): value is ReadKind =>
  typeof value === 'string' && Object.hasOwn(READERS, value)

/** Loads the parser of `kind`, says so, answers the one request that comes. */
export async function serve(kind: ReadKind, port: NonNullable<typeof parentPort>): Promise<void> {
  const say = (answer: ThreadAnswer): void => port.postMessage(answer)
  const read = await READERS[kind]()
  port.once('message', (request: ThreadRequest) => {
    void (async () => {
      try {
        say({ state: 'read', content: await read(request) })
      } catch (error) {
        say({ state: 'failed', code: codeFor(error, kind) })
      }
    })()
  })
  say({ state: 'ready' })
}

const kind: unknown = workerData
if (parentPort !== null && isKind(kind)) await serve(kind, parentPort)
