/** @module Weekdays and months in a text of a known language, by the names `Intl` gives them and the forms people write. */
import { fold } from './fold.ts'
import type { Language } from './task.ts'

export interface CalendarWord {
  readonly kind: 'weekday' | 'month'
  /** Monday = 0, January = 0. */
  readonly index: number
  readonly start: number
  readonly end: number
  readonly text: string
  /** False for forms that may mean something else (`may`, `sun`, `quarta`): they excuse, but never accuse. */
  readonly sure: boolean
  /** The bare name as `Intl` gives it, without ending: safe to exchange for another one. */
  readonly plain: boolean
}

export interface Calendar {
  find(text: string): readonly CalendarWord[]
  /** As it stands in running text, e.g. `miércoles`. */
  name(kind: CalendarWord['kind'], index: number): string
}

/** Further locales whose month names people of that language also write. */
const MORE_LOCALES: Readonly<Record<string, readonly string[]>> = {
  ar: ['ar-SY', 'ar-MA', 'ar-DZ'],
  de: ['de-AT'],
  zh: ['zh-TW'],
  pt: ['pt-PT'],
}

/** Forms `Intl` does not give: Monday first; `?` marks one that has another common meaning. */
const MORE_WEEKDAYS: Readonly<Record<string, readonly string[]>> = {
  pt: ['segunda?', 'terca', 'quarta?', 'quinta?', 'sexta?', '', ''],
  zh: ['礼拜一', '礼拜二', '礼拜三', '礼拜四', '礼拜五', '礼拜六', '星期天 礼拜天 礼拜日 周天'],
  ja: ['月曜', '火曜', '水曜', '木曜', '金曜', '土曜', '日曜'],
  de: ['', '', '', '', '', 'sonnabend', ''],
  he: ['שני?', 'שלישי?', 'רביעי?', 'חמישי?', 'שישי?', 'שבת', 'ראשון?'],
  en: ['', 'tues', '', 'thurs', '', '', ''],
}

/** Cases of names too short to cut an ending from. */
const MORE_MONTHS: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  ru: [
    ['мае', 4],
    ['маю', 4],
  ],
  pl: [['maju', 4]],
}

/** Names with another meaning in everyday text; a digit beside them settles it. */
const AMBIGUOUS: Readonly<Record<string, string>> = {
  en: 'may march sun sat mar mon wed dec',
  es: 'mar sab dom vie jun',
  fr: 'mars mar mer dim',
  it: 'mar dom sab',
  tr: 'pazar ocak mart ekim sal per cum paz car',
  ar: 'مارس ماي اب',
  id: 'minggu sen',
  de: 'mo di mi do fr sa so',
  ru: 'ср вс',
  pt: 'dom',
  nl: 'ma di wo do vr za zo mei',
  uk: 'ср',
  cs: 'po ut st ct pa so ne',
}

/** Endings that nouns take, after the name or after its last vowel is cut off (`среда` → `сред` + `у`). */
const ENDINGS: Readonly<Record<string, string>> = {
  ru: 'а ы е у ой ою ам ами ах и ю ей ею ь я ем ом ев ов ям ями ях ье ья ью ьем',
  uk: 'а и і у ою ам ами ах ю ей ею я ем ом ів ям ями ях ого ому им ій е',
  pl: 'a e y i u o em ie om ami ach zie ow iem owi ego emu',
  cs: 'a e y i u o em ou am ami ach ech um li',
  tr: "i u a e ya ye da de ta te dan den tan ten nin in un ki si su yi yu ini gunu leri lari ı ın ları sı 'da 'de 'ta 'te 'dan 'den 'tan 'ten 'nin 'in 'ya 'ye 'a 'e",
  de: 's abend morgen nachmittag vormittag nacht mittag',
  en: "s 's",
  es: 's',
  fr: 's',
  pt: 's',
}
const INFLECTED = new Set(['ru', 'uk', 'pl', 'cs', 'be', 'bg', 'sr', 'sk', 'hr'])
/** What may be written on to the front of a word. */
const PREFIXES: Readonly<Record<string, string>> = { ar: 'و|ف|ب|ل|ك', he: 'ו|ב|ל|ה|מ' }
/** Words that look like an inflected name and are another word. */
const NOT_NAMES = new Set(['среди'])
const UNSPACED = new Set(['zh', 'ja', 'ko', 'th', 'lo', 'km', 'my'])

interface Form {
  readonly kind: CalendarWord['kind']
  readonly index: number
  readonly sure: boolean
}

/** Built calendars: tables of the language alone, and a first word must not wait for forty dates to be formatted. */
const built = new Map<Language, Calendar>()

/** Names and matcher for `language`. */
export function calendarOf(language: Language): Calendar {
  const calendar = built.get(language) ?? buildCalendar(language)
  built.set(language, calendar)
  return calendar
}

function buildCalendar(language: Language): Calendar {
  const forms = formsOf(language)
  const matcher = matcherOf(language, [...forms.keys()])
  return {
    name: (kind, index) => nameIn(language, kind, index),
    find: (text) => {
      const folded = fold(text)
      const words: CalendarWord[] = []
      for (const match of folded.matchAll(matcher)) {
        const stem = match.groups?.['stem'] ?? ''
        const form = forms.get(stem)
        const whole = match.groups?.['word'] ?? ''
        if (form === undefined || NOT_NAMES.has(whole)) continue
        const start = match.index + match[0].length - whole.length
        const end = start + whole.length
        const plain = fold(nameIn(language, form.kind, form.index)) === whole
        words.push({
          ...form,
          start,
          end,
          text: text.slice(start, end),
          sure: form.sure || besideDigit(folded, start, end),
          plain,
        })
      }
      return [...words, ...monthsWithDigits(language, text)]
    },
  }
}

