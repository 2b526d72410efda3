import { describe, expect, it } from 'vitest'
import type { Segment, SpeechEngine, TaskPorts } from '../../../src/tasks/task.ts'
import { toParagraphs, transcribe } from '../../../src/tasks/transcribe.ts'
import { recordingContext } from '../../support/text-engine.ts'

const said = (startMs: number, text: string, lengthMs = 900): Segment => ({
  startMs,
  endMs: startMs + lengthMs,
  text,
})

const run = async (
  segments: readonly Segment[],
  more: { language?: string; noSpeech?: boolean } = {},
) => {
  const asked: Parameters<SpeechEngine['run']>[0][] = []
  const ports: TaskPorts = {
    text: {
      contextTokens: 0,
      count: () => 0,
      run: () => Promise.reject(new Error('no text here')),
    },
    speech: {
      run: async (request, { onSegment, onProgress }) => {
        asked.push(request)
        for (const segment of segments) onSegment?.(segment)
        onProgress?.(100)
        return { language: 'en', segments, audioMs: 5000, noSpeech: false, ...more }
      },
    },
  }
  const context = recordingContext()
  const result = await transcribe.run(ports, { v: 1, maxSeconds: 60 }, context)
  return { ...result, context, asked }
}

describe('a transcript', () => {
  it('is the segments joined, in new paragraphs after pauses', async () => {
    const { output, units } = await run([
      said(0, ' Hello there.'),
      said(1000, ' How are you?'),
      said(5000, ' Bye.'),
    ])

    expect(output.text).toBe('Hello there. How are you?\n\nBye.')
    expect(output).toMatchObject({ language: 'en', sourceLanguage: 'en', outcome: 'ok' })
    expect(output.segments).toHaveLength(3)
    expect(units.audioMs).toBe(5000)
  })

  it('is shown as it grows', async () => {
    const { context } = await run([said(0, 'One.'), said(1000, 'Two.')])

    expect(context.drafts).toEqual(['One.', 'One. Two.'])
    expect(context.progress).toEqual([100])
  })

  it('holds no words that nobody said', async () => {
    const { output } = await run([
      said(0, '[BLANK_AUDIO]'),
      said(1000, '(music)'),
      said(2000, ' ♪ '),
      said(3000, '...'),
    ])

    expect(output).toMatchObject({ outcome: 'no-speech', text: '', segments: [] })
    expect((await run([], { noSpeech: true })).output.outcome).toBe('no-speech')
  })

  it('says a line that the engine repeats endlessly once', async () => {
    const { output } = await run([
      said(0, 'Yes.'),
      ...[1, 2, 3, 4].map((n) => said(n * 1000, 'Thank you.')),
    ])

    expect(output.text).toBe('Yes. Thank you.')
    expect(output.segments?.at(-1)).toEqual({ startMs: 1000, endMs: 4900, text: 'Thank you.' })
  })

  it('needs no spaces in Chinese and Japanese', () => {
    expect(toParagraphs([said(0, '今日は。'), said(1000, '晴れです。')], 'ja')).toBe(
      '今日は。晴れです。',
    )
  })

  it('ends a long paragraph with its sentence', () => {
    const long = Array.from({ length: 30 }, (_, n) =>
      said(n * 1000, `Sentence number ${n} of a long speech.`),
    )

    const paragraphs = toParagraphs(long, 'en').split('\n\n')

    expect(paragraphs.length).toBeGreaterThan(1)
    expect(paragraphs.every((paragraph) => paragraph.endsWith('.'))).toBe(true)
  })

  it('asks for no language unless the sender named one', async () => {
    expect((await run([said(0, 'Hi')])).asked).toEqual([{ maxSeconds: 60 }])
  })
})
