/** @module What a person set, and what holds until then. */
import { chooseUi, isUiLanguage, type UiLanguage } from '../texts/texts.ts'

export interface Settings {
  /** Absent: follow Telegram's language. */
  readonly ui?: UiLanguage
  /** 1 to 8 languages the person reads: nothing in them is translated by itself. */
  readonly reads: readonly string[]
  /** Never translated by itself, though not read. */
  readonly never: readonly string[]
  readonly target: string
  /** UTF-16 units from which a text in a language read is summarised by itself; 0 = never. */
  readonly summaryFrom: number
  /** Keep sealed copies for the buttons under answers. */
  readonly copies: boolean
  /** 1e-6 Stars: what may cost more is asked about before it starts. */
  readonly askAbove: bigint
}

export const summarySteps = [0, 400, 800, 2000] as const
export const priceSteps = [0n, 100_000n, 1_000_000n, 10_000_000n] as const
export const maxReads = 8

/** Settings of somebody who has set nothing: they read the language of their Telegram. */
export function defaultSettings(languageCode: string | undefined): Settings {
  const code = languageCode?.split('-')[0]?.toLowerCase() ?? ''
  const own = /^[a-z]{2,3}$/.test(code) ? code : 'en'
  return {
    reads: [own],
    never: [],
    target: own,
    summaryFrom: 800,
    copies: true,
    askAbove: priceSteps[1],
  }
}

export const uiOf = (settings: Settings, languageCode: string | undefined): UiLanguage =>
  settings.ui ?? chooseUi(languageCode)

/** True when text in `language` is left untranslated. */
export const isLeftAlone = (settings: Settings, language: string): boolean =>
  settings.reads.includes(language) || settings.never.includes(language)

/** Switches `language` in the list of languages read; the target follows when it would no longer be read. */
export function toggleReads(settings: Settings, language: string): Settings | 'too-many' | 'last' {
  if (!settings.reads.includes(language)) {
    if (settings.reads.length >= maxReads) return 'too-many'
    const never = settings.never.filter((code) => code !== language)
    return { ...settings, never, reads: [...settings.reads, language] }
  }
  const reads = settings.reads.filter((code) => code !== language)
  const [first] = reads
  if (first === undefined) return 'last'
  const target = settings.target === language ? first : settings.target
  return { ...settings, reads, target }
}

export const addNever = (settings: Settings, language: string): Settings =>
  settings.never.includes(language)
    ? settings
    : { ...settings, never: [...settings.never, language].slice(-30) }

export const readUi = (code: string | null): UiLanguage | undefined =>
  code !== null && isUiLanguage(code) ? code : undefined
