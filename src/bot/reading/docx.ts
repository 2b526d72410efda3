/** @module The text of a word processor's DOCX file (Office Open XML, WordprocessingML). */
import { AppError } from '../../core/app-error.ts'
import { CELL_END, tidy } from './block-text.ts'
import type { ReadContent } from './content.ts'
import { openZip } from './zip.ts'

/** `Encrypted­Package` in UTF-16: the one stream a password-protected DOCX has, inside an OLE file. */
const ENCRYPTED = Buffer.from('EncryptedPackage', 'utf16le')
const OLE = Buffer.from('d0cf11e0a1b11ae1', 'hex')

/**
 * Paragraphs, table rows and notes in order; deleted text (tracked changes), field codes and fallbacks are left out.
 * Reads the XML as a stream of tags, in one pass and without a tree: memory stays near the size of the file.
 * Throws `document.damaged`, `document.encrypted`, `input.too-large`, `input.empty`, `input.unsupported` (old .doc).
 */
export function readDocx(bytes: Uint8Array): ReadContent {
  refuseOle(bytes)
  const archive = openZip(bytes)
  const main = archive.read('word/document.xml')
  if (main === undefined) throw new AppError('document.damaged')
  const notes = ['word/footnotes.xml', 'word/endnotes.xml'].map((name) => archive.read(name))
  const text = [main, ...notes]
    .filter((file) => file !== undefined)
    .map((file) => wordText(new TextDecoder().decode(file)))
    .filter((part) => part !== '')
    .join('\n\n')
  if (text === '') throw new AppError('input.empty')
  const title = titleOf(archive.read('docProps/core.xml'))
  return { text, ...(title !== undefined && { title }) }
}

function refuseOle(bytes: Uint8Array): void {
  if (!OLE.equals(bytes.subarray(0, OLE.length))) return
  const encrypted = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(ENCRYPTED)
  throw new AppError(encrypted ? 'document.encrypted' : 'input.unsupported')
}

/** What a tag adds; tags that are not here add nothing. */
const SIGNS: Readonly<Record<string, string | undefined>> = {
  'w:tab': '\t',
  'w:br': '\n',
  'w:cr': '\n',
  '/w:p': '\n\n',
  '/w:tc': CELL_END,
  '/w:tr': '\n',
  'w:noBreakHyphen': '-',
}

/** Text of WordprocessingML (ECMA-376 part 1, §17): only `w:t` holds words; `mc:Fallback` repeats its `mc:Choice`. */
function wordText(xml: string): string {
  const pieces: string[] = []
  let inText = false
  let fallbacks = 0
  let cells = 0
  let at = 0
  while (at < xml.length) {
    const open = xml.indexOf('<', at)
    if (inText && fallbacks === 0)
      pieces.push(unescaped(xml.slice(at, open < 0 ? undefined : open)))
    const close = open < 0 ? -1 : xml.indexOf('>', open)
    if (close < 0) break
    const tag = xml.slice(open + 1, close)
    const name = /^\/?[\w:]+/.exec(tag)?.[0] ?? ''
    const empty = tag.endsWith('/')
    at = close + 1
    if (name === 'w:t') inText = !empty
    else if (name === '/w:t') inText = false
    else if (name === 'mc:Fallback' && !empty) fallbacks++
    else if (name === '/mc:Fallback') fallbacks--
    else if (name === 'w:tc') cells++
    else if (name === '/w:tc') cells--
    // A paragraph inside a table cell ends with a blank, so that a row stays one line.
    const sign = name === '/w:p' && cells > 0 ? ' ' : SIGNS[name]
    if (fallbacks === 0 && sign !== undefined) pieces.push(sign)
  }
  return tidy(pieces.join(''))
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

const unescaped = (text: string): string =>
  text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w{2,4});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? whole
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })

function titleOf(core: Uint8Array | undefined): string | undefined {
  if (core === undefined) return undefined
  const xml = new TextDecoder().decode(core)
  const title = /<dc:title>([^<]{1,300})<\/dc:title>/.exec(xml)?.[1] ?? ''
  const line = tidy(unescaped(title)).replace(/\s+/g, ' ')
  return line === '' ? undefined : line
}
