/** @module Numbers and times of a text as sets of possible values, so that 1.500 and 1,500, ٣ and 3, 14:00 and 2 PM can agree. */
import { fold } from './fold.ts'

export interface NumberMention {
  readonly start: number
  readonly end: number
  readonly text: string
  /** Every value the writing may stand for: `1.500` is 1500 and 1.5; `5 млн` is 5 and 5000000. */
  readonly values: readonly number[]
  /** Minutes after midnight where it is a time; `half` means that the writing does not tell the half of the day. */
  readonly time?: { readonly minutes: number; readonly half: boolean }
}

/** Digits with grouping or decimal signs inside; a blank groups only exact threes. */
const NUMBER = /\d+(?:(?:[.,'٫٬]\d+)|(?:[\u00a0\u202f\u2009 ]\d{3}(?!\d)))*/gu
const TIME =
  /(?<![\d.,])(?<h>[01]?\d|2[0-4])(?:[:.](?<m>[0-5]\d)(?![\d.:])(?::[0-5]\d)?)?\s?(?<half>[ap]\.?\s?m\b\.?)|(?<![\d:.,])(?<h2>[01]?\d|2[0-4])[:h](?<m2>[0-5]\d)(?![\d:])/gu

const MAGNITUDES: readonly (readonly [RegExp, number])[] = [
  [
    /^\s?(?:mil millones|billions?|milliarden?|mrd|milliards?|milyar|miliard[oi]|bilh(?:ao|oes)|млрд|миллиард\p{L}*|мільярд\p{L}*|مليار\p{L}*)/u,
    1e9,
  ],
  [
    /^\s?(?:millions?|millon(?:es)?|million(?:en)?|mio|milh(?:ao|oes)|milion[ei]|milyon|млн|миллион\p{L}*|мільйон\p{L}*|m(?![\p{L}])|ملايين|مليون\p{L}*)/u,
    1e6,
  ],
  [
    /^\s?(?:thousand|mila?|mille|tausend|тыс\p{L}*|тисяч\p{L}*|bin(?![\p{L}])|k(?![\p{L}])|الف|الاف|千)/u,
    1e3,
  ],
  [/^\s?万/u, 1e4],
  [/^\s?萬/u, 1e4],
  [/^\s?[亿億]/u, 1e8],
]

/** Numbers written with digits of any script, in order. Months in figures are the caller's to take out first. */
export function findNumbers(text: string): readonly NumberMention[] {
  const folded = fold(text)
  const found: NumberMention[] = []
  for (const match of folded.matchAll(TIME)) {
    const { h, m, half, h2, m2 } = match.groups ?? {}
    const hour = Number(h ?? h2)
    const minute = Number(m ?? m2 ?? 0)
    const afternoon = half?.startsWith('p') === true
    const day = half === undefined ? hour : (hour % 12) + (afternoon ? 12 : 0)
    found.push({
      start: match.index,
      end: match.index + match[0].length,
      text: text.slice(match.index, match.index + match[0].length).trim(),
      values: [],
      time: { minutes: day * 60 + minute, half: half === undefined && hour <= 12 },
    })
  }
  for (const match of folded.matchAll(NUMBER)) {
    const [start, end] = [match.index, match.index + match[0].length]
    if (found.some((other) => other.start < end && start < other.end)) continue
    found.push({
      start,
      end,
      text: text.slice(start, end),
      values: valuesOf(match[0], folded.slice(end, end + 14)),
    })
  }
  return found.toSorted((a, b) => a.start - b.start)
}

/** Whether one of `others` may say what `mention` says. */
export function isAmong(mention: NumberMention, others: readonly NumberMention[]): boolean {
  return others.some((other) => agree(mention, other))
}

function agree(a: NumberMention, b: NumberMention): boolean {
  if (a.time !== undefined && b.time !== undefined) {
    const loose = a.time.half || b.time.half
    const [x, y] = [a.time.minutes % 1440, b.time.minutes % 1440]
    return x === y || (loose && x % 720 === y % 720)
  }
  // `14:00` may become `14 Uhr`, `下午2点`, `2 in the afternoon`; `14:30` may become `2点30分`, of which the hour is enough.
  if (a.time !== undefined) return b.values.some((value) => isHourOf(value, a.time?.minutes ?? 0))
  if (b.time !== undefined) return a.values.some((value) => isHourOf(value, b.time?.minutes ?? 0))
  return a.values.some((value) => b.values.includes(value))
}

const isHourOf = (value: number, minutes: number): boolean =>
  Number.isInteger(value) && value <= 24 && value % 12 === Math.floor(minutes / 60) % 12

function valuesOf(writing: string, after: string): number[] {
  const values = new Set<number>()
  const plain = writing
    .replaceAll(/[\s'\u00a0\u202f\u2009]/gu, '')
    .replaceAll('٫', '.')
    .replaceAll('٬', ',')
  const marks = plain.replaceAll(/\d/gu, '')
  const whole = Number(plain.replaceAll(/\D/gu, ''))
  const last = Math.max(plain.lastIndexOf('.'), plain.lastIndexOf(','))
  if (marks === '') values.add(whole)
  else {
    const fraction = plain.slice(last + 1)
    const decimal = Number(`${plain.slice(0, last).replaceAll(/\D/gu, '')}.${fraction}`)
    const sameMarks = new Set(marks).size === 1
    const grouped = sameMarks && /^\d{1,3}(?:[.,]\d{3})+$/u.test(plain)
    if (grouped) values.add(whole)
    if (!sameMarks || marks.length === 1) values.add(decimal)
    // 1.2.3 or 15.03.2024: a version or a date, equal to itself only, and to its parts in any order.
    if (!grouped && sameMarks && marks.length > 1) values.add(whole)
  }
  const plainValues = [...values]
  const factor = MAGNITUDES.find(([pattern]) => pattern.test(after))?.[1]
  // Six places: 3.5 × 1000000 must not miss 3500000 by a rounding.
  const larger =
    factor === undefined ? [] : plainValues.map((value) => Math.round(value * factor * 1e6) / 1e6)
  return [...plainValues, ...larger]
}
