/** @module The text of an answer as people copy it: one spelling whatever formatting a client adds or drops, and its hash under the result's salt (API B2). */
import { domain, toHex, utf8 } from '../../core/bytes.ts'
import type { Hashes } from './examination.ts'

/** Marks without a shape of their own, which clients add and drop: soft hyphen, zero-width, direction, byte order. */
const invisible = /[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g
/** What a list, heading or quote begins with; a copy has it or not. */
const mark = /^\s*(?:#{1,4} +|[-*•–] +|\d{1,3}[.)] +|> ?)/

/** NFC, without list marks and invisible marks, white space runs to one space, trimmed. */
export function normaliseShown(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(invisible, '')
    .split(/[\r\n\u2028\u2029]+/)
    .map(withoutMarks)
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
}

function withoutMarks(line: string): string {
  let rest = line
  while (mark.test(rest)) rest = rest.replace(mark, '')
  return rest
}

/** Hex; `salt` is the result record's, 32 bytes. */
export const shownHash = (text: string, salt: Uint8Array, { sha256 }: Hashes): string =>
  toHex(sha256(domain('chrysalis/shown/1', salt, utf8(normaliseShown(text)))))

/** The part of a pasted text that is the answer, and what stands around it (a footer, a name). */
export interface ShownMatch {
  readonly answer: string
  readonly rest: string
}

const maxTries = 600
const maxLeadingLines = 2

/** Finds the answer in what was pasted, from whole lines: footers and notes stand below it, names above. Undefined when no such part is it. */
export function findShown(
  pasted: string,
  expected: { readonly hash: string; readonly salt: Uint8Array },
  hashes: Hashes,
): ShownMatch | undefined {
  const lines = pasted.split(/\r\n|[\r\n\u2028\u2029]/)
  let tries = 0
  for (let first = 0; first <= Math.min(maxLeadingLines, lines.length - 1); first++)
    for (let end = lines.length; end > first && tries < maxTries; end--, tries++) {
      const answer = lines.slice(first, end).join('\n')
      if (shownHash(answer, expected.salt, hashes) === expected.hash)
        return { answer, rest: [...lines.slice(0, first), ...lines.slice(end)].join('\n').trim() }
    }
  return undefined
}
