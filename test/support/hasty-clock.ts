/** @module A clock on which every wait is over at once, and which remembers how long it would have been. Deadlines never come. */
import type { Clock } from '../../src/core/clock.ts'

export class HastyClock implements Clock {
  /** Milliseconds of each `sleep`, in order. */
  readonly slept: number[] = []
  readonly #now = 1_800_000_000_000

  now(): number {
    return this.#now
  }
  sleep(ms: number): Promise<void> {
    this.slept.push(ms)
    return Promise.resolve()
  }
  every(): () => void {
    return () => undefined
  }
  after(): () => void {
    return () => undefined
  }
}
