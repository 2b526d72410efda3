/** @module What the proof page says, by language: its own words, and those of every check. */
import {
  CHECK_TITLES_EN,
  NOT_PROVEN_EN,
  SENTENCES_EN,
  STATES_EN,
  VOUCHERS_EN,
} from '../../tee/verify/proof/sentences-en.ts'
import {
  CHECK_TITLES_RU,
  NOT_PROVEN_RU,
  SENTENCES_RU,
  STATES_RU,
  VOUCHERS_RU,
} from './sentences-ru.ts'
import { WORDS_EN, WORDS_RU } from './words.ts'

export const languages = {
  en: {
    words: WORDS_EN,
    titles: CHECK_TITLES_EN,
    sentences: SENTENCES_EN,
    states: STATES_EN,
    vouchers: VOUCHERS_EN,
    limits: NOT_PROVEN_EN,
  },
  ru: {
    words: WORDS_RU,
    titles: CHECK_TITLES_RU,
    sentences: SENTENCES_RU,
    states: STATES_RU,
    vouchers: VOUCHERS_RU,
    limits: NOT_PROVEN_RU,
  },
}
