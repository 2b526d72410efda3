/** @module Growing answer text: whole characters only, cut before a stop text, never showing the beginning of one. */

export interface AnswerText {
  /** Adds what was decoded. True when a stop text was reached and the answer is complete. */
  add(piece: string): boolean
  /** What may be shown now: a tail that could become a stop text is held back. */
  shown(): string
  /** The whole answer, trimmed at its end. */
  whole(): string
}

/** `stops`: texts that end the answer and are not part of it. */
export function createAnswerText(stops: readonly string[]): AnswerText {
  const real = stops.filter((stop) => stop !== '')
  const longest = real.reduce((most, stop) => Math.max(most, stop.length), 0)
  let text = ''
  return {
    add: (piece) => {
      const from = Math.max(0, text.length - longest + 1)
      text += piece
      let cut = -1
      for (const stop of real) {
        const at = text.indexOf(stop, from)
        if (at >= 0 && (cut < 0 || at < cut)) cut = at
      }
      if (cut < 0) return false
      text = text.slice(0, cut)
      return true
    },
    shown: () => text.slice(0, text.length - heldLength(text, real)),
    whole: () => text.trimEnd(),
  }
}

/** Length of the longest tail of `text` with which a stop text begins. */
function heldLength(text: string, stops: readonly string[]): number {
  let held = 0
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > held; length--) {
      if (text.endsWith(stop.slice(0, length))) held = length
    }
  }
  return held
}
