/** @module Whether a source bears a sentence about it: every name, number, weekday and month of the sentence must occur in the source. */
import { type Calendar, calendarOf } from './calendar.ts'
import { fold } from './fold.ts'
import { findNumberWords } from './number-words.ts'
import { findNumbers, isAmong, type NumberMention } from './numbers.ts'
import { withoutParts } from './placeholders.ts'
import { foldedWords } from './sentences.ts'
import type { Checked, Language } from './task.ts'

/** A source made ready once for many sentences. */
export interface Source {
  readonly language: Language
  readonly calendar: Calendar
  readonly words: ReadonlySet<string>
  readonly numbers: readonly NumberMention[]
  readonly spokenNumbers: ReadonlySet<number>
  readonly dates: ReadonlySet<string>
}

export interface Support {
  /** Names, numbers and dates of the sentence that the source does not hold, as the sentence writes them. */
  readonly unsupported: readonly string[]
  readonly compared: Pick<Checked, 'names' | 'numbers' | 'dates'>
}

export function sourceOf(text: string, language: Language): Source {
  const calendar = calendarOf(language)
  const plain = withoutParts(text)
  return {
    language,
    calendar,
    words: new Set(foldedWords(text, language)),
    numbers: findNumbers(plain),
    spokenNumbers: new Set(findNumberWords(plain, language).map(({ value }) => value)),
    dates: new Set(calendar.find(plain).map(({ kind, index }) => `${kind}${index}`)),
  }
}

/**
 * Compares one sentence in the source's own language with the source. Names are words with a capital inside a
 * sentence (in German, where nouns have one, only pairs and abbreviations), and Latin words in a script without
 * capitals. Not compared: meaning, names at the beginning of a sentence, number words.
 */
export function checkSentence(sentence: string, source: Source): Support {
  const dates = source.calendar.find(sentence).filter(({ sure }) => sure)
  let rest = sentence
  for (const { start, end } of dates)
    rest = rest.slice(0, start) + ' '.repeat(end - start) + rest.slice(end)
  const numbers = findNumbers(rest)
  const names = namesIn(rest, source.language)
  const unsupported = [
    ...names.filter((name) => !holdsName(source, name)),
    ...numbers.filter((number) => !holdsNumber(source, number)).map(({ text }) => text),
    ...dates
      .filter(({ kind, index }) => !source.dates.has(`${kind}${index}`))
      .map(({ text }) => text),
  ]
  return {
    unsupported,
    compared: { names: names.length, numbers: numbers.length, dates: dates.length },
  }
}

const WORD = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’&][\p{L}\p{M}]+)*/gu
/** Scripts without capitals: a name cannot be told from a word in them. */
const CASELESS = new Set(
  'zh ja ko ar he fa ur hi bn th my km lo ka am ta te ml kn gu pa mr ne si'.split(' '),
)

/** Words of `sentence` that look like names, in order. */
export function namesIn(sentence: string, language: Language): string[] {
  if (CASELESS.has(language)) return sentence.match(/[A-Za-z][A-Za-z0-9]+/gu) ?? []
  const names: string[] = []
  let previousEnd = 0
  let previousCapital = false
  let first = true
  for (const match of sentence.matchAll(WORD)) {
    const word = match[0]
    const gap = sentence.slice(previousEnd, match.index)
    // A quotation or a colon begins a sentence of its own.
    const opening = first || /[.!?:"«“„(¿¡…]/u.test(gap)
    const capital = /^\p{Lu}/u.test(word)
    const inside = /^\p{L}.*\p{Lu}/u.test(word)
    const plainName = capital && !opening && language !== 'de'
    const germanName =
      capital && previousCapital && !opening && language === 'de' && /^\s$/u.test(gap)
    if (word.length > 1 && (inside || plainName || germanName)) names.push(word)
    previousCapital = capital && !opening
    previousEnd = match.index + word.length
    first = false
  }
  return names
}

/** Languages whose names take endings. */
const INFLECTED = new Set(
  'ru uk be bg sr hr sl cs sk pl tr fi et hu lt lv de el ro kk az uz'.split(' '),
)

function holdsName(source: Source, name: string): boolean {
  const wanted = fold(name).replace(/'s?$|'\p{L}+$/u, '')
  if (source.words.has(wanted) || source.words.has(fold(name))) return true
  const forms = [wanted.replace(/e?s$/u, ''), `${wanted}s`, `${wanted}'s`]
  if (forms.some((form) => source.words.has(form))) return true
  if (!INFLECTED.has(source.language)) return false
  for (const word of source.words) if (sameStem(wanted, word)) return true
  return false
}

/** Equal but for endings of at most three letters, with at least three and over half of the longer word in common. */
function sameStem(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 3) return false
  let common = 0
  while (common < a.length && common < b.length && a[common] === b[common]) common++
  const longer = Math.max(a.length, b.length)
  return common >= 3 && common * 2 > longer && longer - common <= 3
}

const holdsNumber = (source: Source, number: NumberMention): boolean =>
  isAmong(number, source.numbers) || number.values.some((value) => source.spokenNumbers.has(value))
