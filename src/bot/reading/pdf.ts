/** @module The text of a PDF. */
import { getDocumentProxy } from 'unpdf'
import { AppError } from '../../core/app-error.ts'
import { tidy } from './block-text.ts'
import type { ReadContent } from './content.ts'

const MAX_PAGES = 500

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>

/**
 * Text of all pages in order; text outside of the page's box is not seen, fonts without a table of characters give none.
 * Throws `document.encrypted`, `document.scan` (no text layer), `document.damaged`, `input.too-large` (> 500 pages).
 */
export async function readPdf(bytes: Uint8Array): Promise<ReadContent> {
  const pdf = await open(bytes)
  try {
    if (pdf.numPages > MAX_PAGES)
      throw new AppError('input.too-large', { maxPages: MAX_PAGES, pages: pdf.numPages })
    const pages: string[] = []
    for (let number = 1; number <= pdf.numPages; number++) pages.push(await pageText(pdf, number))
    if (!hasTextLayer(pages)) throw new AppError('document.scan', { pages: pdf.numPages })
    const title = await titleOf(pdf)
    return { text: tidy(pages.map(joined).join('\n\n')), ...(title !== undefined && { title }) }
  } finally {
    await pdf.loadingTask.destroy()
  }
}

async function open(bytes: Uint8Array): Promise<Pdf> {
  try {
    // No fonts and no scripts: only characters are wanted. Verbosity 0: warnings may quote the file.
    return await getDocumentProxy(bytes, {
      verbosity: 0,
      useSystemFonts: false,
      disableFontFace: true,
    })
  } catch (error) {
    // The class is not exported and its name survives bundling; the message is never read.
    const encrypted = error instanceof Error && error.name === 'PasswordException'
    throw new AppError(encrypted ? 'document.encrypted' : 'document.damaged')
  }
}

async function pageText(pdf: Pdf, number: number): Promise<string> {
  const page = await pdf.getPage(number)
  const { items } = await page.getTextContent()
  page.cleanup()
  return items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('')
}

/** Scanners print their name on each page: one line that repeats is no text layer. */
function hasTextLayer(pages: readonly string[]): boolean {
  const lines = new Set<string>()
  for (const page of pages)
    for (const line of page.split('\n')) if (/\p{L}{2}/u.test(line)) lines.add(line.trim())
  return lines.size > (pages.length > 1 ? 1 : 0)
}

/** Words that a line end has cut are put together again. */
const joined = (page: string): string => page.replace(/(\p{L})[-\u00ad]\n(\p{Ll})/gu, '$1$2')

async function titleOf(pdf: Pdf): Promise<string | undefined> {
  try {
    const { info } = await pdf.getMetadata()
    const title: unknown = 'Title' in info ? info.Title : undefined
    const line = typeof title === 'string' ? tidy(title).replace(/\s+/g, ' ').slice(0, 300) : ''
    // Word processors leave "Microsoft Word - draft3.doc" there.
    return line === '' || /\.(?:docx?|indd|tex|pages|odt)$/i.test(line) ? undefined : line
  } catch {
    return undefined
  }
}
