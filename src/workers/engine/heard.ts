/** @module What a speech model says that nobody said: labels for silence and music, and loops. */
import type { Segment } from '../../tasks/task.ts'

/** A segment that is nothing but labels, e.g. `[BLANK_AUDIO]`, `(music)`, `*laughs*`, `♪♪`, or punctuation. */
const LABEL = /^(?:\s|[♪♫.…*-]|\[[^\]]*\]|\([^)]*\)|\*[^*]*\*)*$/u

/** True for text without a spoken word. */
export const isLabel = (text: string): boolean => LABEL.test(text)

/** The segments without labels, trimmed; three or more equal ones in a row are one, as long as all of them. */
export function onlySpoken(segments: readonly Segment[]): readonly Segment[] {
  const spoken = segments
    .filter(({ text }) => !isLabel(text))
    .map((segment) => ({ ...segment, text: segment.text.trim() }))
  const kept: Segment[] = []
  for (let at = 0; at < spoken.length; ) {
    let end = at + 1
    while (end < spoken.length && spoken[end]?.text === spoken[at]?.text) end++
    const run = spoken.slice(at, end)
    const [first, last] = [run[0], run.at(-1)]
    if (first && last && run.length >= 3) kept.push({ ...first, endMs: last.endMs })
    else kept.push(...run)
    at = end
  }
  return kept
}
