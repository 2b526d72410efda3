/** @module Sentences of a summary that the source bears: the others give way to the source's own words, are made once more, or are left out. */
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
/** Share of a sentence's words that makes a sentence of the source say the same. */
const SAME_SENTENCE = 0.6
/** Longest sentence of the source, in characters, that may stand in a summary. */
const MAX_QUOTED = 320
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
    const again = await replacement(work, sentence, source)
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

/** The sentence of the source that says the same, else one written again from its place in the source, else nothing. */
async function replacement(
  work: Work,
  sentence: string,
  source: Source,
): Promise<string | undefined> {
  const wanted = contentWords(sentence, work.language)
  const places = nearest(work.text, wanted, work.language)
  const [best] = places
  // A model that added a word to a sentence of the source is cheaper corrected by the sentence itself.
  const close = best !== undefined && best.score >= SAME_SENTENCE * wanted.size
  if (close && best.place.length <= MAX_QUOTED) return best.place
  const marked = places.toSorted((a, b) => a.at - b.at).map(({ place }) => place)
  return writeAgain(work, marked.join(' '), source)
}

async function writeAgain(
  { runs, language }: Work,
  places: string,
  source: Source,
): Promise<string | undefined> {
  const marks = await marksFor(places, 'article')
  const answer = await runs.run(sentencePrompt({ text: places, marks, language }))
  if (answer.stop === 'limit') return undefined
  const [again] = sentencesOf(stripAnswer(answer.text), language)
  if (again === undefined || checkSentence(again, source).unsupported.length > 0) return undefined
  return again
}

interface Place {
  readonly place: string
  readonly at: number
  /** Content words in common. */
  readonly score: number
}

/** The sentences of the source with most words in common, the best first. */
function nearest(text: string, wanted: ReadonlySet<string>, language: Language): Place[] {
  return sentencesOf(text, language)
    .map((place, at) => ({ place, at, score: shared(wanted, contentWords(place, language)) }))
    .toSorted((a, b) => b.score - a.score || a.at - b.at)
    .slice(0, PLACES)
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
