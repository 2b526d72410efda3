/** @module The translation task: chunk by chunk, checked against the source, said honestly where something is missing. */
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import { addUnits, noUnits } from '../core/units.ts'
import {
  addChecked,
  checkTextSize,
  MAX_CHUNKS,
  type Meter,
  meter,
  nothingChecked,
  tooManyChunks,
} from './answers.ts'
import { calendarOf } from './calendar.ts'
import { splitChunks } from './chunks.ts'
import { languageName, translationRoute } from './languages.ts'
import {
  type Checked,
  type Language,
  languageSchema,
  type Task,
  type TaskContext,
  type TaskPorts,
  type TaskResult,
  type TextEngine,
} from './task.ts'
import { type ChunkAnswer, type Passage, translateChunk } from './translate-chunk.ts'

const translateInputSchema = z.strictObject({
  v: z.literal(1),
  /** At most 1 MiB of UTF-8 and 64 chunks, else `input.too-long`. */
  text: z.string(),
  /** Absent: the model recognises it, without help for dates and numbers. */
  from: languageSchema.optional(),
  to: languageSchema,
  /** Parts of `text` that are copied as they are: `[start, end)` in UTF-16 units, in order, without overlaps; else `input.invalid`. */
  keep: z
    .array(z.tuple([z.int().nonnegative(), z.int().positive()]))
    .max(200)
    .optional(),
})
export type TranslateInput = Readonly<z.infer<typeof translateInputSchema>>

/** Small models lose the thread in long passages, and a redone chunk should be cheap. */
const CHUNK_TOKENS = 300
/** Longest passage shown again for its terms. */
const BEFORE_TOKENS = 200

export const translate: Task<TranslateInput> = {
  id: 'translate',
  kind: 'llm',
  version: 'translate/2',
  input: translateInputSchema,
  deadlineMs: 15 * 60_000,
  maxOutputBytes: 8 * 2 ** 20,
  sample: { v: 1, text: 'Hola, ¿nos vemos mañana a las 10:00?', from: 'es', to: 'en' },
  sourceOf: ({ text }) => text,
  // Each step may be three times as long as its source, and on the way through English that is rarely longer than the source.
  maxOutTokens: (inTokens) => 5 * inTokens + 512,
  run: async (ports, input, context) => {
    checkTextSize(input.text)
    for (const language of [input.to, input.from ?? input.to])
      if (languageName(language) === undefined) throw new AppError('input.language')
    const done = await translateParts(ports, input, context)
    return {
      output: {
        v: 1,
        task: 'translate',
        text: done.text,
        language: done.echo && input.from !== undefined ? input.from : input.to,
        ...(input.from !== undefined && { sourceLanguage: input.from }),
        checked: done.checked,
        outcome: done.echo ? 'unchanged' : done.truncated ? 'truncated' : 'ok',
      },
      units: done.units,
    }
  },
}

/** A text of which some parts are in a language the reader reads: those are copied, the others translated, in order. */
async function translateParts(
  ports: Pick<TaskPorts, 'text'>,
  input: TranslateInput,
  context: TaskContext,
): Promise<ChunkAnswer & Pick<TaskResult, 'units'>> {
  const { text, keep } = input
  if (keep === undefined || keep.length === 0) return translateText(ports, input, context)
  let sum = { ...unchanged(''), units: noUnits }
  let read = 0
  for (const part of partsOf(text, keep)) {
    const before = sum
    const from = read
    const answer = part.isKept
      ? { ...unchanged(part.text), units: noUnits }
      : await translateText(
          ports,
          { ...input, text: part.text },
          {
            ...context,
            onDraft: (draft) => context.onDraft(before.text + draft),
            onProgress: (percent) =>
              context.onProgress(
                Math.round((100 * from + percent * part.text.length) / text.length),
              ),
          },
        )
    read += part.text.length
    sum = {
      text: before.text + answer.text,
      checked: addChecked(before.checked, answer.checked),
      truncated: before.truncated || answer.truncated,
      echo: before.echo && answer.echo,
      units: addUnits(before.units, answer.units),
    }
    context.onDraft(sum.text)
  }
  return sum
}

const unchanged = (text: string): ChunkAnswer => ({
  text,
  checked: nothingChecked,
  truncated: false,
  echo: true,
})

