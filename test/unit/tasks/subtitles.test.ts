import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toSrt, toVtt } from '../../../src/tasks/subtitles.ts'

const segment = fc
  .record({
    startMs: fc.integer({ min: 0, max: 4_000_000 }),
    lengthMs: fc.integer({ min: 0, max: 30_000 }),
    text: fc.oneof(fc.lorem({ maxCount: 40 }), fc.string({ unit: 'grapheme', maxLength: 150 })),
  })
  .map(({ startMs, lengthMs, text }) => ({ startMs, endMs: startMs + lengthMs, text }))

const millis = (stamp: string): number => {
  const [h = 0, m = 0, s = 0, ms = 0] = stamp.split(/[:,]/u).map(Number)
  return ((h * 60 + m) * 60 + s) * 1000 + ms
}
const segmenter = new Intl.Segmenter('en')
const graphemes = (line: string): number => [...segmenter.segment(line)].length

describe('subtitles', () => {
  it('are numbered blocks with times, text and a blank line', () => {
    const srt = toSrt([
      { startMs: 0, endMs: 1500, text: ' Hello there.' },
      { startMs: 3_661_007, endMs: 3_662_000, text: 'Bye.' },
    ])

    expect(srt).toBe(
      '1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n2\n01:01:01,007 --> 01:01:02,000\nBye.\n\n',
    )
  })

  it('never show more than two lines of 42 characters, nor end after the next start', () => {
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 8 }), (segments) => {
        const blocks = toSrt(segments)
          .split('\n\n')
          .filter((block) => block !== '')
        let earlier = 0
        for (const [at, block] of blocks.entries()) {
          const [number, stamps = '', ...lines] = block.split('\n')
          const [start = 0, end = 0] = stamps.split(' --> ').map(millis)
          expect(number).toBe(String(at + 1))
          expect(lines.length).toBeGreaterThan(0)
          expect(lines.length).toBeLessThanOrEqual(2)
          for (const line of lines) expect(graphemes(line)).toBeLessThanOrEqual(42)
          expect(start).toBeGreaterThanOrEqual(earlier)
          expect(end).toBeGreaterThanOrEqual(start)
          earlier = end
        }
      }),
      { numRuns: 300 },
    )
  })

  it('keep every word of a long segment and share its time out', () => {
    const text =
      'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen'

    const blocks = toSrt([{ startMs: 0, endMs: 10_000, text }])
      .trim()
      .split('\n\n')

    expect(blocks.flatMap((block) => block.split('\n').slice(2)).join(' ')).toBe(text)
    expect(blocks).toHaveLength(2)
    expect(blocks[1]).toContain('--> 00:00:10,000')
  })

  it('are WebVTT with a header, points and escaped markup', () => {
    expect(toVtt([{ startMs: 5, endMs: 1005, text: 'a <b> & c --> d' }])).toBe(
      'WEBVTT\n\n00:00:00.005 --> 00:00:01.005\na &lt;b&gt; &amp; c --&gt; d\n\n',
    )
    expect(toVtt([])).toBe('WEBVTT\n\n')
  })
})
