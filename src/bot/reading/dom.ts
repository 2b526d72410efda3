/** @module The little of a document tree that reading uses. The project has no browser types, and needs none. */
import { DOMParser } from 'linkedom'

export interface PageNode {
  /** 1 element, 3 text, 4 CDATA (DOM standard, §4.4). */
  readonly nodeType: number
  /** Upper case for HTML elements. */
  readonly nodeName: string
  readonly nodeValue: string | null
  readonly textContent: string | null
  readonly childNodes: Iterable<PageNode>
}

interface PageElement extends PageNode {
  getAttribute(name: string): string | null
}

export interface PageDocument extends PageNode {
  readonly body: PageElement
  readonly documentElement: PageElement
  querySelector(selector: string): PageElement | null
  querySelectorAll(selector: string): Iterable<PageElement>
}

/**
 * Parses a page; runs no script and loads nothing. The parser takes the first tag for the root, so pages that leave out
 * `<html>` or `<body>`, as HTML allows, are put into them.
 */
export function parsePage(html: string): PageDocument {
  const page: unknown = new DOMParser().parseFromString(framed(html), 'text/html')
  if (isDocument(page)) return page
  throw new TypeError('no document')
}

function framed(html: string): string {
  if (/<html[\s>]/i.test(html) && /<body[\s>]/i.test(html)) return html
  const inner = html.replace(
    /<!doctype[^>]{0,500}>|<\/?(?:html|head|body)(?:\s[^>]{0,2000})?>/gi,
    '',
  )
  const language = /<html\s[^>]{0,2000}?\blang\s*=\s*["']?([a-z-]{2,12})/i.exec(html)?.[1] ?? ''
  return `<!doctype html><html lang="${language}"><head></head><body>${inner}</body></html>`
}

const isDocument = (value: unknown): value is PageDocument =>
  typeof value === 'object' && value !== null && 'querySelectorAll' in value && 'body' in value
