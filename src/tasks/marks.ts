/** @module The marks around untrusted text in a prompt: made from the text's own hash and proved absent from it. */
import { AppError } from '../core/app-error.ts'

/** `open` + text + `close`; neither mark, in any letter case, occurs in the text. */
export interface Marks {
  readonly open: string
  readonly close: string
}

/** Four digits keep a mark to a handful of tokens; safety comes from the look-up below, not from the length. */
const DIGITS = [4, 8, 16, 32] as const

/**
 * Marks `<name-hhhh>` and `</name-hhhh>` for `text`, where `hhhh` is the first piece of SHA-256(text) whose marks do
 * not occur in the text: deterministic, and no author can write them, since what is in the text is passed over.
 * `name` is lower-case letters and tells the model what the text is. Longer pieces follow for a text that holds every
 * short one; to hold the longest a text would have to contain its own hash.
 */
export async function marksFor(text: string, name: string): Promise<Marks> {
  const lower = text.toLowerCase()
  const hash = await sha256Hex(text)
  for (const digits of DIGITS) {
    for (let at = 0; at + digits <= hash.length; at += digits) {
      const tag = `${name}-${hash.slice(at, at + digits)}`
      if (!lower.includes(tag)) return { open: `<${tag}>`, close: `</${tag}>` }
    }
  }
  throw new AppError('input.invalid')
}

/** `text` between its marks, each on the same line as the text: line breaks of the text stay the only ones. */
export const between = (marks: Marks, text: string): string => `${marks.open}${text}${marks.close}`

/** What stands in `answer` after the last opening mark and before the first closing one after it. */
export function withoutMarks(answer: string, marks: Marks): string {
  const start = answer.lastIndexOf(marks.open)
  const rest = start < 0 ? answer : answer.slice(start + marks.open.length)
  const end = rest.indexOf(marks.close)
  return end < 0 ? rest : rest.slice(0, end)
}

async function sha256Hex(text: string): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
