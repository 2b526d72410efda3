/** @module Cuts text into messages at paragraph, sentence or word ends, never inside a character. */

/**
 * Parts of at most `maxUnits` UTF-16 units; joined they are exactly `text`. A part is cut after a paragraph,
 * else a line, a sentence, a word; only a word longer than a part is cut inside, and then between code points.
 */
export function splitText(text: string, maxUnits: number): string[] {
  const parts: string[] = []
  let rest = text
  while (rest.length > maxUnits) {
    const at = cutAt(rest, maxUnits)
    parts.push(rest.slice(0, at))
    rest = rest.slice(at)
  }
  if (rest !== '' || parts.length === 0) parts.push(rest)
  return parts
}

const ends = [/\n\s*\n\s*/g, /\n\s*/g, /[.!?…。！？]["»”')\]]*\s+/g, /\s+/g]

function cutAt(text: string, maxUnits: number): number {
  const window = text.slice(0, maxUnits)
  for (const end of ends) {
    let last = 0
    for (const match of window.matchAll(end)) last = match.index + match[0].length
    // A cut in the first half makes needlessly small parts: the next finer kind of end serves better.
    if (last > maxUnits / 2) return last
  }
  const word = /\s/.exec(window) ? window.search(/\s\S*$/) + 1 : 0
  if (word > 0) return word
  const code = text.charCodeAt(maxUnits - 1)
  return code >= 0xd800 && code <= 0xdbff && maxUnits > 1 ? maxUnits - 1 : maxUnits
}
