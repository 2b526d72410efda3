/** @module Languages: their names, their direction, and which of them each model may be asked for. */
import type { Language } from './task.ts'

/** Languages with a measured rule for at least one model, in the order people are offered them. */
export const LANGUAGES = [
  'en',
  'es',
  'zh',
  'ar',
  'pt',
  'ru',
  'fr',
  'de',
  'uk',
  'tr',
  'it',
  'ja',
] as const

const RIGHT_TO_LEFT = new Set('ar he fa ur ps sd ug yi dv ckb arc syr'.split(' '))

export const isRightToLeft = (language: Language): boolean => RIGHT_TO_LEFT.has(language)

/** Name of `language` in the language `inside`, e.g. ('de', 'fr') → allemand; undefined for a code nobody has a name for. */
export function languageName(language: Language, inside: Language = 'en'): string | undefined {
  return new Intl.DisplayNames([inside, 'en'], { type: 'language', fallback: 'none' }).of(language)
}

/** `served`: offered plainly. `warn`: only after a warning and a press. `refused`: not offered by this model. */
export type PairAdvice = 'served' | 'warn' | 'refused'

interface ModelPairs {
  readonly served: readonly string[]
  readonly warn: readonly string[]
  /** Translated in two steps, through English. */
  readonly throughEnglish: readonly string[]
  /** Pairs that stand in neither list. */
  readonly others: PairAdvice
}

/** Measured on the project's own sentences (docs/languages.md); `from>to`. */
const PAIRS: ReadonlyMap<string, ModelPairs> = new Map([
  [
    'qwen2.5-coder-1.5b',
    {
      served: 'es>en zh>en fr>en de>en pt>en ru>en it>en en>fr en>es en>de ru>uk'.split(' '),
      warn: 'uk>en ar>en tr>en ja>en en>zh en>ru en>pt en>it en>ar uk>ru fr>de pt>fr'.split(' '),
      throughEnglish: [],
      others: 'refused',
    },
  ],
  ['qwen2.5-coder-0.5b', { served: [], warn: [], throughEnglish: [], others: 'refused' }],
])

/** Whether `model` may be asked to translate this pair. A model without measurements serves every pair: its operator chose it. */
export function pairAdvice(model: string, from: Language, to: Language): PairAdvice {
  const pairs = PAIRS.get(model)
  if (pairs === undefined || from === to) return 'served'
  const pair = `${from}>${to}`
  if (pairs.served.includes(pair)) return 'served'
  return pairs.warn.includes(pair) ? 'warn' : pairs.others
}

/** The languages to go through, the target last: one step, or two through English where that measured better. */
export function translationRoute(
  model: string | undefined,
  from: Language | undefined,
  to: Language,
): readonly Language[] {
  const pairs = model === undefined ? undefined : PAIRS.get(model)
  return from !== undefined && pairs?.throughEnglish.includes(`${from}>${to}`) === true
    ? ['en', to]
    : [to]
}
