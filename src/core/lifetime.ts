/** @module Ownership of what a process opens: closed in reverse order, each close with a deadline, none stopping the others. */
import type { Clock } from './clock.ts'
import { describe } from './describe.ts'
import type { Log } from './log.ts'

interface Kept {
  readonly name: string
  readonly close: () => unknown
}

/**
 * Keeps things with a lifetime and closes them in reverse order of keeping.
 * `signal` aborts when closing begins. A close that throws or hangs is logged by `describe` and the next one runs.
 */
export class Lifetime {
  readonly #kept: Kept[] = []
  readonly #controller = new AbortController()
  readonly #log: Log
  readonly #clock: Clock
  readonly #closeMs: number
  #closing: Promise<void> | undefined

  /** `closeMs`: deadline of each single close. 8 s by default, under Docker's 10 s. */
  constructor(deps: { log: Log; clock: Clock }, closeMs = 8000) {
    this.#log = deps.log
    this.#clock = deps.clock
    this.#closeMs = closeMs
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Registers `close` for `thing` and gives `thing` back. `name` is a literal of the code, never content. */
  keep<T>(name: string, thing: T, close: (thing: T) => unknown): T {
    this.#kept.push({ name, close: () => close(thing) })
    return thing
  }

  /** Closes everything once; later calls wait for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #closeAll(): Promise<void> {
    this.#controller.abort(new DOMException('closing', 'AbortError'))
    for (let kept = this.#kept.pop(); kept; kept = this.#kept.pop()) await this.#closeOne(kept)
  }

  async #closeOne({ close }: Kept): Promise<void> {
    const late = new AbortController()
    try {
      await Promise.race([
        (async () => close())(),
        this.#clock.sleep(this.#closeMs, late.signal).then(() => {
          throw new DOMException('close took too long', 'TimeoutError')
        }),
      ])
    } catch (error) {
      this.#log.failure('lifetime.close-failed', describe(error))
    } finally {
      late.abort()
    }
  }
}
