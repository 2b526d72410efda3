/** @module One chunk of a translation: asked, compared with its source, asked again differently, the better answer kept. */
import { AppError } from '../core/app-error.ts'
import { type Meter, nothingChecked, stripAnswer } from './answers.ts'
import type { Calendar } from './calendar.ts'
import { type Comparison, checkTranslation, looksAnswered } from './check-translation.ts'
import { splitChunks } from './chunks.ts'
import { splitEdges } from './edges.ts'
import { marksFor, withoutMarks } from './marks.ts'
import { hideParts, type Masked, showParts, withoutParts } from './placeholders.ts'
import { repairDates } from './repair-dates.ts'
import type { Checked, Language, TextEngine } from './task.ts'
import { translationPrompt } from './translate-prompt.ts'

export interface Passage {
  readonly text: string
  readonly answer: string
}

export interface ChunkWork {
  readonly engine: Pick<TextEngine, 'count'>
  readonly runs: Meter
  readonly from: Language | undefined
  readonly to: Language
  readonly calendars: { readonly from: Calendar | undefined; readonly to: Calendar }
  /** The last sentence before this chunk and its translation. */
  readonly before: Passage | undefined
  /** The chunk's translation as far as it goes. */
  readonly onDraft: (text: string) => void
}

export interface ChunkAnswer {
  readonly text: string
  readonly checked: Checked
  readonly truncated: boolean
  /** The answer is the source itself. */
  readonly echo: boolean
}

interface Attempt {
  readonly text: string
  /** Every placeholder came back exactly once. */
  readonly intact: boolean
  readonly limit: boolean
  readonly comparison: Comparison
  /** It looks like an answer to the source rather than its translation. */
  readonly isAnswer: boolean
  /** Problems, plus what only this module sees: placeholders and lines that were lost. */
  readonly faults: number
}

/**
 * Translates `chunk`, which has passed the limits. Throws `engine.stuck` when the model answers nothing twice;
 * an answer equal to the source is kept and told by `echo`, since names and the wrong source language do that.
 */
export async function translateChunk(work: ChunkWork, chunk: string): Promise<ChunkAnswer> {
  const { lead, body, tail } = splitEdges(chunk)
  if (!/\p{L}/u.test(withoutParts(body)))
    return { text: chunk, checked: nothingChecked, truncated: false, echo: true }
  const inner = { ...work, onDraft: (text: string) => work.onDraft(lead + text) }
  const { attempt, redone } = await bestAttempt(inner, body)
  const { text, comparison, limit } = attempt
  return {
    text: lead + text + tail,
    checked: { ...nothingChecked, ...comparison.compared, redone, missing: comparison.problems },
    truncated: limit,
    echo: sameText(text, body),
  }
}

async function bestAttempt(
  work: ChunkWork,
  body: string,
): Promise<{ attempt: Attempt; redone: number }> {
  const masked = hideParts(body)
  const first = await tryOnce(work, body, { masked, emphasis: [], brief: false })
  if (first !== undefined && first.faults === 0) return { attempt: first, redone: 0 }
  const second = await tryDifferently(work, body, { masked, first })
  // A text that was answered rather than translated may be as faultless as its translation.
  const order = first?.isAnswer === true ? [second, first] : [first, second]
  const [best] = order
    .filter((attempt) => attempt !== undefined)
    .toSorted((a, b) => a.faults - b.faults)
  if (best === undefined) throw new AppError('engine.stuck')
  return { attempt: best, redone: second === undefined ? 0 : 1 }
}

/** Temperature 0 answers the same question the same way, so the second question is put differently, after what went wrong. */
function tryDifferently(
  work: ChunkWork,
  body: string,
  { masked, first }: { masked: Masked; first: Attempt | undefined },
): Promise<Attempt | undefined> {
  if (first === undefined) return tryOnce(work, body, { masked, emphasis: [], brief: true })
  if (first.limit) {
    const count = (text: string): number => work.engine.count(text)
    return tryPieces(
      work,
      body,
      splitChunks(body, { maxTokens: Math.ceil(count(body) / 2), count }),
    )
  }
  if (lineCount(first.text) !== lineCount(body))
    return tryPieces(work, body, body.split(/(?<=\n)/u))
  const emphasis = [
    ...emphasisOf(first.comparison),
    ...(first.isAnswer ? ['word for word, as a quotation'] : []),
  ]
  const bare = { text: body, hidden: [] }
  // The same question again would be the same answer, only later.
  if (first.intact && emphasis.length === 0) return Promise.resolve(undefined)
  return tryOnce(work, body, { masked: first.intact ? masked : bare, emphasis, brief: false })
}

