/** @module Which languages are offered, for reading and as targets. */
import type { ModelId } from '../../core/ids.ts'
import { LANGUAGES, type PairAdvice, pairAdvice } from '../../tasks/languages.ts'

/** Languages people may say they read: those with measured rules first, then by speakers on Telegram. */
export const readable: readonly string[] = [
  ...LANGUAGES,
  ...'pl nl ro cs hu el bg sr hr sk sv fi da no he fa hi bn ur id ms vi th ko kk uz az ka hy be lt lv et sl ca ta sw'.split(
    ' ',
  ),
]

/** Targets worth offering for `from`; all measured ones where it is unknown. */
export function targetsFor(model: ModelId, from: string | undefined): readonly string[] {
  if (from === undefined) return LANGUAGES
  const wanted = (advice: PairAdvice): string[] =>
    LANGUAGES.filter((to) => to !== from && pairAdvice(model, from, to) === advice)
  return [...wanted('served'), ...wanted('warn')]
}

/** Languages that work well or with mistakes as source or target of this model. */
export function strengths(model: ModelId): { good: readonly string[]; fair: readonly string[] } {
  const best = (language: string): PairAdvice => {
    const advices = LANGUAGES.filter((other) => other !== language).flatMap((other) => [
      pairAdvice(model, language, other),
      pairAdvice(model, other, language),
    ])
    if (advices.includes('served')) return 'served'
    return advices.includes('warn') ? 'warn' : 'refused'
  }
  return {
    good: LANGUAGES.filter((language) => best(language) === 'served'),
    fair: LANGUAGES.filter((language) => best(language) === 'warn'),
  }
}
