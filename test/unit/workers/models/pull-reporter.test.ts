import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../src/core/clock.ts'
import { MODELS, modelOf } from '../../../../src/tasks/models.ts'
import { PullReporter } from '../../../../src/workers/models/pull-reporter.ts'

const row = modelOf('whisper-base', MODELS)

const start = (isWatched: boolean) => {
  let now = 0
  const lines: string[] = []
  const drawn: string[] = []
  const clock = { ...systemClock, now: () => now }
  const screen = { write: (raw: string) => drawn.push(raw), columns: () => 100 }
  const reporter = new PullReporter({
    clock,
    line: (text) => lines.push(text),
    ...(isWatched && { screen }),
  })
  const bytes = (at: number, done: number): void => {
    now = at
    reporter.onEvent({ kind: 'bytes', row, phase: 'fetch', done, total: 1000 })
  }
  return { reporter, lines, drawn, bytes }
}

describe('report of a pull', () => {
  it('writes at most one line in five seconds where nobody watches', () => {
    const { lines, bytes } = start(false)

    for (let at = 0; at <= 12_000; at += 100) bytes(at, at / 20)

    expect(lines).toHaveLength(2)
  })

  it('draws at most ten times a second where somebody watches', () => {
    const { drawn, bytes } = start(true)

    for (let at = 0; at <= 1000; at += 5) bytes(at, at / 2)

    expect(drawn.length).toBeLessThanOrEqual(11)
    expect(drawn.length).toBeGreaterThan(5)
  })

  it('measures the rate over the last seconds, not over a pause long ago', () => {
    const { drawn, bytes } = start(true)

    bytes(0, 0)
    bytes(60_000, 100)
    bytes(61_000, 200)

    expect(drawn.at(-1)).toContain('100 B/s, 8 s left')
  })

  it('never lets the bar go back', () => {
    const { drawn, bytes } = start(true)

    bytes(1000, 500)
    bytes(2000, 400)

    expect(drawn.at(-1)).toContain(' 50 %')
  })

  it('removes the bar before it writes a line', () => {
    const { reporter, drawn, lines, bytes } = start(true)
    bytes(1000, 500)

    reporter.onEvent({ kind: 'refused', row, source: 'hub a/b', reason: 'away' })

    expect(drawn.at(-1)).toBe('\r\u001B[2K')
    expect(lines).toEqual(['Whisper base: hub a/b: does not answer'])
  })

  it('says that the hash was right when a model is there', () => {
    const { reporter, lines } = start(false)

    reporter.onEvent({ kind: 'done', row, was: 'pulled' })

    expect(lines).toEqual(['Whisper base: fetched, 148 MB, SHA-256 as published'])
  })
})
