/** @module What a task is: a pure function from input and engine ports to output. Adding a task is one file and one line in `index.ts`. */
import { z } from 'zod'
import { noUnits, type Units } from '../core/units.ts'

/** ISO 639-1 (or -3 where there is none) code in lower case. */
export const languageSchema = z.string().regex(/^[a-z]{2,3}$/)
export type Language = string

export const segmentSchema = z.strictObject({
  startMs: z.number().int().min(0),
  endMs: z.number().int().min(0),
  text: z.string(),
})
export type Segment = Readonly<z.infer<typeof segmentSchema>>

const count = z.number().int().min(0)
/** How the answer was compared with its source: how many things of each kind were compared, and what was done about misses. */
const checkedSchema = z.strictObject({
  links: count,
  mentions: count,
  tags: count,
  numbers: count,
  dates: count,
  names: count,
  /** Sentences or chunks made once more because something was missing or invented. */
  redone: count,
  /** Sentences left out because the source does not bear them. */
  dropped: count,
  /** Things still missing in the answer, shown to the reader as a warning. */
  missing: count,
})
export type Checked = Readonly<z.infer<typeof checkedSchema>>

/** What every task answers with; stands as JSON inside the sealed result record. */
export const taskOutputSchema = z.strictObject({
  v: z.literal(1),
  task: z.string(),
  /** The answer: translation, transcript or summary, plain text with line breaks. */
  text: z.string(),
  /** Language of `text`. */
  language: languageSchema,
  sourceLanguage: languageSchema.optional(),
  segments: z.array(segmentSchema).optional(),
  checked: checkedSchema,
  outcome: z.enum(['ok', 'truncated', 'no-speech', 'unchanged']),
})
export type TaskOutput = Readonly<z.infer<typeof taskOutputSchema>>

/**
 * One request to a language model. `examples` are earlier turns. The answer is forced to begin with `answerPrefix` (not part of the returned text).
 * `system` and `userLead`, the beginning of `user`, stay evaluated in the slot for the next job and must hold nothing of a user;
 * everything else is erased after the run.
 */
export interface TextRequest {
  readonly system: string
  readonly examples?: readonly { readonly user: string; readonly answer: string }[]
  readonly user: string
  readonly userLead?: string
  readonly answerPrefix?: string
  /** Generation ends before any of these texts, which are not part of the answer. */
  readonly stop?: readonly string[]
  readonly maxTokens: number
  readonly seed?: number
}

export interface TextAnswer {
  readonly text: string
  readonly units: Units
  readonly stop: 'end' | 'limit' | 'stop-text'
}

export interface RunOptions {
  /** Rejects with `job.cancelled` when it aborts. */
  readonly signal: AbortSignal
  /** The answer so far, without the prefix. */
  readonly onDelta?: (textSoFar: string) => void
}

/** A language model with one sequence of its own for the length of the job. Temperature is 0. */
export interface TextEngine {
  /** Id of the loaded model: decides which way a language pair goes. Absent where there is none. */
  readonly model?: string
  /** Context size in tokens; system + user + maxTokens + 64 must fit or the call throws `input.too-long`. */
  readonly contextTokens: number
  /** Tokens of this model's own tokenizer. */
  count(text: string): number
  run(request: TextRequest, options: RunOptions): Promise<TextAnswer>
}

export interface SpeechAnswer {
  readonly language: Language
  readonly segments: readonly Segment[]
  readonly audioMs: number
  readonly noSpeech: boolean
}

/** Speech to text of the job's own sound (decoded, cut at silence, window by window). */
export interface SpeechEngine {
  run(
    request: {
      /** Absent: detected on the first window. */ readonly language?: Language
      readonly maxSeconds: number
    },
    options: {
      readonly signal: AbortSignal
      readonly onSegment?: (segment: Segment) => void
      /** 0…100 */
      readonly onProgress?: (percent: number) => void
    },
  ): Promise<SpeechAnswer>
}

/** What a running task may use. A text task gets `text`, a speech task gets `speech`; the other one throws `input.unsupported`. */
export interface TaskPorts {
  readonly text: TextEngine
  readonly speech: SpeechEngine
}

export interface TaskContext {
  readonly signal: AbortSignal
  /** The whole answer as it stands now; may take back what it said before. */
  readonly onDraft: (text: string) => void
  /** 0…100 */
  readonly onProgress: (percent: number) => void
}

export interface TaskResult {
  readonly output: TaskOutput
  readonly units: Units
}

/**
 * What a job is billed for: tokens of its source and of its answer by the model's own tokenizer, nothing of prompts, repeats
 * and intermediate steps; of a speech task the sound as it was decoded. Worker and gateway count the same way.
 */
export const billedUnits = (
  kind: Task<unknown>['kind'],
  of: { readonly source: string; readonly answer: string; readonly audioMs: number },
  tokensOf: (text: string) => number,
): Units =>
  kind === 'stt'
    ? { ...noUnits, audioMs: of.audioMs }
    : { ...noUnits, inTokens: tokensOf(of.source), outTokens: tokensOf(of.answer) }

/** Answers that cost nobody anything: nothing was said, or nothing was to be done. */
export const isBilled = (outcome: TaskOutput['outcome']): boolean =>
  outcome === 'ok' || outcome === 'truncated'

/** One AI task. `Input` is what stands, as JSON, inside the sealed envelope. */
export interface Task<Input> {
  readonly id: string
  /** Which engine it needs: `llm` or `stt`. */
  readonly kind: 'llm' | 'stt'
  /** Version of prompt and output, e.g. `translate/1`. */
  readonly version: string
  readonly input: z.ZodType<Input>
  /** Milliseconds from submission until the job expires. */
  readonly deadlineMs: number
  /** Most bytes of the result stream. */
  readonly maxOutputBytes: number
  /** A small input that the tests and canary jobs run. */
  readonly sample: Input
  /** The text whose tokens are billed as input; empty where sound is what is billed. */
  sourceOf(input: Input): string
  /** No answer to a source of so many tokens is billed for more. */
  maxOutTokens(inTokens: number): number
  run(ports: TaskPorts, input: Input, context: TaskContext): Promise<TaskResult>
}
