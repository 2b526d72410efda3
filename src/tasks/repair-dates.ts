/** @module Puts the right weekday or month into a translation where code can do it without guessing. */
import type { CalendarWord } from './calendar.ts'
import type { Comparison, Side } from './check-translation.ts'
import type { Language } from './task.ts'

/**
 * Exchanges a wrong weekday or month for the right one where only one reading is possible: one lost, one invented
 * of the same kind, standing bare and once, in a language that does not inflect it. Otherwise `text` as it is.
 */
export function repairDates(
  target: Side,
  { missingDates, inventedDates }: Pick<Comparison, 'missingDates' | 'inventedDates'>,
): string {
  const { text, language, calendar } = target
  if (language === undefined || calendar === undefined || !EXCHANGEABLE.has(language)) return text
  let repaired = text
  for (const kind of ['weekday', 'month'] as const) {
    const [lost, ...moreLost] = missingDates.filter((word) => word.kind === kind)
    const [wrong, ...moreWrong] = inventedDates.filter((word) => word.kind === kind)
    if (lost === undefined || wrong === undefined || moreLost.length > 0 || moreWrong.length > 0)
      continue
    const places = calendar
      .find(repaired)
      .filter((word) => word.kind === kind && word.index === wrong.index)
    const [place] = places
    if (place === undefined || places.length > 1 || !place.plain) continue
    const name = calendar.name(kind, lost.index)
    if (!fits(language, repaired.slice(0, place.start), { kind, old: place, lost, name })) continue
    const written = /^\p{Lu}/u.test(place.text)
      ? name.charAt(0).toUpperCase() + name.slice(1)
      : name
    repaired = repaired.slice(0, place.start) + written + repaired.slice(place.end)
  }
  return repaired
}

/** Languages whose weekdays and months stand unchanged after a preposition. */
const EXCHANGEABLE = new Set([
  'en',
  'es',
  'fr',
  'de',
  'it',
  'pt',
  'nl',
  'zh',
  'ja',
  'ko',
  'ar',
  'id',
  'vi',
  'th',
])
/** Weekdays of another gender than the rest: the article before them would be wrong. */
const OTHER_GENDER: Readonly<Record<string, readonly number[]>> = { pt: [5, 6], it: [6] }

function fits(
  language: Language,
  before: string,
  change: { kind: CalendarWord['kind']; old: CalendarWord; lost: CalendarWord; name: string },
): boolean {
  // d'avril, dell'agosto: the elision belongs to the old word.
  if (/['’]$/u.test(before)) return false
  if ((language === 'fr' || language === 'it') && /^[aeiou]/u.test(change.name)) return false
  const other = change.kind === 'weekday' ? (OTHER_GENDER[language] ?? []) : []
  return other.includes(change.old.index) === other.includes(change.lost.index)
}
