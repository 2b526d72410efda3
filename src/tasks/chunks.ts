/** @module Cuts a long text into pieces a model can take, at the best places, without losing a byte. */
import { findSpans } from './spans.ts'

export interface ChunkLimits {
  /** Most tokens of one chunk; a protected part or a grapheme that is longer stays whole. */
  readonly maxTokens: number
  /** Tokens of a piece; the sum over pieces bounds the count of their join well enough to pack by. */
  readonly count: (text: string) => number
}

/** From this level on pieces are halved: words are so short that the sum of their tokens says little about their join. */
const FIRST_BISECTED = 3

interface Piece {
  readonly start: number
  readonly end: number
  readonly tokens: number
}

/** Places where a level may cut, best level first. Each yields the ends of its pieces. */
const LEVELS: readonly ((text: string) => Iterable<number>)[] = [
  (text) => endsOfMatches(text, /\n\s*\n/gu),
  (text) => endsOfMatches(text, /\n+/gu),
  (text) => endsOfSegments(text, 'sentence'),
  (text) => endsOfSegments(text, 'word'),
  (text) => endsOfSegments(text, 'grapheme'),
]

/**
 * Pieces of about equal size whose join is `text` exactly. Cuts fall between paragraphs, then lines, sentences,
 * words and graphemes, whichever is the first that fits; never inside a link, mention, tag, code or surrogate pair.
 * White space stays at the end of the piece before the cut.
 */
export function splitChunks(text: string, { maxTokens, count }: ChunkLimits): readonly string[] {
  const total = count(text)
  if (total <= maxTokens) return text === '' ? [] : [text]
  // Even pieces: 410 tokens at a limit of 400 become two halves, not a long one and a scrap.
  const target = Math.min(maxTokens, Math.ceil((total / Math.ceil(total / maxTokens)) * 1.15))
  const inside = protectedPlaces(text)
  const atoms = cut({ text, start: 0, end: text.length, limit: target, count, inside, level: 0 })
  return pack(atoms, target).map(({ start, end }) => text.slice(start, end))
}

interface Cut {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly limit: number
  readonly count: (text: string) => number
  readonly inside: (at: number) => boolean
  readonly level: number
}

function cut(work: Cut): Piece[] {
  const { text, start, end, limit, count, inside, level } = work
  const body = text.slice(start, end)
  const tokens = count(body)
  const ends = tokens > limit ? LEVELS[level] : undefined
  if (ends === undefined) return [{ start, end, tokens }]
  if (level >= FIRST_BISECTED) return bisect(work, placesOf(work, ends(body)))
  const pieces: Piece[] = []
  let from = start
  for (const offset of [...ends(body), body.length]) {
    const at = start + offset
    if (at <= from || (at < end && inside(at))) continue
    pieces.push(...cut({ ...work, start: from, end: at, level: level + 1 }))
    from = at
  }
  return pieces
}

const placesOf = ({ start, inside }: Cut, ends: Iterable<number>): number[] =>
  Array.from(ends, (offset) => start + offset).filter((place) => !inside(place))

/** Two halves, cut as near to the middle as may be, each cut again at the other `places`. */
function bisect(work: Cut, places: readonly number[]): Piece[] {
  const { text, start, end, limit, count, level } = work
  const tokens = count(text.slice(start, end))
  if (tokens <= limit) return [{ start, end, tokens }]
  const within = places.filter((place) => place > start && place < end)
  const middle = start + (end - start) / 2
  const after = within.findIndex((place) => place >= middle)
  const [left, right] = [within[after < 0 ? within.length - 1 : after - 1], within[after]]
  const at =
    right === undefined || (left !== undefined && middle - left < right - middle) ? left : right
  if (at === undefined) return cut({ ...work, level: level + 1 })
  return [...bisect({ ...work, end: at }, within), ...bisect({ ...work, start: at }, within)]
}

function pack(atoms: readonly Piece[], limit: number): Piece[] {
  const packed: Piece[] = []
  for (const atom of atoms) {
    const last = packed.at(-1)
    if (last !== undefined && last.tokens + atom.tokens <= limit)
      packed[packed.length - 1] = { ...last, end: atom.end, tokens: last.tokens + atom.tokens }
    else packed.push(atom)
  }
  return packed
}

/** True for places strictly inside a protected part. */
function protectedPlaces(text: string): (at: number) => boolean {
  const spans = findSpans(text)
  return (at) => {
    let low = 0
    let high = spans.length
    while (low < high) {
      const middle = (low + high) >> 1
      const span = spans[middle]
      if (span === undefined || span.end > at) high = middle
      else low = middle + 1
    }
    const span = spans[low]
    return span !== undefined && span.start < at
  }
}

function* endsOfMatches(text: string, pattern: RegExp): Iterable<number> {
  for (const match of text.matchAll(pattern)) yield match.index + match[0].length
}

function* endsOfSegments(
  text: string,
  granularity: 'sentence' | 'word' | 'grapheme',
): Iterable<number> {
  const segments = new Intl.Segmenter('en', { granularity }).segment(text)
  for (const { index, segment } of segments) yield index + segment.length
}
