/** @module Subtitle files (SRT, WebVTT) to plain text: the words in order, without numbers, times and tags. */

const TIME_LINE = /^\s*(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->/

/** True when `text` has the time lines of subtitles near its beginning. */
export const looksLikeSubtitles = (text: string): boolean =>
  text
    .slice(0, 4096)
    .split(/\r?\n/)
    .some((line) => TIME_LINE.test(line))

/** Words of all cues; a cue that repeats the one before (rolling subtitles) counts once. One line per cue. */
export function subtitlesText(text: string): string {
  const cues: string[] = []
  for (const block of text.replace(/\r\n?/g, '\n').split(/\n{2,}/)) {
    const lines = block.split('\n')
    const time = lines.findIndex((line) => TIME_LINE.test(line))
    if (time < 0) continue
    const words = lines
      .slice(time + 1)
      .map(withoutTags)
      .filter((line) => line !== '')
      .join(' ')
    if (words !== '' && words !== cues.at(-1)) cues.push(words)
  }
  return cues.join('\n')
}

const withoutTags = (line: string): string =>
  line
    .replace(/<[^<>]{0,80}>|\{\\[^{}]{0,80}\}/g, '')
    .replace(/\s+/g, ' ')
    .trim()
