/** @module Keyboards of choices. */
import type { InlineKeyboardButton } from 'grammy/types'
import { type Press, pressData } from '../buttons.ts'
import { languageName, type Texts, type UiLanguage } from '../texts/texts.ts'
import type { Keyboard } from './answer.ts'

export const button = (text: string, press: Press): InlineKeyboardButton => ({
  text,
  callback_data: pressData(press),
})

export interface LanguageMenu {
  readonly ui: UiLanguage
  readonly texts: Texts
  readonly languages: readonly string[]
  readonly page: number
  /** The press behind a language, and the one behind another page. */
  readonly choose: (language: string) => Press
  readonly turn: (page: number) => Press
  /** Languages shown with a tick. */
  readonly ticked?: readonly string[]
  readonly back?: Press
}

const perPage = 12
const perRow = 3

export function languageKeyboard(menu: LanguageMenu): Keyboard {
  const { languages, page, texts } = menu
  const shown = languages.slice(page * perPage, (page + 1) * perPage)
  const buttons = shown.map((language) => {
    const tick = menu.ticked?.includes(language) === true ? '✓ ' : ''
    return button(`${tick}${languageName(menu.ui, language)}`, menu.choose(language))
  })
  const rows: InlineKeyboardButton[][] = []
  for (let at = 0; at < buttons.length; at += perRow) rows.push(buttons.slice(at, at + perRow))
  const turns: InlineKeyboardButton[] = []
  if (page > 0) turns.push(button(texts.buttons.back, menu.turn(page - 1)))
  else if (menu.back) turns.push(button(texts.buttons.back, menu.back))
  if (languages.length > (page + 1) * perPage)
    turns.push(button(texts.buttons.more, menu.turn(page + 1)))
  return turns.length > 0 ? [...rows, turns] : rows
}
