/** @module Ctrl-C and SIGTERM: the first one drains and closes in order, the second ends the process at once. */
import type { Lifetime } from '../core/lifetime.ts'

/** Resolves when a signal has closed `life`. Call it before anything is opened, so that no signal is lost. */
export function untilStopped(life: Lifetime): Promise<void> {
  return new Promise((resolve) => {
    let isStopping = false
    const stop = (): void => {
      if (isStopping) process.exit(1)
      isStopping = true
      void life.close().then(resolve, resolve)
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}
