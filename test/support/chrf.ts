/** @module chrF and word error rate: the two measures of the evaluation, each in a few lines with their own tests. */

const MAX_ORDER = 6
/** Recall counts as much more than precision as chrF2 says. */
const BETA = 2

/**
 * chrF2 of one sentence or a whole corpus (Popović 2015): character n-grams of 1 to 6 without white space, F-score
 * with β = 2 over the mean precision and recall of the orders that occur. 0 to 100.
 */
export function chrf(hypotheses: readonly string[], references: readonly string[]): number {
  const orders = Array.from({ length: MAX_ORDER }, () => ({ matched: 0, said: 0, wanted: 0 }))
  for (const [at, hypothesis] of hypotheses.entries()) {
    for (const [index, order] of orders.entries()) {
      const said = ngrams(hypothesis, index + 1)
      const wanted = ngrams(references[at] ?? '', index + 1)
      for (const [gram, count] of said) order.matched += Math.min(count, wanted.get(gram) ?? 0)
      order.said += total(said)
      order.wanted += total(wanted)
    }
  }
  const used = orders.filter(({ said, wanted }) => said > 0 && wanted > 0)
  if (used.length === 0) return 0
  const precision = mean(used.map(({ matched, said }) => matched / said))
  const recall = mean(used.map(({ matched, wanted }) => matched / wanted))
  if (precision + recall === 0) return 0
  return (100 * (1 + BETA ** 2) * precision * recall) / (BETA ** 2 * precision + recall)
}

/** Word error rate: insertions, deletions and replacements over the reference's words, without case and punctuation. */
export function wordErrorRate(hypothesis: string, reference: string): number {
  const [said, wanted] = [words(hypothesis), words(reference)]
  let row = Array.from({ length: said.length + 1 }, (_, at) => at)
  for (const [index, word] of wanted.entries()) {
    const next = [index + 1]
    for (const [at, other] of said.entries())
      next.push(
        Math.min(
          (next[at] ?? 0) + 1,
          (row[at + 1] ?? 0) + 1,
          (row[at] ?? 0) + (word === other ? 0 : 1),
        ),
      )
    row = next
  }
  return (row.at(-1) ?? 0) / Math.max(1, wanted.length)
}

function ngrams(text: string, order: number): Map<string, number> {
  const characters = Array.from(text.replaceAll(/\s+/gu, ''))
  const counts = new Map<string, number>()
  for (let at = 0; at + order <= characters.length; at++) {
    const gram = characters.slice(at, at + order).join('')
    counts.set(gram, (counts.get(gram) ?? 0) + 1)
  }
  return counts
}

const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}'’]+/gu) ?? []
const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, count) => sum + count, 0)
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
