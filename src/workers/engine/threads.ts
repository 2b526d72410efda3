/** @module How many threads the language model uses: llama.cpp's threads spin at barriers, so beside another busy process two are twenty times slower than one (ENG A2). */
import type { Clock } from '../../core/clock.ts'

/** More threads must be that much faster than one to be worth the risk. */
const WORTH = 1.15
/** Below this part of what one thread gave, the others are only in each other's way. */
const COLLAPSED = 0.6
/** While nothing runs: how often it is tried again whether the machine has become quiet. */
const RETRY_MS = 60_000

export interface ThreadDeps {
  /** All cores that may be used. */
  readonly max: number
  /** The operator's own choice: nothing is tried. */
  readonly fixed?: number
  /** Makes the engine use `threads` from its next batch on. */
  readonly apply: (threads: number) => void
  /** Tokens a second of a short generation, or undefined when a job came in between. */
  readonly measure: () => Promise<number | undefined>
  readonly isIdle: () => boolean
  readonly clock: Clock
}

export interface Threads {
  /** Threads in use. */
  readonly current: () => number
  /** Tokens a second, measured last. */
  readonly speed: () => number
  /** Tells what running jobs generated together; falls back to one thread at once when others are in the way. */
  readonly note: (tokens: number, ms: number) => void
  readonly close: () => void
}

/** Measures one thread and more, chooses, and corrects the choice while the worker runs. */
export async function createThreads(deps: ThreadDeps): Promise<Threads> {
  const { max, fixed, apply, measure, isIdle, clock } = deps
  let current = fixed ?? 1
  let single = 0
  let speed = 0
  const use = (threads: number): void => {
    current = threads
    apply(threads)
  }
  // Half of the cores too: two threads of one core share its arithmetic.
  const candidates = [max, Math.ceil(max / 2)].filter((threads) => threads > 1)
  const tryMore = async (): Promise<void> => {
    let best = { threads: 1, rate: single * WORTH }
    for (const threads of new Set(candidates)) {
      use(threads)
      const rate = (await measure()) ?? 0
      if (rate >= best.rate) best = { threads, rate }
    }
    use(best.threads)
    if (best.threads > 1) speed = best.rate
  }
  use(current)
  single = (await measure()) ?? 0
  speed = single
  const isFree = fixed === undefined && max > 1
  if (isFree) await tryMore()
  let isTrying = false
  const stop = clock.every(RETRY_MS, () => {
    if (!isFree || isTrying || current > 1 || !isIdle()) return
    isTrying = true
    // A failing engine shows itself in the next job.
    void tryMore()
      .catch(() => use(1))
      .finally(() => {
        isTrying = false
      })
  })
  return {
    current: () => current,
    speed: () => speed,
    note: (tokens, ms) => {
      const rate = (tokens * 1000) / Math.max(1, ms)
      if (current === 1 || fixed !== undefined || rate >= single * COLLAPSED) return
      use(1)
      speed = single
    },
    close: stop,
  }
}
