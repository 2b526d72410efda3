/** @module Sentences and words of a text, by `Intl.Segmenter` and a little sense for abbreviations. */
import { fold } from './fold.ts'
import type { Language } from './task.ts'

/** A segment that ends so is not the end of a sentence: titles, initials, `e.g.`, `№`. */
const UNFINISHED =
  /(?:^|[\s("«])(?:\p{Lu}|Dr|Mr|Mrs|Ms|Prof|St|Nr|No|Sr|Sra|Mme|vs|etc|e\.g|i\.e|z\.B|d\.h|bzw|ca|г|ул|им|т\.е|т\.д|др|стр|approx)\.\s*$/u

/** Trimmed sentences of `text`, none empty. Line breaks end a sentence. */
export function sentencesOf(text: string, language: Language = 'en'): string[] {
  const sentences: string[] = []
  let open = ''
  for (const { segment } of segmenter(language, 'sentence').segment(text)) {
    open += segment
    if (UNFINISHED.test(open) && !segment.endsWith('\n')) continue
    if (open.trim() !== '') sentences.push(open.trim())
    open = ''
  }
  if (open.trim() !== '') sentences.push(open.trim())
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
