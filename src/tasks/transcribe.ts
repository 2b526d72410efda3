/** @module The transcription task: the speech engine's segments as paragraphs of text. */
import { z } from 'zod'
import { noUnits } from '../core/units.ts'
import { nothingChecked } from './answers.ts'
import {
  languageSchema,
  type Segment,
  type Task,
  type TaskContext,
  type TaskPorts,
  type TaskResult,
} from './task.ts'

const transcribeInputSchema = z.strictObject({
  v: z.literal(1),
  /** Absent: recognised on the first window of sound. */
  language: languageSchema.optional(),
  maxSeconds: z
    .number()
    .int()
    .min(1)
    .max(6 * 3600),
})
export type TranscribeInput = Readonly<z.infer<typeof transcribeInputSchema>>

/** A pause that long begins a new paragraph. */
const PARAGRAPH_PAUSE_MS = 2000
/** A paragraph that long ends with its sentence, pause or not: half a phone screen. */
const PARAGRAPH_CHARS = 600
/** Equal segments in a row that nobody says. */
const STUCK_SEGMENTS = 3
/** Scripts written without spaces between words. */
const UNSPACED = new Set(['zh', 'ja', 'th', 'lo', 'my', 'km', 'yue', 'bo'])
/** What whisper writes for silence and sounds, e.g. `[BLANK_AUDIO]`, `(music)`, `♪`. */
const NOT_SPEECH = /^[\s♪♫*]*(?:\[[^\]]*\]|\([^)]*\)|\*[^*]*\*)?[\s♪♫.*…]*$/u

export const transcribe: Task<TranscribeInput> = {
  id: 'transcribe',
  kind: 'stt',
  version: 'transcribe/1',
  input: transcribeInputSchema,
  deadlineMs: 30 * 60_000,
  maxOutputBytes: 8 * 2 ** 20,
  sample: { v: 1, maxSeconds: 60 },
  sourceOf: () => '',
  maxOutTokens: () => 0,
  run: runTranscribe,
}

async function runTranscribe(
  ports: TaskPorts,
  input: TranscribeInput,
  context: TaskContext,
): Promise<TaskResult> {
  const heard: Segment[] = []
  const answer = await ports.speech.run(
    {
      maxSeconds: input.maxSeconds,
      ...(input.language !== undefined && { language: input.language }),
    },
    {
      signal: context.signal,
      onProgress: context.onProgress,
      onSegment: (segment) => {
        heard.push(segment)
        const draft = toParagraphs(spoken(heard), input.language)
        if (draft !== '') context.onDraft(draft)
      },
    },
  )
  const segments = spoken(answer.segments)
  const text = toParagraphs(segments, answer.language)
  return {
    output: {
      v: 1,
      task: 'transcribe',
      text,
      language: answer.language,
      sourceLanguage: answer.language,
      segments,
      checked: nothingChecked,
      outcome: answer.noSpeech || text === '' ? 'no-speech' : 'ok',
    },
    units: { ...noUnits, audioMs: answer.audioMs },
  }
}

/** Segments that hold words; three or more equal ones in a row are the engine stuck on silence and count once. */
function spoken(segments: readonly Segment[]): Segment[] {
  const runs: Segment[][] = []
  for (const segment of segments) {
    const text = segment.text.trim()
    if (text === '' || NOT_SPEECH.test(text)) continue
    const open = runs.at(-1)
    if (open?.[0]?.text === text) open.push({ ...segment, text })
    else runs.push([{ ...segment, text }])
  }
  return runs.flatMap((run) => {
    const [first, last] = [run[0], run.at(-1)]
    if (run.length < STUCK_SEGMENTS || first === undefined || last === undefined) return run
    return [{ ...first, endMs: last.endMs }]
  })
}

/** One text from segments: a new paragraph after a pause of 2 s, or after a sentence once it is long. */
export function toParagraphs(segments: readonly Segment[], language: string | undefined): string {
  const glue = language !== undefined && UNSPACED.has(language) ? '' : ' '
  const paragraphs: string[] = []
  let last: Segment | undefined
  for (const segment of segments) {
    const open = paragraphs.at(-1)
    const pause = last === undefined || segment.startMs - last.endMs >= PARAGRAPH_PAUSE_MS
    const full =
      open !== undefined && open.length > PARAGRAPH_CHARS && /[.!?。！？؟…]["»”)]?$/u.test(open)
    if (open === undefined || pause || full) paragraphs.push(segment.text)
    else paragraphs[paragraphs.length - 1] = `${open}${glue}${segment.text}`
    last = segment
  }
  return paragraphs.join('\n\n')
}
