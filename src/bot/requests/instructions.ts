/** @module What a person means by the words they put before a forward: into which language, or how short. Words of every interface language count. */
import { LANGUAGES } from '../../tasks/languages.ts'
import { languageName, uiLanguages } from '../texts/texts.ts'
import { readable } from './offered.ts'

export type Instruction =
  | { readonly kind: 'translate'; readonly to?: string }
  | { readonly kind: 'summarize'; readonly to?: string }
  | { readonly kind: 'transcribe' }

const words = {
  translate: /\b(translat\w*|into)\b|перев[её]д|перевод/iu,
  summarize:
    /\b(summar\w*|tl;?dr|shorten|in short|briefly|gist|key points?|\w+ points?)\b|кратк|пересказ|перескаж|вкратце|суть|пункт|тезис/iu,
  transcribe: /\b(transcri\w*|write (it |this )?down|as text|to text)\b|расшифр|текстом|в текст/iu,
}

/** Longer texts are no instructions. */
const maxUnits = 120

/** Undefined when the words are not understood: then the person is asked, never guessed. */
export function readInstruction(text: string): Instruction | undefined {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed.length > maxUnits) return undefined
  const to = languageIn(trimmed)
  const target = to === undefined ? {} : { to }
  if (words.transcribe.test(trimmed)) return { kind: 'transcribe' }
  if (words.summarize.test(trimmed)) return { kind: 'summarize', ...target }
  if (words.translate.test(trimmed)) return { kind: 'translate', ...target }
  // "in German", "на немецкий", "german?" alone: few words and one of them a language.
  return to !== undefined && trimmed.split(/\s+/).length <= 4
    ? { kind: 'translate', to }
    : undefined
}

/** The first language named in `text`, in any interface language. */
function languageIn(text: string): string | undefined {
  const spoken = text.toLowerCase().match(/\p{L}+/gu) ?? []
  for (const word of spoken) {
    const found = languageOfWord(word)
    if (found !== undefined) return found
  }
  return undefined
}

/** `german`, `немецкий` and its cases (`немецкого`, `немецки`). */
function languageOfWord(word: string): string | undefined {
  for (const code of readable)
    for (const ui of uiLanguages) {
      const name = languageName(ui, code).toLowerCase()
      if (name === word) return code
      // Russian adjectives: compare without the case ending.
      const stem = ui === 'ru' && /(кий|ский)$/.test(name) ? name.slice(0, -2) : undefined
      if (stem && word.startsWith(stem) && word.length <= name.length + 2) return code
    }
  return undefined
}

/** Short words that are language codes and ordinary words in these languages at once. */
const ambiguous: Readonly<Record<string, readonly string[]>> = {
  it: ['en'],
  de: ['fr', 'es', 'pt'],
  es: ['es', 'de'],
  en: ['es', 'fr'],
  tr: [],
}

/**
 * Splits the words behind /translate: a language (code or name) first, then the text. `detected` is the language of
 * the rest, since "it works" begins with a word, not with Italian.
 */
export function splitTarget(
  argument: string,
  detected: string | undefined,
): { to?: string; text: string } {
  const match = /^(\S+?):?(?:\s+|$)/.exec(argument.trimStart())
  const word = match?.[1]?.toLowerCase() ?? ''
  const rest = argument.trimStart().slice(match?.[0].length ?? 0)
  const isCode = LANGUAGES.some((code) => code === word)
  const isWord =
    rest !== '' && detected !== undefined && ambiguous[word]?.includes(detected) === true
  const to = isCode && !isWord ? word : languageOfWord(word)
  return to === undefined ? { text: argument } : { to, text: rest }
}
