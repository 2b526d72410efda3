/** @module Language models of the tests: they echo or answer from a script, and remember what they were asked. */
import type {
  RunOptions,
  TaskContext,
  TaskPorts,
  TextEngine,
  TextRequest,
} from '../../src/tasks/task.ts'

/** An engine that answers with `answer(request, n)`, n = 0, 1, …; every request is kept in `asked`. Tokens are words. */
export interface ScriptedEngine extends TextEngine {
  readonly asked: TextRequest[]
}

export interface ScriptedAnswer {
  readonly text: string
  readonly stop?: 'end' | 'limit' | 'stop-text'
}

export function scriptedEngine(
  answer: (request: TextRequest, n: number) => ScriptedAnswer | string,
  options: { readonly contextTokens?: number; readonly model?: string } = {},
): ScriptedEngine {
  const asked: TextRequest[] = []
  const count = (text: string): number => text.split(/\s+/u).filter((word) => word !== '').length
  return {
    ...(options.model !== undefined && { model: options.model }),
    contextTokens: options.contextTokens ?? 4096,
    asked,
    count,
    run: async (request: TextRequest, { signal, onDelta }: RunOptions) => {
      signal.throwIfAborted()
      const given = answer(request, asked.length)
      asked.push(request)
      const { text, stop = 'stop-text' } = typeof given === 'string' ? { text: given } : given
      // Two deltas: the first half, then all, as a stream would.
      onDelta?.(text.slice(0, Math.floor(text.length / 2)))
      onDelta?.(text)
      const inTokens = count(request.system) + count(request.user)
      return {
        text,
        stop,
        units: { inTokens, cachedTokens: 0, outTokens: count(text), audioMs: 0 },
      }
    },
  }
}

/** The text between the marks of a request, as the model sees it; undefined where there are none. */
export function markedText(request: TextRequest): string | undefined {
  return /<([a-z]+-[0-9a-f]{4})>([\s\S]*)<\/\1>/u.exec(request.user)?.[2]
}

/** An engine that answers with the text it was given between the marks. */
export const echoEngine = (options: { readonly contextTokens?: number } = {}): ScriptedEngine =>
  scriptedEngine((request) => markedText(request) ?? request.user, options)

/** Ports around a text engine, with a speech engine that nobody should call. */
export const textPorts = (text: TextEngine): TaskPorts => ({
  text,
  speech: {
    run: () => Promise.reject(new Error('no speech in this test')),
  },
})

/** A context that remembers drafts and progress. */
export function recordingContext(
  signal: AbortSignal = new AbortController().signal,
): TaskContext & {
  readonly drafts: string[]
  readonly progress: number[]
} {
  const drafts: string[] = []
  const progress: number[] = []
  return {
    signal,
    drafts,
    progress,
    onDraft: (text) => void drafts.push(text),
    onProgress: (percent) => void progress.push(percent),
  }
}
