/** @module Which language pairs the evaluation asks for, the most used first, so that a stopped run has measured those. */

const FROM = ['es', 'ru', 'de', 'fr', 'pt', 'uk', 'zh', 'ar', 'tr', 'it', 'ja']

/** `from>to`, and how many of the sentences: all into English, where most messages go, half out of it, a third between others. */
export const PAIRS: readonly { readonly pair: string; readonly sentences: number }[] = [
  ...FROM.map((language) => ({ pair: `${language}>en`, sentences: 6 })),
  ...FROM.map((language) => ({ pair: `en>${language}`, sentences: 3 })),
  ...['uk>ru', 'ru>uk', 'de>es', 'fr>de', 'pt>fr', 'es>pt', 'ru>de', 'tr>de'].map((pair) => ({
    pair,
    sentences: 2,
  })),
]
