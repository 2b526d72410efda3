/** @module Which language the bot speaks to whom. */
import { en, type Texts } from './en.ts'
import { ru } from './ru.ts'

export type { Texts } from './en.ts'

export const uiLanguages = ['en', 'ru'] as const
export type UiLanguage = (typeof uiLanguages)[number]

const all: Readonly<Record<UiLanguage, Texts>> = { en, ru }

export const textsOf = (language: UiLanguage): Texts => all[language]

export const isUiLanguage = (code: string): code is UiLanguage =>
  uiLanguages.some((known) => known === code)

/** The language for the first code we speak (`ru-RU` counts as `ru`), else English. */
export function chooseUi(...codes: readonly (string | undefined)[]): UiLanguage {
  for (const code of codes) {
    const short = code?.split('-')[0]?.toLowerCase() ?? ''
    if (isUiLanguage(short)) return short
  }
  return 'en'
}

/** Name of language `code` in the interface language, e.g. `German`, `немецкий`; the code itself where unknown. */
export function languageName(ui: UiLanguage, code: string): string {
  return new Intl.DisplayNames([ui], { type: 'language', fallback: 'code' }).of(code) ?? code
}
