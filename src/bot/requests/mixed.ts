/** @module Mixed texts: which parts are copied because their language is read, so that only the foreign ones are translated. */
import { splitByLanguage } from '../reading/language.ts'

export interface Mixed {
  /** `[start, end)` in UTF-16 units of what stays as it is. */
  readonly keep: readonly (readonly [number, number])[]
  /** Language of the foreign parts; absent where they are in several. */
  readonly from?: string
}

/** Undefined for a text that is foreign or spared as a whole, and for one too short to be parted. */
export async function mixedOf(
  text: string,
  priors: readonly string[],
  isSpared: (language: string) => boolean,
): Promise<Mixed | undefined> {
  const keep: (readonly [number, number])[] = []
  const foreign = new Set<string>()
  let at = 0
  for (const part of await splitByLanguage(text, priors)) {
    const end = at + part.text.length
    // Words in no known language are left as they are, too: nobody can say that they are foreign.
    if (part.detected === 'undecided' || isSpared(part.detected.language)) keep.push([at, end])
    else foreign.add(part.detected.language)
    at = end
  }
  const [from] = foreign
  if (keep.length === 0 || from === undefined) return undefined
  return { keep, ...(foreign.size === 1 && { from }) }
}
