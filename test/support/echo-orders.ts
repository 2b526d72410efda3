/** @module Words that the echoing worker obeys. German, so that they do not change the language of the text around them. */
export const ORDERS = {
  /** Waits until the gate opens. */
  hold: 'warteschlange',
  /** Fails with `engine.crash`. */
  crash: 'absturzgefahr',
  /** Fails with an error whose message is the text. */
  blurt: 'plappermaul',
  /** Ends the process by an uncaught error whose message is the text. */
  die: 'ohnmacht',
} as const
