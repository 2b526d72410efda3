import { describe, expect, it } from 'vitest'
import {
  barLine,
  bytesText,
  durationText,
  percentOf,
  plainLine,
} from '../../../../src/workers/models/progress-text.ts'

const PROGRESS = {
  title: 'Qwen2.5-Coder 1.5B',
  phase: 'fetch',
  done: 540_000_000,
  total: 1_117_320_768,
  rate: 31_200_000,
} as const

describe('progress in words', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [885_098, '885 kB'],
    [999_600, '1.00 MB'],
    [98_362_432, '98.4 MB'],
    [1_117_320_768, '1.12 GB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text)
  })

  it.each([
    [0, '1 s'],
    [1001, '2 s'],
    [125_000, '2 min 5 s'],
    [3_780_000, '1 h 3 min'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })

  it('says 100 percent only at the end', () => {
    expect(percentOf(999, 1000)).toBe(99)
    expect(percentOf(1000, 1000)).toBe(100)
    expect(percentOf(5, 0)).toBe(0)
  })

  it('shows bytes, rate and time left on a log line', () => {
    expect(plainLine(PROGRESS)).toBe(
      'Qwen2.5-Coder 1.5B: fetching, 48 % (540 MB of 1.12 GB, 31.2 MB/s, 19 s left)',
    )
  })

  it('shows the same beside a bar on a terminal', () => {
    const line = barLine(PROGRESS, 100)

    expect(line).toContain('▕')
    expect(line).toContain(' 48 %  540 MB of 1.12 GB, 31.2 MB/s, 19 s left')
  })

  it.each([20, 40, 60, 80, 100, 200])(
    'never fills a terminal of %d columns to the last one',
    (columns) => {
      expect(barLine(PROGRESS, columns).length).toBeLessThan(columns)
    },
  )

  it('drops the bar before the numbers when the terminal is narrow', () => {
    const line = barLine(PROGRESS, 72)

    expect(line).not.toContain('▕')
    expect(line).toContain('19 s left')
  })
})
