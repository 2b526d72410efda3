/** @module The summary task: a short text from a long one, in which every name and number is borne by the source. */
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import { addUnits } from '../core/units.ts'
import {
  addChecked,
  checkTextSize,
  MAX_CHUNKS,
  type Meter,
  meter,
  nothingChecked,
  stripAnswer,
  tooManyChunks,
} from './answers.ts'
import { splitChunks } from './chunks.ts'
import { type Kept, keepSupported } from './keep-supported.ts'
import { languageName } from './languages.ts'
import { marksFor } from './marks.ts'
import { sentencesOf } from './sentences.ts'
import { briefSummaryPrompt, LENGTHS, type SummaryLength, summaryPrompt } from './summary-prompt.ts'
import {
  type Language,
  languageSchema,
  type Task,
  type TaskContext,
  type TaskPorts,
  type TextEngine,
} from './task.ts'
import { translateText } from './translate.ts'

const summarizeInputSchema = z.strictObject({
  v: z.literal(1),
  /** At most 1 MiB of UTF-8 and 64 parts of 2,000 tokens, else `input.too-long`. */
  text: z.string(),
  /** Absent: the text is taken to be in the target language. */
  from: languageSchema.optional(),
  to: languageSchema,
  length: z.enum(['short', 'medium', 'long']),
  title: z.string().max(1000).optional(),
})
export type SummarizeInput = Readonly<z.infer<typeof summarizeInputSchema>>

export const summarize: Task<SummarizeInput> = {
  id: 'summarize',
  kind: 'llm',
  version: 'summarize/1',
  input: summarizeInputSchema,
  deadlineMs: 15 * 60_000,
  maxOutputBytes: 2 ** 20,
  sample: {
    v: 1,
    text: 'The town library reopens on Monday after six months of repairs. It has 40 new seats and a garden. Entry is free.',
    from: 'en',
    to: 'en',
    length: 'short',
  },
  sourceOf: ({ text }) => text,
  // No longer than its source, nearly; then perhaps translated, which may take three times as many.
  maxOutTokens: (inTokens) => 3 * Math.min(LENGTHS.long.maxTokens, 2 * inTokens + 160) + 512,
  run: runSummarize,
}

/** Parts of a text that does not fit; smaller ones made models invent facts. */
const PART_TOKENS = 2000
/** Summaries of summaries of summaries; 64 parts need two levels. */
const MAX_DEPTH = 3
/** System part, order, and the engine's own margin. */
const PROMPT_TOKENS = 200

async function runSummarize(ports: TaskPorts, input: SummarizeInput, context: TaskContext) {
  checkTextSize(input.text)
  const { to, length } = input
  const language = input.from ?? to
  for (const code of [to, language])
    if (languageName(code) === undefined) throw new AppError('input.language')
  const foreign = language !== to
  const text = input.title === undefined ? input.text : `${input.title}\n\n${input.text}`
  const work: Work = {
    engine: ports.text,
    runs: meter(ports.text, context.signal),
    language,
    length,
    // A draft in a language the reader did not ask for helps nobody.
    onDraft: foreign ? () => undefined : context.onDraft,
    onProgress: (percent) => context.onProgress(foreign ? Math.round(percent * 0.7) : percent),
  }
  const own = await summariseText(work, text, MAX_DEPTH)
  const laidOut = layOut(own.sentences, length)
  const base = { v: 1 as const, task: 'summarize', sourceLanguage: language }
  if (!foreign) {
    context.onDraft(laidOut)
    const output = { ...base, text: laidOut, language, checked: own.checked, outcome: own.outcome }
    return { output, units: work.runs.units() }
  }
  const translated = await translateText(
    ports,
    { text: laidOut, from: language, to },
    {
      ...context,
      onProgress: (percent) => context.onProgress(Math.round(70 + percent * 0.3)),
    },
  )
  return {
    output: {
      ...base,
      text: translated.text,
      language: to,
      checked: addChecked(own.checked, translated.checked),
      outcome: translated.truncated ? ('truncated' as const) : own.outcome,
    },
    units: addUnits(work.runs.units(), translated.units),
  }
}

