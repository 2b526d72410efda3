/** @module When drafts leave: the first at once, the others on a grid, whatever the speed of the tokens, so that timing tells nothing of the text. */
import type { Clock } from '../core/clock.ts'

/** Within the 250–500 ms of CONF §7. */
export const GRID_MS = 300

export interface DraftPace {
  /** The whole answer as it stands now. */
  draft(text: string): void
  /** 0…100 */
  progress(percent: number): void
  /** Nothing leaves after this. */
  stop(): void
}

/**
 * `send` gets what is to be kept of the draft sent before (UTF-16 units) and what to add. While `isOpen` says no,
 * drafts are skipped; the newest leaves on the next tick after it says yes.
 */
export function createDraftPace(deps: {
  clock: Clock
  isOpen: () => boolean
  sendDelta: (keep: number, add: string) => void
  sendProgress: (percent: number) => void
}): DraftPace {
  let sent = ''
  let newest = ''
  let sentPercent = 0
  let percent = 0
  let stopTicks: (() => void) | undefined
  let hasStopped = false
  const flush = (): void => {
    if (!deps.isOpen()) return
    if (newest !== sent) {
      const keep = commonUnits(sent, newest)
      deps.sendDelta(keep, newest.slice(keep))
      sent = newest
    }
    // Steps of ten: progress is not a second channel for the shape of the text.
    if (percent >= sentPercent + 10 || (percent === 100 && sentPercent < 100)) {
      sentPercent = percent
      deps.sendProgress(percent)
    }
  }
  const begin = (): void => {
    stopTicks?.()
    stopTicks = deps.clock.every(GRID_MS, flush)
    flush()
  }
  return {
    draft: (text) => {
      // An engine that still holds its first words back has nothing to show: the grid would only make them wait.
      const isFirst = newest === '' && sent === '' && text !== ''
      newest = text
      if (isFirst && !hasStopped) begin()
    },
    progress: (next) => {
      percent = Math.max(percent, Math.min(100, Math.floor(next)))
      if (!stopTicks && percent >= 10 && !hasStopped) begin()
    },
    stop: () => {
      stopTicks?.()
      hasStopped = true
    },
  }
}

/** Length of the common beginning in UTF-16 units, never between the halves of a character. */
export function commonUnits(a: string, b: string): number {
  const limit = Math.min(a.length, b.length)
  let at = 0
  while (at < limit && a.charCodeAt(at) === b.charCodeAt(at)) at++
  const last = a.charCodeAt(at - 1)
  return at > 0 && last >= 0xd800 && last < 0xdc00 ? at - 1 : at
}