/** Numbers and dates only: other parts are the author's words and stay between the marks. */
function emphasisOf({ missing, lostWords, missingDates }: Comparison): string[] {
  const numbers = missing.filter((part) => /^[\p{Nd}.,:\s]+(?:[ap]\.?\s?m\.?)?$/iu.test(part))
  const words = lostWords.map(({ text, value }) => `${text} = ${value}`)
  const dates = missingDates.map(({ text }) => `do not change ${text}`)
  return [...numbers.map((part) => `keep ${part}`), ...words, ...dates].slice(0, MAX_HINTS)
}

async function tryPieces(
  work: ChunkWork,
  body: string,
  pieces: readonly string[],
): Promise<Attempt | undefined> {
  let text = ''
  let limit = false
  for (const piece of pieces) {
    const { lead, body: inner, tail } = splitEdges(piece)
    const done = text + lead
    const onDraft = (draft: string): void => work.onDraft(done + draft)
    const form = { masked: hideParts(inner), emphasis: [], brief: false }
    const hasWords = /\p{L}/u.test(withoutParts(inner))
    const attempt = hasWords ? await tryOnce({ ...work, onDraft }, inner, form) : undefined
    // A piece that got no answer stays as it was, which the reader must be told.
    limit ||= hasWords && (attempt === undefined || attempt.limit)
    text = done + (attempt?.text ?? inner) + tail
  }
  return toAttempt(work, body, { text, limit, intact: true })
}

async function tryOnce(
  work: ChunkWork,
  body: string,
  form: { masked: Masked; emphasis: readonly string[]; brief: boolean },
): Promise<Attempt | undefined> {
  const { masked, brief } = form
  const marks = await marksFor(masked.text, 'text')
  const request = translationPrompt({
    from: work.from,
    to: work.to,
    text: masked.text,
    marks,
    hints: [...dateHints(work, body), ...form.emphasis],
    before: brief ? undefined : work.before,
    maxTokens: Math.max(64, 3 * work.engine.count(masked.text) + 32),
    brief,
  })
  const answer = await work.runs.run(request, {
    onDelta: (text) => work.onDraft(showParts(withoutMarks(text, marks), masked.hidden).text),
  })
  const shown = showParts(stripAnswer(withoutMarks(answer.text, marks)), masked.hidden)
  if (shown.text === '') return undefined
  return toAttempt(work, body, { ...shown, limit: answer.stop === 'limit' })
}

function toAttempt(
  work: ChunkWork,
  body: string,
  answer: { text: string; intact: boolean; limit: boolean },
): Attempt {
  // Line breaks that the source does not have are the model's.
  const written = body.includes('\n') ? answer.text : answer.text.replaceAll(/\s*\n\s*/gu, ' ')
  const { text: dated, comparison } = repaired(work, body, written)
  const isAnswer = looksAnswered(body, dated)
  const text = isAnswer ? withoutOpenMark(dated) : dated
  const faults =
    comparison.problems +
    (answer.intact ? 0 : 1) +
    (answer.limit ? 2 : 0) +
    (isAnswer ? 1 : 0) +
    (lineCount(text) === lineCount(body) ? 0 : 1)
  return { ...answer, text, comparison, isAnswer, faults }
}

/** What code can put right needs no second run. */
function repaired(
  work: ChunkWork,
  body: string,
  text: string,
): Pick<Attempt, 'text' | 'comparison'> {
  const comparison = compare(work, body, text)
  const better = repairDates({ text, language: work.to, calendar: work.calendars.to }, comparison)
  return { text: better, comparison: better === text ? comparison : compare(work, body, better) }
}

/** The most frequent error is a fluent wrong weekday, so the model is told what each one is called. */
function dateHints({ calendars, from, to }: ChunkWork, body: string): string[] {
  if (calendars.from === undefined || from === to) return []
  const hints = calendars.from
    .find(body)
    .filter(({ sure }) => sure)
    .map(({ text, kind, index }) => `${text} = ${calendars.to.name(kind, index)}`)
  return [...new Set(hints)].slice(0, MAX_HINTS)
}

/** Beyond that the hints are longer than the message. */
const MAX_HINTS = 6

const compare = ({ calendars, from, to }: ChunkWork, source: string, target: string): Comparison =>
  checkTranslation(
    { text: source, language: from, calendar: calendars.from },
    { text: target, language: to, calendar: calendars.to },
  )

/** An opening mark that nothing closes is the model's, where the source does not call out. */
const withoutOpenMark = (text: string): string => (/^¡[^!]*$/u.test(text) ? text.slice(1) : text)

const lineCount = (text: string): number =>
  text.split('\n').filter((line) => line.trim() !== '').length

const sameText = (a: string, b: string): boolean =>
  a.trim().toLowerCase().replaceAll(/\s+/gu, ' ') ===
  b.trim().toLowerCase().replaceAll(/\s+/gu, ' ')
