import { describe, expect, it } from 'vitest'
import {
  isRightToLeft,
  LANGUAGES,
  languageName,
  pairAdvice,
  translationRoute,
} from '../../../src/tasks/languages.ts'

describe('languages', () => {
  it('have names in every language people may choose', () => {
    expect(languageName('de', 'fr')).toBe('allemand')
    expect(languageName('uk')).toBe('Ukrainian')
    for (const language of LANGUAGES)
      for (const inside of LANGUAGES) expect(languageName(language, inside)).toBeTruthy()
  })

  it('without a name are unknown', () => {
    expect(languageName('zzz')).toBeUndefined()
  })

  it('know their direction', () => {
    expect(LANGUAGES.filter(isRightToLeft)).toEqual(['ar'])
    expect(isRightToLeft('he')).toBe(true)
  })
})

describe('the advice for a pair', () => {
  it('serves what measured well, warns of what did not, refuses the rest', () => {
    expect(pairAdvice('qwen2.5-coder-1.5b', 'es', 'en')).toBe('served')
    expect(pairAdvice('qwen2.5-coder-1.5b', 'en', 'ru')).toBe('warn')
    expect(pairAdvice('qwen2.5-coder-1.5b', 'en', 'zh')).toBe('warn')
    expect(pairAdvice('qwen2.5-coder-1.5b', 'en', 'tr')).toBe('refused')
    expect(pairAdvice('qwen2.5-coder-1.5b', 'sw', 'en')).toBe('refused')
  })

  it('serves no pair with the small model', () => {
    const advice = LANGUAGES.flatMap((from) =>
      LANGUAGES.filter((to) => to !== from).map((to) => pairAdvice('qwen2.5-coder-0.5b', from, to)),
    )

    expect(advice).not.toContain('served')
  })

  it('leaves models nobody measured to their operator', () => {
    expect(pairAdvice('some-large-model', 'sw', 'ja')).toBe('served')
  })

  it('goes one step unless two measured better', () => {
    expect(translationRoute(undefined, 'de', 'es')).toEqual(['es'])
    expect(translationRoute('qwen2.5-coder-1.5b', undefined, 'es')).toEqual(['es'])
  })
})
