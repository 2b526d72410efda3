/** @module Word error rate: how many words must be changed, dropped or added to get from what was heard to what was said, for each word said. */

/** 0 = the same words. Letters' case, punctuation and spaces do not count. */
export function wordErrorRate(said: string, heard: string): number {
  const [reference, hypothesis] = [wordsOf(said), wordsOf(heard)]
  // Levenshtein distance over words, one row at a time.
  let row = Array.from({ length: hypothesis.length + 1 }, (_, at) => at)
  for (const [at, word] of reference.entries()) {
    const next = [at + 1]
    for (const [other, candidate] of hypothesis.entries()) {
      const changed = (row[other] ?? 0) + (word === candidate ? 0 : 1)
      next.push(Math.min(changed, (row[other + 1] ?? 0) + 1, (next[other] ?? 0) + 1))
    }
    row = next
  }
  return (row.at(-1) ?? 0) / Math.max(1, reference.length)
}

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .normalize('NFKC')
    .split(/[^\p{L}\p{N}']+/u)
    .filter((word) => word !== '')
