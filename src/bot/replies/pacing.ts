/** @module When the next draft frame may be sent: a pure rule, so that it can be tested without a clock or Telegram. */

/** 1 s between frames; 24 characters or 3 s make a frame worth sending; drafts die after 30 s, so one every 20 s; a rate limit never slows us below one in 5 s. */
export const pace = {
  gapMs: 1000,
  worthChars: 24,
  worthMs: 3000,
  keepAliveMs: 20_000,
  slowestMs: 5000,
} as const

export interface Pace {
  /** When the last frame was sent; `-Infinity` before the first. */
  readonly sentAt: number
  readonly sentText: string
  readonly gapMs: number
  /** No frames before: set by `retry_after`. */
  readonly notBefore: number
}

export const newPace = (gapMs: number = pace.gapMs): Pace => ({
  sentAt: Number.NEGATIVE_INFINITY,
  sentText: '',
  gapMs,
  notBefore: 0,
})

/** Milliseconds from `now` until `text` should be sent as a frame; 0 = now. */
export function frameInMs(state: Pace, text: string, now: number): number {
  const since = now - state.sentAt
  const grown = Math.abs(text.length - state.sentText.length)
  let wait: number = pace.keepAliveMs
  if (text !== state.sentText) wait = grown >= pace.worthChars ? 0 : pace.worthMs
  if (state.sentAt === Number.NEGATIVE_INFINITY) return Math.max(0, state.notBefore - now)
  return Math.max(0, Math.max(wait, state.gapMs) - since, state.notBefore - now)
}

/** After a frame was accepted. */
export const paced = (state: Pace, text: string, now: number): Pace => ({
  ...state,
  sentAt: now,
  sentText: text,
})

/** After a 429: silence for what Telegram asks, then half as often. */
export const slowed = (state: Pace, retryAfterMs: number, now: number): Pace => ({
  ...state,
  sentAt: now,
  gapMs: Math.max(state.gapMs, Math.min(state.gapMs * 2, pace.slowestMs)),
  notBefore: now + retryAfterMs,
})
