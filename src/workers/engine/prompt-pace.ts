/** @module How much of a prompt is evaluated at once: each call has its own cost, and a cancel waits for the call that runs. */

export interface PromptPace {
  /** Tokens of the next call. */
  tokens(): number
  /** A call evaluated so many tokens in so many milliseconds. */
  took(count: number, ms: number): void
}

/** 1–3 s of a 1.5B model on one core: what a machine gets whose speed is not known. */
const LEAST = 64
/** The engine's own batch: larger calls are parted by it anyway. */
const MOST = 512
/** What a cancel may wait for. */
const CALL_MS = 1000
/** A shorter call says more about its own cost than about the speed. */
const TELLING = 16

/** Starts small, and then asks for about a second's worth by the speed of the last call. */
export function createPromptPace(): PromptPace {
  let tokens = LEAST
  return {
    tokens: () => tokens,
    took: (count, ms) => {
      if (count < TELLING) return
      const fitting = Math.floor((count * CALL_MS) / Math.max(1, ms))
      tokens = Math.min(MOST, Math.max(LEAST, fitting))
    },
  }
}
