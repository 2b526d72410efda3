/** @module Links, mentions, tags, commands and code stand in as short tokens while a model translates around them. */
import { findSpans, type Span, type SpanKind } from './spans.ts'

/** One hidden part: `token` stands for `original`. */
export interface Hidden {
  readonly token: string
  readonly original: string
}

export interface Masked {
  readonly text: string
  readonly hidden: readonly Hidden[]
}

/** Tokens look like what they stand for, so that a model treats them as such and the sentence stays natural. */
const SHAPES: Readonly<Record<SpanKind, (n: number) => string>> = {
  link: (n) => `https://x.io/${n}`,
  mention: (n) => `@user${n}`,
  tag: (n) => `#tag${n}`,
  command: (n) => `/cmd${n}`,
  code: (n) => `\`code${n}\``,
}

/** `text` with every protected part replaced by a token that occurs nowhere else in it. Equal parts get their own tokens. */
export function hideParts(text: string): Masked {
  const hidden: Hidden[] = []
  let masked = ''
  let from = 0
  let n = 0
  for (const span of findSpans(text)) {
    let token: string
    do token = SHAPES[span.kind](++n)
    while (text.includes(token))
    masked += text.slice(from, span.start) + token
    from = span.end
    hidden.push({ token, original: span.text })
  }
  return { text: masked + text.slice(from), hidden }
}

/** `answer` with the originals back in place; `intact` when each token came back exactly once. */
export function showParts(
  answer: string,
  hidden: readonly Hidden[],
): { readonly text: string; readonly intact: boolean } {
  // One pass over the answer: an original that looks like another token is never replaced in turn.
  const originals = new Map(hidden.map(({ token, original }) => [token, original]))
  if (originals.size === 0) return { text: answer, intact: true }
  const seen = new Map<string, number>()
  const tokens = [...originals.keys()].toSorted((a, b) => b.length - a.length)
  const pattern = new RegExp(tokens.map((token) => `${escaped(token)}(?!\\d)`).join('|'), 'gu')
  const text = answer.replaceAll(pattern, (token) => {
    seen.set(token, (seen.get(token) ?? 0) + 1)
    return originals.get(token) ?? token
  })
  return { text, intact: hidden.every(({ token }) => seen.get(token) === 1) }
}

/** What is left of `text` without its protected parts. */
export function withoutParts(text: string): string {
  const spans: readonly Span[] = findSpans(text)
  let rest = ''
  let from = 0
  for (const span of spans) {
    rest += `${text.slice(from, span.start)} `
    from = span.end
  }
  return rest + text.slice(from)
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/gu, String.raw`\$&`)
