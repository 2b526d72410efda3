/** @module The translation task: chunk by chunk, checked against the source, said honestly where something is missing. */
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import { checkTextSize, MAX_CHUNKS, meter, nothingChecked, stripAnswer } from './answers.ts'
import { splitChunks } from './chunks.ts'
import { languageName } from './languages.ts'
import { marksFor, withoutMarks } from './marks.ts'
import { hideParts, showParts } from './placeholders.ts'
import {
  languageSchema,
  type Task,
  type TaskContext,
  type TaskPorts,
  type TaskResult,
} from './task.ts'
import { translationPrompt } from './translate-prompt.ts'

export const translateInputSchema = z.strictObject({
  v: z.literal(1),
  text: z.string(),
  /** Absent: the model recognises it. */
  from: languageSchema.optional(),
  to: languageSchema,
})
export type TranslateInput = Readonly<z.infer<typeof translateInputSchema>>

const CHUNK_TOKENS = 400

export const translate: Task<TranslateInput> = {
  id: 'translate',
  kind: 'llm',
  version: 'translate/1',
  input: translateInputSchema,
  deadlineMs: 15 * 60_000,
  maxOutputBytes: 8 * 2 ** 20,
  sample: { v: 1, text: 'Hola, ¿nos vemos mañana a las 10:00?', from: 'es', to: 'en' },
  run: runTranslate,
}

async function runTranslate(
  ports: TaskPorts,
  input: TranslateInput,
  context: TaskContext,
): Promise<TaskResult> {
  checkTextSize(input.text)
  if (languageName(input.to) === undefined) throw new AppError('input.language')
  const engine = ports.text
  const runs = meter(engine, context.signal)
  const chunks = splitChunks(input.text, {
    maxTokens: CHUNK_TOKENS,
    count: (text) => engine.count(text),
  })
  if (chunks.length > MAX_CHUNKS)
    throw new AppError('input.too-long', { chunks: chunks.length, maxChunks: MAX_CHUNKS })
  let done = ''
  for (const [index, chunk] of chunks.entries()) {
    const [, lead = '', body = '', tail = ''] = /^(\s*)([\s\S]*?)(\s*)$/u.exec(chunk) ?? []
    const masked = hideParts(body)
    const marks = await marksFor(masked.text, 'text')
    const before = done + lead
    const answer =
      body === ''
        ? ''
        : await runs
            .run(
              translationPrompt({
                from: input.from,
                to: input.to,
                text: masked.text,
                marks,
                hints: [],
                before: undefined,
                maxTokens: Math.max(64, 3 * engine.count(masked.text) + 32),
              }),
              {
                onDelta: (text) =>
                  context.onDraft(
                    before + showParts(withoutMarks(text, marks), masked.hidden).text,
                  ),
              },
            )
            .then(({ text }) => stripAnswer(withoutMarks(text, marks)))
    done = before + showParts(answer, masked.hidden).text + tail
    context.onProgress(Math.round((100 * (index + 1)) / chunks.length))
  }
  return {
    output: {
      v: 1,
      task: 'translate',
      text: done,
      language: input.to,
      ...(input.from !== undefined && { sourceLanguage: input.from }),
      checked: nothingChecked,
      outcome: 'ok',
    },
    units: runs.units(),
  }
}
