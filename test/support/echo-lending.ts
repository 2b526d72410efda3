/** Engines that answer by rule, lent as the real ones are: what the conversation with a gateway is tested with. */
import { AppError } from '../../src/core/app-error.ts'
import { isModelId, parseId } from '../../src/core/ids.ts'
import { noUnits } from '../../src/core/units.ts'
import type { TaskPorts, TextEngine } from '../../src/tasks/task.ts'
import { createLending, type Lending } from '../../src/workers/lending.ts'

export const ECHO_TEXT = parseId('echo-text', isModelId)
export const ECHO_SPEECH = parseId('echo-speech', isModelId)
export const ECHO_WEIGHTS = `sha256:${'e'.repeat(64)}`

export interface EchoOptions {
  /** Awaited before a text answers; gets the run's signal and the text. */
  readonly before?: (signal: AbortSignal, text: string) => Promise<void>
  /** Thrown instead of answering. */
  readonly failure?: Error
  readonly textSlots?: number
}

/** A text model that answers with the last non-empty lines it was given, and a speech model that counts the bytes it heard. */
export function echoLending(options: EchoOptions = {}): Lending {
  const text: TextEngine = {
    contextTokens: 8192,
    count: (words) => Math.ceil(words.length / 4),
    run: async (request, { signal, onDelta }) => {
      const answer = request.user.replaceAll(/⟦[^⟧]*⟧/g, '').trim()
      await options.before?.(signal, answer)
      if (signal.aborted) throw new AppError('job.cancelled')
      if (options.failure !== undefined) throw options.failure
      onDelta?.(answer.slice(0, Math.ceil(answer.length / 2)))
      onDelta?.(answer)
      return { text: answer, units: { ...noUnits, inTokens: 10, outTokens: 5 }, stop: 'end' }
    },
  }
  const absent = async (): Promise<never> => {
    throw new AppError('input.unsupported')
  }
  const noText: TextEngine = { contextTokens: 0, count: () => 0, run: absent }
  const speechPorts = (audio: AsyncIterable<Uint8Array>): TaskPorts => ({
    text: noText,
    speech: {
      run: async (_request, { onSegment, onProgress }) => {
        let bytes = 0
        for await (const piece of audio) bytes += piece.length
        const segment = { startMs: 0, endMs: 1000, text: `heard ${bytes} bytes` }
        onProgress?.(100)
        onSegment?.(segment)
        return { language: 'en', segments: [segment], audioMs: 1000, noSpeech: false }
      },
    },
  })
  return createLending(
    {
      slots: { text: options.textSlots ?? 1, speech: 1 },
      portsFor: (model, audio) =>
        model === ECHO_SPEECH && audio
          ? { ports: speechPorts(audio), release: () => undefined }
          : { ports: { text, speech: { run: absent } }, release: () => undefined },
    },
    {
      models: [
        { id: ECHO_TEXT, weights: ECHO_WEIGHTS, kind: 'llm', speed: 10 },
        { id: ECHO_SPEECH, weights: ECHO_WEIGHTS, kind: 'stt', speed: 10 },
      ],
      engineNames: { llm: 'echo 1', stt: 'echo 1' },
    },
  )
}
