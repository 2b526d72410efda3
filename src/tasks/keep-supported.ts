/** @module Sentences of a summary that the source bears: the others are made once more from their place in the source, or left out. */
import { addChecked, type Meter, nothingChecked, stripAnswer } from './answers.ts'
import { checkSentence, type Source, sourceOf } from './check-summary.ts'
import { marksFor } from './marks.ts'
import { foldedWords, sentencesOf } from './sentences.ts'
import { sentencePrompt } from './summary-prompt.ts'
import type { Checked, Language } from './task.ts'

export interface Kept {
  readonly sentences: readonly string[]
  readonly checked: Checked
}

interface Work {
  readonly runs: Meter
  readonly text: string
  readonly language: Language
}

/** Sentences of the source shown again for one sentence that was wrong. */
const PLACES = 3
/** Words of sentences that may be equal before the second one says nothing new. */
const REPEATED = 0.8

/**
 * Drops repetitions, then unsupported sentences that stay so after one more try. When none is left, the first
 * one stands and its unsupported parts are counted as `missing`, for the reader to be warned.
 */
export async function keepSupported(work: Work, written: readonly string[]): Promise<Kept> {
  const source = sourceOf(work.text, work.language)
  const sentences: string[] = []
  let checked = nothingChecked
  for (const sentence of written) {
    if (isRepeated(sentence, sentences, work.language)) continue
    const support = checkSentence(sentence, source)
    if (support.unsupported.length === 0) {
      sentences.push(sentence)
      checked = addChecked(checked, { ...nothingChecked, ...support.compared })
      continue
    }
    const again = await writeAgain(work, sentence, source)
    const useful = again !== undefined && !isRepeated(again, sentences, work.language)
    if (useful) sentences.push(again)
    const compared = useful ? checkSentence(again, source).compared : support.compared
    checked = addChecked(checked, {
      ...nothingChecked,
      ...compared,
      redone: 1,
      dropped: useful ? 0 : 1,
    })
  }
  const [first] = written
  if (sentences.length > 0 || first === undefined) return { sentences, checked }
  const { unsupported } = checkSentence(first, source)
  return {
    sentences: [first],
    checked: addChecked(checked, { ...nothingChecked, missing: unsupported.length }),
  }
}

/** One sentence from the part of the source that `sentence` has most words in common with; undefined when it invents too. */
async function writeAgain(
  { runs, text, language }: Work,
  sentence: string,
  source: Source,
): Promise<string | undefined> {
  const places = nearest(text, sentence, language)
  const marks = await marksFor(places, 'article')
  const answer = await runs.run(sentencePrompt({ text: places, marks, language }))
  if (answer.stop === 'limit') return undefined
  const [again] = sentencesOf(stripAnswer(answer.text), language)
  if (again === undefined || checkSentence(again, source).unsupported.length > 0) return undefined
  return again
}

function nearest(text: string, sentence: string, language: Language): string {
  const wanted = contentWords(sentence, language)
  return sentencesOf(text, language)
    .map((place, at) => ({ place, at, score: shared(wanted, contentWords(place, language)) }))
    .toSorted((a, b) => b.score - a.score || a.at - b.at)
    .slice(0, PLACES)
    .toSorted((a, b) => a.at - b.at)
    .map(({ place }) => place)
    .join(' ')
}

function isRepeated(sentence: string, earlier: readonly string[], language: Language): boolean {
  const words = contentWords(sentence, language)
  return earlier.some((other) => {
    const others = contentWords(other, language)
    return shared(words, others) >= REPEATED * Math.max(1, Math.min(words.size, others.size))
  })
}

/** Short words are glue in scripts with spaces; every character counts in those without. */
const contentWords = (text: string, language: Language): ReadonlySet<string> =>
  new Set(
    foldedWords(text, language).filter((word) => word.length > 3 || /\p{Lo}|\p{N}/u.test(word)),
  )

function shared(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let count = 0
  for (const word of a) if (b.has(word)) count++
  return count
}
