/** @module How long a dialogue waits for the next answer: 15 minutes. */
export const dialogueWaitMs = 15 * 60_000
