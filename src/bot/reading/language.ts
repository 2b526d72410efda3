/** @module Which language a text is in: decided, decided with the help of what we know of the reader, or left undecided. */
import { letterCount, lettersOnly } from './letters.ts'

/** `confident`: the text alone decided; false when a prior had to help. */
export type Detected = { readonly language: string; readonly confident: boolean } | 'undecided'

/** A piece of a text; the pieces joined are the text. */
export interface LanguagePart {
  readonly text: string
  readonly detected: Detected
}

/** Fewer letters than these decide nothing by themselves: "ok", "да" and "Hola" are at home in many languages. */
const MIN_LETTERS = 8
/** Least accuracy of the best guess that decides alone, and least share of it that a prior needs. */
const MIN_ACCURACY = 0.4
const PRIOR_SHARE = 0.6
const PRIOR_AMONG_TOP = 5
/** Longer texts are judged by paragraph, since they may be mixed. */
const PARAGRAPH_LETTERS = 300
/** A paragraph of a long text below this goes with its neighbours. */
const SCRAP_LETTERS = 40
/**
 * One unknown word (a name, a key, a typo) makes the detector sure of any language: of a page of plain English with one
 * random word of 6 letters it named the right one in half of the cases, of 20 letters in 12 of 100 (measured). So longer
 * texts are judged in groups of words, and one word spoils only its own group's vote.
 */
const WORDS_PER_VOTE = 4
const MIN_VOTES = 3
/** The detector knows Klingon and Volapük, and hears them in rare words; nobody chats in them. */
const INVENTED: ReadonlySet<string> = new Set(['tlh', 'vo'])
/** Letters of one paragraph that are looked at: more only costs time. */
const MAX_LOOK = 2000
/** Longer texts (books, reports) are judged by samples and never split: a megabyte would keep the process busy for seconds. */
const MAX_WHOLE = 20_000
const SAMPLES = 20
const SAMPLE_UNITS = 800

/**
 * Language of `text`, an ISO 639-1 code. `priors`: languages this reader or chat is known to use, likeliest first; they
 * decide only between close guesses. Longer texts: the language of most letters, confident when no other language has a share.
 * The detector's tables (about 150 MB) are loaded at the first call.
 */
export async function detectLanguage(text: string, priors: readonly string[]): Promise<Detected> {
  if (text.length > MAX_WHOLE) return detectLanguage(samplesOf(text), priors)
  if (letterCount(lettersOnly(text)) <= PARAGRAPH_LETTERS) return judge(text, priors)
  const tally = new Map<string, { letters: number; sure: number }>()
  let decided = 0
  for (const part of await splitByLanguage(text, priors)) {
    if (part.detected === 'undecided') continue
    const letters = letterCount(lettersOnly(part.text))
    const row = tally.get(part.detected.language) ?? { letters: 0, sure: 0 }
    row.letters += letters
    if (part.detected.confident) row.sure += letters
    tally.set(part.detected.language, row)
    decided += letters
  }
  const best = [...tally].toSorted((a, b) => b[1].letters - a[1].letters)[0]
  if (best === undefined) return 'undecided'
  const [language, { letters, sure }] = best
  return { language, confident: tally.size === 1 && sure * 2 >= letters && decided > 0 }
}

/**
 * Cuts `text` where its language changes between paragraphs, so that only foreign parts are translated and the rest is
 * copied. Paragraphs too short to judge go with the part before them. Texts of at most 300 letters and texts of more than
 * 20,000 characters come back whole.
 */
export async function splitByLanguage(
  text: string,
  priors: readonly string[],
): Promise<LanguagePart[]> {
  if (text.length > MAX_WHOLE) return [{ text, detected: await detectLanguage(text, priors) }]
  if (letterCount(lettersOnly(text)) <= PARAGRAPH_LETTERS)
    return [{ text, detected: await judge(text, priors) }]
  const judged: LanguagePart[] = []
  for (const paragraph of paragraphsOf(text)) {
    // A name, a code or a made-up word on a line of its own is no change of language.
    const isScrap = letterCount(lettersOnly(paragraph)) < SCRAP_LETTERS
    const detected = isScrap ? 'undecided' : await judge(paragraph, priors)
    judged.push({ text: paragraph, detected })
  }
  return mergeNeighbours(judged)
}

