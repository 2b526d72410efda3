/** @module Sentences and words of a text, by `Intl.Segmenter` and a little sense for abbreviations. */
import { fold } from './fold.ts'
import type { Language } from './task.ts'

/** A segment that ends so is not the end of a sentence: titles, initials, `e.g.`, `№`. */
const UNFINISHED =
  /(?:^|[\s("«])(?:\p{Lu}|Dr|Mr|Mrs|Ms|Prof|St|Nr|No|Sr|Sra|Mme|vs|etc|e\.g|i\.e|z\.B|d\.h|bzw|ca|г|ул|им|т\.е|т\.д|др|стр|approx)\.\s*$/u

/** Longer than every abbreviation, short enough to look at each time. */
const LOOK_BACK = 12

/** Trimmed sentences of `text`, none empty. Line breaks end a sentence. */
export function sentencesOf(text: string, language: Language = 'en'): string[] {
  const sentences: string[] = []
  const add = (from: number, to: number): void => {
    const sentence = text.slice(from, to).trim()
    if (sentence !== '') sentences.push(sentence)
  }
  let start = 0
  for (const { index, segment } of segmenter(language, 'sentence').segment(text)) {
    const end = index + segment.length
    const last = text.slice(Math.max(start, end - LOOK_BACK), end)
    if (UNFINISHED.test(last) && !segment.endsWith('\n')) continue
    add(start, end)
    start = end
  }
  add(start, text.length)
  return sentences
}

/** Comparison forms of the words of `text`. */
export function foldedWords(text: string, language: Language = 'en'): string[] {
  return [...segmenter(language, 'word').segment(fold(text))]
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment)
}

const segmenter = (language: Language, granularity: 'sentence' | 'word'): Intl.Segmenter =>
  new Intl.Segmenter([language, 'en'], { granularity })