interface Work {
  readonly engine: TextEngine
  readonly runs: Meter
  readonly language: Language
  readonly length: SummaryLength
  readonly onDraft: (text: string) => void
  readonly onProgress: (percent: number) => void
}

type Summary = Kept & { readonly outcome: 'ok' | 'truncated' }

async function summariseText(work: Work, text: string, depth: number): Promise<Summary> {
  const { engine, length, language } = work
  const count = (piece: string): number => engine.count(piece)
  const room = engine.contextTokens - LENGTHS[length].maxTokens - PROMPT_TOKENS
  if (count(text) <= room) return summariseOnce(work, text)
  if (depth === 0) throw new AppError('input.too-long', { maxTokens: room })
  const parts = splitChunks(text, { maxTokens: Math.min(PART_TOKENS, room), count })
  if (parts.length > MAX_CHUNKS) throw tooManyChunks(parts.length)
  const sentences: string[] = []
  let checked = nothingChecked
  for (const [at, part] of parts.entries()) {
    const quiet = {
      ...work,
      length: 'medium' as const,
      onDraft: () => undefined,
      onProgress: () => undefined,
    }
    const partial = part.trim() === '' ? undefined : await summariseOnce(quiet, part)
    sentences.push(...(partial?.sentences ?? []))
    checked = addChecked(checked, partial?.checked ?? nothingChecked)
    work.onProgress(Math.round((90 * (at + 1)) / parts.length))
  }
  const joined = sentences.join(language === 'zh' || language === 'ja' ? '' : ' ')
  const whole = await summariseText(work, joined, depth - 1)
  return { ...whole, checked: addChecked(checked, whole.checked) }
}

async function summariseOnce(work: Work, text: string): Promise<Summary> {
  const { runs, language, length } = work
  const { fewest, most } = LENGTHS[length]
  const marks = await marksFor(text, 'article')
  const prompt = { text, marks, language, length, maxTokens: answerTokens(work, text) }
  const onDelta = (draft: string): void =>
    work.onDraft(layOut(sentencesOf(stripAnswer(draft), language).slice(0, most), length))
  let answer = await runs.run(summaryPrompt(prompt), { onDelta })
  if (stripAnswer(answer.text) === '')
    answer = await runs.run(briefSummaryPrompt(prompt), { onDelta })
  const written = sentencesOf(stripAnswer(answer.text), language).map(withoutBullet)
  if (written.length === 0) throw new AppError('engine.stuck')
  // The limit cut the last sentence; when it is the only one there is nothing better.
  const cut = answer.stop === 'limit' && written.length > 1
  const sentences = spread(cut ? written.slice(0, -1) : written, most)
  work.onProgress(90)
  const kept = await keepSupported({ runs, text, language }, sentences)
  const short = answer.stop === 'limit' && sentences.length < fewest
  return { ...kept, outcome: short ? 'truncated' : 'ok' }
}

/** The first sentence and others evenly from the rest: a model that writes too many follows the text, whose end counts too. */
function spread(sentences: readonly string[], most: number): readonly string[] {
  if (sentences.length <= most || most < 2) return sentences.slice(0, most)
  const step = (sentences.length - 1) / (most - 1)
  return Array.from({ length: most }, (_, at) => sentences[Math.round(at * step)] ?? '')
}

/** Room for as many sentences as may be kept, each as long as those of the text: models that copy run on to the limit. */
function answerTokens({ engine, language, length }: Work, text: string): number {
  const { most, maxTokens } = LENGTHS[length]
  const average = engine.count(text) / Math.max(1, sentencesOf(text, language).length)
  return Math.min(maxTokens, Math.max(80, Math.ceil(most * average * 1.3)))
}

/** The gist as a sentence of its own, the rest as points: read at a glance on a phone. */
function layOut(sentences: readonly string[], length: SummaryLength): string {
  const [gist = '', ...points] = sentences
  if (length === 'short' || points.length < 2) return sentences.join(' ')
  return `${gist}\n\n${points.map((point) => `• ${point}`).join('\n')}`
}

const withoutBullet = (sentence: string): string =>
  sentence.replace(/^(?:[-*•–]|\d{1,2}[.)])\s+/u, '')