/** Pieces from all over a long text, each a paragraph of its own without line breaks. */
function samplesOf(text: string): string {
  const step = Math.floor(text.length / SAMPLES)
  const starts = Array.from({ length: SAMPLES }, (_, index) => index * step)
  return starts.map((at) => text.slice(at, at + SAMPLE_UNITS).replace(/\s+/g, ' ')).join('\n')
}

/** Paragraphs with the line breaks that end them: nothing of the text is lost. */
const paragraphsOf = (text: string): string[] => text.match(/[^\n]*\n+|[^\n]+/g) ?? [text]

function mergeNeighbours(parts: readonly LanguagePart[]): LanguagePart[] {
  const merged: LanguagePart[] = []
  for (const part of parts) {
    const before = merged.at(-1)
    const joined = before && join(before, part)
    if (joined) merged[merged.length - 1] = joined
    else merged.push(part)
  }
  return merged
}

/** One part of two neighbours in one language (an undecided one has its neighbour's); undefined when they differ. */
function join(before: LanguagePart, after: LanguagePart): LanguagePart | undefined {
  const text = before.text + after.text
  const { detected: a } = before
  const { detected: b } = after
  if (a === 'undecided') return { text, detected: b }
  if (b === 'undecided') return { text, detected: a }
  if (a.language !== b.language) return undefined
  return { text, detected: { language: a.language, confident: a.confident || b.confident } }
}

/** A language without a name cannot be asked for: no model knows it, and tasks refuse it. */
const hasName = (code: string): boolean =>
  new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' }).of(code) !== undefined

async function judge(text: string, priors: readonly string[]): Promise<Detected> {
  const letters = lettersOnly(text).slice(0, MAX_LOOK)
  // Loaded here and not at the top: a process that never sees a text (tests, set-up) does not pay for the tables.
  const { detectAll } = await import('tinyld/heavy')
  const guesses = vote(letters, (part) =>
    detectAll(part).filter(({ lang }) => !INVENTED.has(lang) && hasName(lang)),
  )
  const best = guesses[0]
  if (best === undefined) return 'undecided'
  if (best.accuracy >= MIN_ACCURACY && letterCount(letters) >= MIN_LETTERS)
    return { language: best.lang, confident: true }
  for (const prior of priors) {
    const guess = guesses.slice(0, PRIOR_AMONG_TOP).find(({ lang }) => lang === prior)
    if (guess && guess.accuracy >= best.accuracy * PRIOR_SHARE)
      return { language: prior, confident: false }
  }
  return 'undecided'
}

interface Guess {
  readonly lang: string
  /** From 0 to 1. */
  readonly accuracy: number
}

/** The best guesses of each group of words, weighed by its letters; the whole text where it has few words. */
function vote(letters: string, detect: (part: string) => readonly Guess[]): readonly Guess[] {
  const words = letters.split(' ')
  const votes = Math.floor(words.length / WORDS_PER_VOTE)
  if (votes < MIN_VOTES) return detect(letters)
  const tally = new Map<string, number>()
  for (let at = 0; at < votes; at++) {
    const end = at === votes - 1 ? words.length : (at + 1) * WORDS_PER_VOTE
    const part = words.slice(at * WORDS_PER_VOTE, end).join(' ')
    for (const { lang, accuracy } of detect(part))
      tally.set(lang, (tally.get(lang) ?? 0) + accuracy * part.length)
  }
  return [...tally]
    .map(([lang, weight]) => ({ lang, accuracy: weight / letters.length }))
    .toSorted((a, b) => b.accuracy - a.accuracy)
}
