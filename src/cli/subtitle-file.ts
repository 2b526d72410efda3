/** @module Reads the segments out of a SubRip file. */

export interface Segment {
  readonly startMs: number
  readonly endMs: number
  readonly text: string
}

const TIMES = /^(\d{2,}):(\d{2}):(\d{2}),(\d{3}) --> (\d{2,}):(\d{2}):(\d{2}),(\d{3})$/

/** Cues in order; what is not a cue is passed over. */
export function parseSubtitles(file: string): Segment[] {
  return file.split(/\r?\n\r?\n/).flatMap((cue) => {
    const [, times = '', ...lines] = cue.trim().split(/\r?\n/)
    const parts = TIMES.exec(times)?.slice(1).map(Number)
    if (!parts) return []
    return [
      {
        startMs: milliseconds(parts.slice(0, 4)),
        endMs: milliseconds(parts.slice(4)),
        text: lines.join(' '),
      },
    ]
  })
}

const milliseconds = ([hours = 0, minutes = 0, seconds = 0, rest = 0]: readonly number[]): number =>
  ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest
