/** @module Time as a dependency: the only home of timers and `Date.now`, so that tests can turn the clock by hand. */

/** All waiting and all reading of the time goes through a clock. Times are milliseconds since 1970, UTC. */
export interface Clock {
  now(): number
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Runs `tick` every `ms` until the returned function is called. Ticks do not overlap unless `tick` is slower than `ms`. */
  every(ms: number, tick: () => void): () => void
  /** Runs `run` once after `ms` unless the returned function is called before. */
  after(ms: number, run: () => void): () => void
}

/** The machine's clock. Timers do not keep the process alive (`unref`), except `sleep`. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(asError(signal.reason))
        return
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }, ms)
      const abort = (): void => {
        clearTimeout(timer)
        reject(asError(signal?.reason))
      }
      signal?.addEventListener('abort', abort, { once: true })
    }),
  every: (ms, tick) => {
    const timer = setInterval(tick, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A signal that aborts after `ms` on `clock`, or when `parent` aborts. Call `dispose` when the work is over. */
export function deadline(
  clock: Clock,
  ms: number,
  parent?: AbortSignal,
): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController()
  const stop = clock.after(ms, () => controller.abort(new DOMException('deadline', 'TimeoutError')))
  const signal = parent ? AbortSignal.any([parent, controller.signal]) : controller.signal
  return { signal, dispose: stop }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new DOMException('aborted', 'AbortError')
}
