/** @module Subtitle files from a transcript's segments: SubRip and WebVTT. */
import type { Segment } from './task.ts'

/** What players show without covering the picture. */
const MAX_LINE = 42
const MAX_LINES = 2

/** SubRip text: UTF-8, `\n`, `HH:MM:SS,mmm`, at most two lines of 42 characters a block, ends never after the next start. */
export function toSrt(segments: readonly Segment[]): string {
  return cues(segments)
    .map(
      (cue, index) =>
        `${index + 1}\n${time(cue.startMs, ',')} --> ${time(cue.endMs, ',')}\n${cue.text}\n\n`,
    )
    .join('')
}

/** WebVTT text: as `toSrt`, with its header, points in times, and `&`, `<`, `>` written as entities. */
export function toVtt(segments: readonly Segment[]): string {
  const blocks = cues(segments).map(
    (cue) => `${time(cue.startMs, '.')} --> ${time(cue.endMs, '.')}\n${escapeVtt(cue.text)}\n\n`,
  )
  return `WEBVTT\n\n${blocks.join('')}`
}

function cues(segments: readonly Segment[]): Segment[] {
  // Making one takes a millisecond, so there is one of each for a whole file.
  const segmenters = {
    words: new Intl.Segmenter('en', { granularity: 'word' }),
    graphemes: new Intl.Segmenter('en', { granularity: 'grapheme' }),
  }
  const ordered = segments
    .filter(({ text }) => text.trim() !== '')
    .toSorted((a, b) => a.startMs - b.startMs)
  // Ends are cut before long segments are split, else parts of two overlapping ones would change places.
  return ordered
    .map((segment, index) => ({ ...segment, endMs: endBefore(ordered[index + 1], segment) }))
    .flatMap((segment) => splitLong(segment, segmenters))
}

const endBefore = (next: Segment | undefined, { startMs, endMs }: Segment): number =>
  Math.max(startMs, Math.min(endMs, next?.startMs ?? endMs))

/** A segment longer than two lines becomes several, its time shared out by characters. */
function splitLong(segment: Segment, segmenters: Segmenters): Segment[] {
  const lines = wrap(segment.text.replaceAll(/\s+/gu, ' ').trim(), segmenters)
  const blocks: string[] = []
  for (let at = 0; at < lines.length; at += MAX_LINES)
    blocks.push(lines.slice(at, at + MAX_LINES).join('\n'))
  const total = blocks.reduce((sum, block) => sum + block.length, 0)
  const span = Math.max(0, segment.endMs - segment.startMs)
  let before = 0
  return blocks.map((text) => {
    const startMs = segment.startMs + Math.round((span * before) / total)
    before += text.length
    return { startMs, endMs: segment.startMs + Math.round((span * before) / total), text }
  })
}

interface Segmenters {
  readonly words: Intl.Segmenter
  readonly graphemes: Intl.Segmenter
}

/** Lines of at most 42 graphemes, cut between words where there are any. */
function wrap(text: string, { words, graphemes }: Segmenters): string[] {
  const lines: string[] = []
  let line: string[] = []
  for (const { segment } of words.segment(text)) {
    const word = Array.from(graphemes.segment(segment), (grapheme) => grapheme.segment)
    if (line.length + word.length > MAX_LINE && line.length > 0) {
      lines.push(line.join('').trim())
      line = segment.trim() === '' ? [] : word
    } else line.push(...word)
    while (line.length > MAX_LINE) lines.push(line.splice(0, MAX_LINE).join('').trim())
  }
  lines.push(line.join('').trim())
  return lines.filter((done) => done !== '')
}

const two = (value: number): string => String(value).padStart(2, '0')

function time(ms: number, mark: ',' | '.'): string {
  const seconds = Math.floor(ms / 1000)
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return `${clock}${mark}${String(ms % 1000).padStart(3, '0')}`
}

const escapeVtt = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
