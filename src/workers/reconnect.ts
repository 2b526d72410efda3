/** @module How long to wait before the next connection: soon after a loss, seldom after many, never in step with others. */
import { randomInt } from 'node:crypto'

const FIRST_MS = 200
const LAST_MS = 5000

/** `failures`: connections in a row that were not admitted. 0.2 s … 5 s; the upper half is random. */
export function reconnectPause(failures: number): number {
  const full = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(failures, 16))
  return full / 2 + randomInt(Math.ceil(full / 2))
}
