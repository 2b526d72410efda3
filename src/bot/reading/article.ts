/** @module The article of a web page: title, author, language and text without menus, advertisements and scripts. */
import { Readability } from '@mozilla/readability'
import { AppError } from '../../core/app-error.ts'
import { blockText, tidy } from './block-text.ts'
import type { ReadContent } from './content.ts'
import { type PageDocument, parsePage } from './dom.ts'
import { isDeeperThan } from './html-depth.ts'

/** Deeper pages are bombs: 5,000 nested elements took seconds, 20,000 the stack. */
const MAX_DEPTH = 500
/** Less is a login page, a cookie wall or a page made by scripts. */
const MIN_ARTICLE = 200

/** `web`: must look like an article. `file`: somebody sent it, so all its text is meant. */
export type HtmlSource = 'web' | 'file'

/**
 * Reads the article of `html`: by Readability, else the JSON-LD `articleBody`, else the page's own description.
 * Throws `page.failed` (nested too deeply); for the web `page.empty` below 200 characters, for a file `input.empty`.
 * Hostile input takes seconds: call it in the reading thread only.
 */
export function readArticle(html: string, source: HtmlSource): ReadContent {
  if (isDeeperThan(html, MAX_DEPTH)) throw new AppError('page.failed', { maxDepth: MAX_DEPTH })
  const page = parsePage(html)
  const declared = declaredOf(page)
  const whole = source === 'file' ? blockText(page.body) : ''
  // Readability takes the document apart: nothing is read from `page` after this.
  const article = new Readability(page, {
    serializer: blockText,
    charThreshold: MIN_ARTICLE,
  }).parse()
  const text = firstOf(MIN_ARTICLE, [
    article?.content ?? '',
    declared.articleBody,
    whole,
    declared.description,
  ])
  if (source === 'web' && text.length < MIN_ARTICLE)
    throw new AppError('page.empty', { chars: text.length })
  if (text === '') throw new AppError('input.empty')
  const title = oneLine(article?.title) ?? declared.title
  const byline = oneLine(article?.byline)
  return {
    text,
    ...(title !== undefined && { title }),
    ...(byline !== undefined && { byline }),
    ...(declared.language !== undefined && { language: declared.language }),
  }
}

interface Declared {
  readonly title: string | undefined
  readonly language: string | undefined
  readonly description: string
  readonly articleBody: string
}

/** What the page says about itself. */
function declaredOf(page: PageDocument): Declared {
  const meta = (names: string): string | undefined =>
    oneLine(page.querySelector(names)?.getAttribute('content'))
  return {
    title: meta('meta[property="og:title"]') ?? oneLine(page.querySelector('title')?.textContent),
    language: languageCode(
      page.documentElement.getAttribute('lang') || meta('meta[property="og:locale"]'),
    ),
    description: meta('meta[property="og:description"]') ?? meta('meta[name="description"]') ?? '',
    articleBody: tidy(articleBodyOf(page)),
  }
}

function articleBodyOf(page: PageDocument): string {
  const bodies: string[] = []
  for (const script of page.querySelectorAll('script[type="application/ld+json"]')) {
    try {
      collectBodies(JSON.parse(script.textContent ?? ''), bodies, 0)
    } catch {
      // A page's broken JSON-LD is no reason not to read the page.
    }
  }
  return longest(bodies)
}

/** `articleBody` at any of the places schema.org allows: the object itself, a list, `@graph`. */
function collectBodies(value: unknown, bodies: string[], depth: number): void {
  if (typeof value !== 'object' || value === null || depth > 4) return
  for (const [name, member] of Object.entries(value)) {
    if (name === 'articleBody' && typeof member === 'string') bodies.push(member)
    else collectBodies(member, bodies, depth + 1)
  }
}

/** The first text of at least `least` characters, else the longest. */
const firstOf = (least: number, texts: readonly string[]): string =>
  texts.find((text) => text.length >= least) ?? longest(texts)

const longest = (texts: readonly string[]): string =>
  texts.reduce((best, text) => (text.length > best.length ? text : best), '')

/** `en-US`, `de_AT` → the language alone. */
const languageCode = (tag: string | undefined): string | undefined =>
  /^([a-z]{2,3})(?:[-_]|$)/i.exec(tag ?? '')?.[1]?.toLowerCase()

function oneLine(text: string | null | undefined): string | undefined {
  const line = tidy(text ?? '')
    .replace(/\s+/g, ' ')
    .slice(0, 300)
  return line === '' ? undefined : line
}