/** The pieces of `text` in order; joined they are the text. Throws `input.invalid` for ranges out of order or bounds. */
function partsOf(
  text: string,
  keep: NonNullable<TranslateInput['keep']>,
): readonly { readonly text: string; readonly isKept: boolean }[] {
  const parts: { text: string; isKept: boolean }[] = []
  let at = 0
  for (const [start, end] of keep) {
    if (start < at || end <= start || end > text.length) throw new AppError('input.invalid')
    parts.push({ text: text.slice(at, start), isKept: false })
    parts.push({ text: text.slice(start, end), isKept: true })
    at = end
  }
  parts.push({ text: text.slice(at), isKept: false })
  return parts.filter((part) => part.text !== '')
}

/** A whole text translated; also the last step of a summary in another language. */
export async function translateText(
  ports: Pick<TaskPorts, 'text'>,
  { text, from, to }: Pick<TranslateInput, 'text' | 'from' | 'to'>,
  context: TaskContext,
): Promise<ChunkAnswer & Pick<TaskResult, 'units'>> {
  const runs = meter(ports.text, context.signal)
  if (from === to)
    return { text, checked: nothingChecked, truncated: false, echo: true, units: runs.units() }
  const route = translationRoute(ports.text.model, from, to)
  let step: ChunkAnswer = { text, checked: nothingChecked, truncated: false, echo: false }
  let source = from
  for (const [at, target] of route.entries()) {
    const last = at === route.length - 1
    const share = 100 / route.length
    step = await translateStep({
      engine: ports.text,
      runs,
      text: step.text,
      from: source,
      to: target,
      // The way through English is nobody's draft.
      onDraft: last ? context.onDraft : () => undefined,
      onProgress: (percent) => context.onProgress(Math.round(at * share + (percent * share) / 100)),
    })
    source = target
  }
  return { ...step, units: runs.units() }
}

interface Step {
  readonly engine: TextEngine
  readonly runs: Meter
  readonly text: string
  readonly from: Language | undefined
  readonly to: Language
  readonly onDraft: (text: string) => void
  readonly onProgress: (percent: number) => void
}

async function translateStep(step: Step): Promise<ChunkAnswer> {
  const { engine, from, to } = step
  const calendars = { from: from === undefined ? undefined : calendarOf(from), to: calendarOf(to) }
  const chunks = chunksOf(step)
  let text = ''
  let checked: Checked = nothingChecked
  let truncated = false
  let echo = true
  let before: Passage | undefined
  for (const [at, chunk] of chunks.entries()) {
    const done = text
    const answer = await translateChunk(
      { ...step, calendars, before, onDraft: (draft) => step.onDraft(done + draft) },
      chunk,
    )
    text = done + answer.text
    step.onDraft(text)
    step.onProgress(Math.round((100 * (at + 1)) / chunks.length))
    checked = addChecked(checked, answer.checked)
    truncated ||= answer.truncated
    echo &&= answer.echo
    before = answer.echo ? undefined : lastPassage(engine, chunk, answer.text)
  }
  return { text, checked, truncated, echo }
}

/** Throws `input.too-long` with the limit when 64 chunks do not hold the text. */
function chunksOf({ engine, text }: Step): readonly string[] {
  const count = (piece: string): number => engine.count(piece)
  // System part, examples, answer of up to 3 × the chunk: a chunk may take a sixth of the context.
  const largest = Math.min(2000, Math.floor(engine.contextTokens / 6))
  const wanted = Math.ceil((count(text) / MAX_CHUNKS) * 1.3)
  const maxTokens = Math.min(largest, Math.max(CHUNK_TOKENS, wanted))
  const chunks = splitChunks(text, { maxTokens, count })
  if (chunks.length > MAX_CHUNKS) throw tooManyChunks(chunks.length)
  return chunks
}

/** The last sentences on both sides, when they are short and there are equally many, so that they say the same. */
function lastPassage(engine: TextEngine, source: string, answer: string): Passage | undefined {
  const [from, to] = [sentencesOf(source), sentencesOf(answer)]
  const passage = { text: from.at(-1) ?? '', answer: to.at(-1) ?? '' }
  const fits = engine.count(passage.text) + engine.count(passage.answer) <= BEFORE_TOKENS
  return from.length === to.length && passage.text !== '' && fits ? passage : undefined
}

const sentencesOf = (text: string): string[] =>
  [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text)]
    .map(({ segment }) => segment.trim())
    .filter((sentence) => sentence !== '')
