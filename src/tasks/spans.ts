/** @module Finds the parts of a message that no translation may change: links, mentions, tags, commands and code. */

export type SpanKind = 'link' | 'mention' | 'tag' | 'command' | 'code'

/** `text` stands at [start, end) in UTF-16 units. */
export interface Span {
  readonly kind: SpanKind
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Endings of bare host names that people write in chats without `https://`; a wrong guess only protects a word. */
const ENDINGS =
  'com|org|net|io|dev|app|me|ai|co|info|edu|gov|eu|ru|ua|de|fr|es|it|pt|br|mx|tr|cn|jp|uk|us|in|ir|kz|by|tv|xyz|news|link|рф|укр'
/** A label has at most 63 characters and a name few labels: without bounds a long word costs quadratic time. */
const HOST = String.raw`(?:[\p{L}\p{N}][\p{L}\p{N}-]{0,62}\.){1,8}(?:${ENDINGS})`

// Order matters: what is found first wins, so code hides links inside it, and links hide tags and mentions.
const PATTERNS: readonly { readonly kind: SpanKind; readonly pattern: RegExp }[] = [
  { kind: 'code', pattern: /```[\s\S]*?```|`[^`\n]+`/gu },
  { kind: 'link', pattern: /\b(?:https?|tg|ton|ftp):\/\/[^\s<>"«»“”`]+/giu },
  {
    kind: 'link',
    pattern:
      /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}[\p{L}\p{N}-]{2,63}/gu,
  },
  {
    kind: 'link',
    pattern: new RegExp(
      String.raw`(?<![\p{L}\p{N}@#/.])(?:www\.[^\s<>"«»]+|${HOST}(?![\p{L}\p{N}-])(?:/[^\s<>"«»“”\x60]*)?)`,
      'giu',
    ),
  },
  { kind: 'mention', pattern: /(?<![\p{L}\p{N}_@./])@[A-Za-z]\w{1,31}/gu },
  { kind: 'tag', pattern: /(?<![\p{L}\p{N}_&#/])#[\p{L}\p{N}_]*[\p{L}_][\p{L}\p{N}_\p{M}]*/gu },
  {
    kind: 'command',
    pattern: /(?<![\p{L}\p{N}_/.:<])\/[a-z][a-z0-9_]{1,31}(?:@\w{3,32})?(?![\w/.])/gu,
  },
]

/** The protected parts of `text`, in order, none overlapping. Linear in the text: authors choose it. */
export function findSpans(text: string): readonly Span[] {
  const found: Span[] = []
  const taken = new Uint8Array(text.length)
  for (const { kind, pattern } of PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const body = kind === 'link' ? withoutTrailingPunctuation(match[0]) : match[0]
      const [start, end] = [match.index, match.index + body.length]
      if (taken.subarray(start, end).includes(1)) continue
      taken.fill(1, start, end)
      found.push({ kind, start, end, text: body })
    }
  }
  return found.toSorted((a, b) => a.start - b.start)
}

/** A full stop or bracket after a link belongs to the sentence; a closing bracket stays when the link opened one. */
function withoutTrailingPunctuation(link: string): string {
  const opened = link.split('(').length
  let closed = link.split(')').length
  let end = link.length
  for (; end > 0; end--) {
    const char = link.charAt(end - 1)
    if (!/[.,;:!?)\]}'*_~…。，、！？）»”]/u.test(char)) break
    if (char === ')' && opened >= closed) break
    if (char === ')') closed--
  }
  return link.slice(0, end)
}
