/** @module White space and emoji around a text: copied by code, because models lose and add them. */

const EDGE = String.raw`[\s\p{Extended_Pictographic}\p{Emoji_Modifier}\u{fe0f}\u{200d}]`
const LEAD = new RegExp(`^${EDGE}*`, 'u')
const RUNS = new RegExp(`${EDGE}+`, 'gu')

export interface Edges {
  readonly lead: string
  readonly body: string
  readonly tail: string
}

/** `lead` + `body` + `tail` is `text`; `body` begins and ends with neither white space nor emoji. Linear in the text. */
export function splitEdges(text: string): Edges {
  const lead = LEAD.exec(text)?.[0] ?? ''
  const rest = text.slice(lead.length)
  // A pattern that ends in `$` would try every run of blanks to its end at each of its places.
  let tail = ''
  for (const run of rest.matchAll(RUNS)) if (run.index + run[0].length === rest.length) [tail] = run
  return { lead, body: rest.slice(0, rest.length - tail.length), tail }
}
