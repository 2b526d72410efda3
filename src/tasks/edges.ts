/** @module White space, emoji and markup around a text: copied by code, because models lose and add them, and some markup is made to lead them astray. */

/** Control words of chat formats with the role that the opening ones name, and tags; bounded, since authors choose the text. */
const MARKUP = String.raw`<\|(?:im_start|start_header_id)\|>(?:system|user|assistant|tool)\b|<\|[^<>|\n]{1,40}\|>|<\/?[a-z][\w-]{0,31}(?:\s[^<>\n]{0,200})?>`
const EDGE = String.raw`(?:[\s\p{Extended_Pictographic}\p{Emoji_Modifier}\u{fe0f}\u{200d}]|${MARKUP})`
const LEAD = new RegExp(`^${EDGE}*`, 'u')
const RUNS = new RegExp(`${EDGE}+`, 'gu')

export interface Edges {
  readonly lead: string
  readonly body: string
  readonly tail: string
}

/** `lead` + `body` + `tail` is `text`; `body` begins and ends with neither white space, emoji nor markup. Linear in the text. */
export function splitEdges(text: string): Edges {
  const lead = LEAD.exec(text)?.[0] ?? ''
  const rest = text.slice(lead.length)
  // A pattern that ends in `$` would try every run of blanks to its end at each of its places.
  let tail = ''
  for (const run of rest.matchAll(RUNS)) if (run.index + run[0].length === rest.length) [tail] = run
  return { lead, body: rest.slice(0, rest.length - tail.length), tail }
}