/** Chinese, Japanese and Korean months are a number and a sign: `3月`, `3월`; `三月` in words. */
function monthsWithDigits(language: Language, text: string): CalendarWord[] {
  if (!UNSPACED.has(language)) return []
  const words: CalendarWord[] = []
  for (const match of text.matchAll(/(?<!\p{Nd})(\p{Nd}{1,2})\s?[月월](?!曜)/gu)) {
    const index = Number(fold(match[1] ?? '')) - 1
    if (index < 0 || index > 11) continue
    const end = match.index + match[0].length
    words.push({
      kind: 'month',
      index,
      start: match.index,
      end,
      text: match[0],
      sure: true,
      plain: true,
    })
  }
  return words
}

function formsOf(language: Language): ReadonlyMap<string, Form> {
  const forms = new Map<string, Form>()
  const ambiguous = new Set((AMBIGUOUS[language] ?? '').split(' '))
  const add = (text: string, form: Form): void => {
    const key = fold(text)
    if (key.length < 2 || /\d/u.test(key)) return
    const sure = form.sure && !ambiguous.has(key)
    if (forms.get(key)?.sure !== true) forms.set(key, { ...form, sure })
    // Cut ends of inflected names come back with the endings of `matcherOf`.
    const cut = INFLECTED.has(language) ? key.replace(/(?:ень|ии|[аяоеьиыуюaeoyi])$/u, '') : key
    if (cut.length >= 3 && !forms.has(cut)) forms.set(cut, { ...form, sure })
  }
  for (let index = 0; index < 7; index++) {
    add(nameIn(language, 'weekday', index), { kind: 'weekday', index, sure: true })
    for (const more of (MORE_WEEKDAYS[language]?.[index] ?? '').split(' '))
      add(more.replace('?', ''), { kind: 'weekday', index, sure: !more.endsWith('?') })
  }
  for (const [text, index] of MORE_MONTHS[language] ?? [])
    add(text, { kind: 'month', index, sure: true })
  for (let index = 0; index < 12; index++) {
    for (const locale of [language, ...(MORE_LOCALES[language] ?? [])])
      for (const text of monthNames(locale, index)) add(text, { kind: 'month', index, sure: true })
  }
  for (const locale of [language, ...(MORE_LOCALES[language] ?? [])])
    for (let index = 0; index < 7; index++) {
      const short = format(locale, { weekday: 'short' }, dayOf(index)).replace(/\.$/u, '')
      add(short, { kind: 'weekday', index, sure: UNSPACED.has(language) })
    }
  return forms
}

function matcherOf(language: Language, stems: readonly string[]): RegExp {
  const longestFirst = stems.toSorted((a, b) => b.length - a.length)
  const stem = `(?<stem>${longestFirst.map(escaped).join('|')})`
  if (UNSPACED.has(language)) return new RegExp(`(?<word>${stem})(?!间)`, 'gu')
  const endings = (ENDINGS[language] ?? '').split(' ').filter((ending) => ending !== '')
  const longest = endings.map(fold).toSorted((a, b) => b.length - a.length)
  const ending = longest.length === 0 ? '' : `(?:${longest.map(escaped).join('|')})?`
  const prefix = PREFIXES[language] === undefined ? '' : `(?:${PREFIXES[language]})?`
  const bound = String.raw`[\p{L}\p{M}\p{N}]`
  return new RegExp(`(?<!${bound})${prefix}(?<word>${stem}${ending})(?!${bound})`, 'gu')
}

const nameIn = (language: Language, kind: CalendarWord['kind'], index: number): string =>
  kind === 'weekday'
    ? format(language, { weekday: 'long' }, dayOf(index))
    : (monthNames(language, index)[0] ?? '')

/** Standing alone and in a date: Slavic languages have two forms. */
function monthNames(locale: string, index: number): string[] {
  const date = new Date(Date.UTC(2024, index, 15))
  const inDate = formatter(locale, { day: 'numeric', month: 'long' })
    .formatToParts(date)
    .find(({ type }) => type === 'month')
  return [format(locale, { month: 'long' }, date), ...(inDate === undefined ? [] : [inDate.value])]
}

/** 1 January 2024 was a Monday. */
const dayOf = (index: number): Date => new Date(Date.UTC(2024, 0, 1 + index))

const formatter = (locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC', calendar: 'gregory' })

const format = (locale: string, options: Intl.DateTimeFormatOptions, date: Date): string =>
  formatter(locale, options).format(date)

/** `May 5`, `5 May`, `5. Mai`. */
const besideDigit = (folded: string, start: number, end: number): boolean =>
  /\d[.\s]{0,2}(?:st|nd|rd|th|de|of)?\s?$/u.test(folded.slice(Math.max(0, start - 6), start)) ||
  /^[.,]?\s?\d/u.test(folded.slice(end, end + 3))

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/gu, String.raw`\$&`)
