/** @module Compares a translation with its source: links, mentions, tags, numbers and times, weekdays and months. */
import type { Calendar, CalendarWord } from './calendar.ts'
import { findNumberWords, hasNumberWords, type NumberWord } from './number-words.ts'
import { findNumbers, isAmong, type NumberMention } from './numbers.ts'
import { findSpans, type SpanKind } from './spans.ts'
import type { Checked, Language } from './task.ts'

/** One side of the comparison. Without a language only what needs no dictionary is compared. */
export interface Side {
  readonly text: string
  readonly language: Language | undefined
  readonly calendar: Calendar | undefined
}

export interface Comparison {
  readonly compared: Pick<Checked, 'links' | 'mentions' | 'tags' | 'numbers' | 'dates'>
  /** Parts of the source that the translation must hold and does not, as they stand in the source. */
  readonly missing: readonly string[]
  /** Number words of the source that are not in the translation, as a word or in figures. */
  readonly lostWords: readonly NumberWord[]
  /** Weekdays and months of the source that are not in the translation. */
  readonly missingDates: readonly CalendarWord[]
  /** Weekdays and months of the translation that are not in the source. */
  readonly inventedDates: readonly CalendarWord[]
  /** Missing parts, changed dates counted once, and numbers the source does not hold. */
  readonly problems: number
}

/**
 * What is lost or invented. Numbers agree over grouping, decimal signs, scripts of digits, number words up to
 * twelve and halves of the day; weekdays and months by the names of `Intl` in both languages.
 * Not compared: names, meaning, number words beyond twelve, numbers a language writes without digits.
 */
export function checkTranslation(source: Side, target: Side): Comparison {
  const spans = compareSpans(source.text, target.text)
  const [from, to] = [withoutSpans(source), withoutSpans(target)]
  const dates = compareDates(from.dates, to.dates)
  const numbers = compareNumbers(from, to)
  const missing = [...spans.missing, ...numbers.missing.map(({ text }) => text)]
  return {
    compared: { ...spans.compared, numbers: from.numbers.length, dates: dates.compared },
    missing,
    lostWords: numbers.lost,
    missingDates: dates.missing,
    inventedDates: dates.invented,
    problems:
      missing.length +
      numbers.invented +
      numbers.lost.length +
      Math.max(dates.missing.length, dates.invented.length),
  }
}

/**
 * Whether `target` looks like an answer to `source` rather than its translation: it calls out where the source does not,
 * or it is a scrap of its length. Small models do so with messages that give orders. Questions are no such sign: in
 * chats most have no question mark.
 */
export const looksAnswered = (source: string, target: string): boolean =>
  (/[!¡！]/u.test(target) && !/[!¡！]/u.test(source)) || isScrap(source, target)

/** A word may be as good as three, so short texts prove nothing. */
const MIN_LETTERS = 24
/** No pair of languages with alphabets comes near a fourth; a Chinese character says what three or four letters do. */
const SCRAP = 0.25
const SIGN_LETTERS = 3

function isScrap(source: string, target: string): boolean {
  const [said, saying] = [lettersOf(source), lettersOf(target)]
  return said >= MIN_LETTERS && saying < said * SCRAP
}

const lettersOf = (text: string): number =>
  (text.match(/\p{L}/gu)?.length ?? 0) +
  (SIGN_LETTERS - 1) * (text.match(/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/gu)?.length ?? 0)

function compareSpans(source: string, target: string) {
  const have = findSpans(target).map(({ text }) => text)
  const missing: string[] = []
  const count = { link: 0, mention: 0, tag: 0, command: 0, code: 0 } satisfies Record<
    SpanKind,
    number
  >
  for (const { kind, text } of findSpans(source)) {
    count[kind]++
    const at = have.indexOf(text)
    if (at >= 0) have.splice(at, 1)
    else missing.push(text)
  }
  return { compared: { links: count.link, mentions: count.mention, tags: count.tag }, missing }
}

interface Facts {
  readonly text: string
  readonly language: Language | undefined
  readonly dates: readonly CalendarWord[]
  readonly numbers: readonly NumberMention[]
}

/** Numbers inside links are the link's; months in figures are months. */
function withoutSpans({ text, language, calendar }: Side): Facts {
  let plain = text
  for (const { start, end } of findSpans(text))
    plain = plain.slice(0, start) + ' '.repeat(end - start) + plain.slice(end)
  const dates = calendar?.find(plain) ?? []
  let rest = plain
  for (const { start, end } of dates)
    rest = rest.slice(0, start) + ' '.repeat(end - start) + rest.slice(end)
  return { text: rest, language, dates, numbers: findNumbers(rest) }
}

const same = (a: CalendarWord, b: CalendarWord): boolean => a.kind === b.kind && a.index === b.index

function compareDates(source: readonly CalendarWord[], target: readonly CalendarWord[]) {
  const wanted = source.filter(({ sure }) => sure)
  const missing = wanted.filter((word) => !target.some((other) => same(word, other)))
  const invented = target.filter((word) => word.sure && !source.some((other) => same(word, other)))
  return { compared: wanted.length, missing: distinct(missing), invented: distinct(invented) }
}

function distinct(words: readonly CalendarWord[]): CalendarWord[] {
  return words.filter(
    (word, at) =>
      words.findIndex((other) => other.kind === word.kind && other.index === word.index) === at,
  )
}

const isHour = (value: number, time: NumberMention['time']): boolean =>
  time !== undefined && value % 12 === Math.floor(time.minutes / 60) % 12

/** Whether a number is there as a word, or as a month: `15.03.` may become `15 March`. */
function isSaid(
  mention: NumberMention,
  words: readonly NumberWord[],
  dates: readonly CalendarWord[],
): boolean {
  const months = dates.filter(({ kind }) => kind === 'month').map(({ index }) => index + 1)
  return (
    mention.values.some((value) => months.includes(value)) ||
    words.some(({ value }) => mention.values.includes(value) || isHour(value, mention.time))
  )
}

function compareNumbers(source: Facts, target: Facts) {
  const [said, saying] = [wordsOf(source), wordsOf(target)]
  const missing = source.numbers.filter(
    (mention) => !isAmong(mention, target.numbers) && !isSaid(mention, saying, target.dates),
  )
  const extra = target.numbers.filter(
    (mention) => !isAmong(mention, source.numbers) && !isSaid(mention, said, source.dates),
  )
  // Words that nobody can look for in the target language are not missed in it.
  const lost = hasNumberWords(target.language)
    ? said.filter((word) => isLost(word, saying, target.numbers))
    : []
  // Without a table of the source's number words a new figure proves nothing.
  const known = hasNumberWords(source.language)
  const proven = known ? extra.filter(({ values }) => values.some((value) => value <= 12)) : []
  return { missing, lost, invented: Math.max(0, proven.length - missing.length - lost.length) }
}

const wordsOf = ({ text, language }: Facts): readonly NumberWord[] =>
  findNumberWords(text, language)

const isLost = (
  { value, sure }: NumberWord,
  words: readonly NumberWord[],
  numbers: readonly NumberMention[],
): boolean =>
  sure &&
  !words.some((word) => word.value === value) &&
  !numbers.some(({ values, time }) => values.includes(value) || isHour(value, time))
