/** @module A tree of HTML to plain text that keeps what a reader needs of its shape: paragraphs, headings, lists, table rows. */
import type { PageNode } from './dom.ts'

const ELEMENT = 1
const TEXT = 3
const CDATA = 4

const SKIPPED = new Set(
  'SCRIPT STYLE NOSCRIPT TEMPLATE SVG BUTTON SELECT TEXTAREA IFRAME OBJECT HEAD TITLE'.split(' '),
)
/** Line breaks wanted before and after an element: 2 makes a paragraph. Others stand inside a line. */
const BREAKS: ReadonlyMap<string, number> = new Map([
  ...'P H1 H2 H3 H4 H5 H6 BLOCKQUOTE PRE TABLE UL OL DL FIGURE ARTICLE SECTION HEADER FOOTER MAIN HR'
    .split(' ')
    .map((name) => [name, 2] as const),
  ...'DIV LI TR DT DD CAPTION FIGCAPTION ADDRESS DETAILS SUMMARY ASIDE NAV FORM'
    .split(' ')
    .map((name) => [name, 1] as const),
])

const BULLET = '- '

/** Text so far; `breaks` are owed before the next words, the larger of two neighbours' wishes counts. */
interface Writing {
  readonly pieces: string[]
  breaks: number
}

/** Text of `node`: blank lines between paragraphs, `- ` before list items, ` | ` between table cells. */
export function blockText(node: PageNode): string {
  const writing: Writing = { pieces: [], breaks: 0 }
  walk(node, writing, false)
  return tidy(writing.pieces.join(''))
}

/** Stands behind a table cell until `tidy` has seen the row: the last cell of a row ends with nothing. A noncharacter, no text has it. */
export const CELL_END = '\ufdd0'

/** Blanks collapsed, at most one blank line in a row, no control characters, no halves of characters. */
export const tidy = (text: string): string =>
  clean(text)
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/(?: ?\ufdd0 ?)+(?=\n|$)/g, '')
    .replace(/ ?\ufdd0 ?/g, ' | ')
    .replace(/\n{3,}/g, '\n\n')
    .trim()

/** `text` with its own layout, without what is no character of a text: controls, halves of characters, soft hyphens. */
export const clean = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\t\n]|[\u00ad\u200b\ufeff]/gu, '')

function walk(node: PageNode, writing: Writing, verbatim: boolean): void {
  if (node.nodeType === TEXT || node.nodeType === CDATA) {
    const text = node.nodeValue ?? ''
    write(writing, verbatim ? text : text.replace(/\s+/g, ' '))
    return
  }
  const name = node.nodeName.toUpperCase()
  if (node.nodeType === ELEMENT && SKIPPED.has(name)) return
  const breaks = BREAKS.get(name) ?? 0
  writing.breaks = Math.max(writing.breaks, breaks)
  if (name === 'LI') write(writing, BULLET)
  if (name === 'BR') writing.breaks = Math.min(writing.breaks + 1, 2)
  for (const child of node.childNodes) walk(child, writing, verbatim || name === 'PRE')
  if (name === 'TD' || name === 'TH') write(writing, CELL_END)
  writing.breaks = Math.max(writing.breaks, breaks)
}

function write(writing: Writing, text: string): void {
  if (text === '' || (writing.breaks > 0 && text.trim() === '')) return
  const breaks = writing.pieces.at(-1) === BULLET ? 0 : writing.breaks
  writing.pieces.push('\n'.repeat(breaks), text)
  writing.breaks = 0
}
