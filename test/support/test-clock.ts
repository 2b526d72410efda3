/** @module A clock that a test turns by hand: nothing happens until `advance`. */
import type { Clock } from '../../src/core/clock.ts'

interface Timer {
  readonly id: number
  at: number
  readonly everyMs: number | undefined
  readonly run: () => void
}

export class TestClock implements Clock {
  #now: number
  #nextId = 1
  readonly #timers: Timer[] = []

  constructor(now = 1_800_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, run: () => void): () => void {
    return this.#add(ms, { run, everyMs: undefined })
  }

  every(ms: number, tick: () => void): () => void {
    return this.#add(ms, { run: tick, everyMs: ms })
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.after(ms, resolve)
      signal?.addEventListener('abort', () => {
        cancel()
        reject(signal.reason)
      })
    })
  }

  /** Runs what becomes due, in order of time. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = this.#timers.filter((it) => it.at <= end).toSorted((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#now = Math.max(this.#now, due.at)
      if (due.everyMs === undefined) this.#remove(due.id)
      else due.at += due.everyMs
      due.run()
    }
    this.#now = end
  }

  #add(ms: number, { run, everyMs }: Pick<Timer, 'run' | 'everyMs'>): () => void {
    const id = this.#nextId++
    this.#timers.push({ id, at: this.#now + ms, everyMs, run })
    return () => this.#remove(id)
  }

  #remove(id: number): void {
    const at = this.#timers.findIndex((it) => it.id === id)
    if (at >= 0) this.#timers.splice(at, 1)
  }
}
