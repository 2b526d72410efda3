/** @module Long polling: the next call, which confirms a batch to Telegram, is made only when the batch has been kept. */
import { createRunner, createSource, type UpdateSupplier } from '@grammyjs/runner'
import type { Update } from 'grammy/types'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import { refusalOf } from '../telegram/refusals.ts'
import type { Updates } from './updates.ts'

/** The runner's own kind of signal. */
type Signal = Parameters<UpdateSupplier<Update>['supply']>[1]

/** Why a process can take in no more updates. */
export type Fatal = 'telegram.token' | 'telegram.conflict' | 'internal.error'

export interface PollingDeps {
  /** Fetches the next updates; confirms those it gave before. */
  readonly fetch: (size: number, signal: Signal) => Promise<readonly Update[]>
  readonly updates: Pick<Updates, 'keep' | 'room'>
  /** Called once when polling cannot go on: the token is wrong or another process polls. */
  readonly onFatal: (code: Fatal) => void
  readonly log: Log
}

/** A way in for updates; whoever starts it ends it. */
export interface Intake {
  stop(): Promise<void>
}

/** Polls until it is stopped or cannot go on. */
export function startPolling({ fetch, updates, onFatal, log }: PollingDeps): Intake {
  let isStopping = false
  const source = createSource<Update>({
    supply: async (size, signal) => {
      await updates.keep(await fetch(size, signal))
      return []
    },
  })
  // The inbox hands updates on; to the runner there is never anything to do.
  const runner = createRunner(source, {
    handle: () => updates.room(),
    size: () => 0,
    snapshot: () => [],
  })
  runner.start()
  runner.task()?.catch((error: unknown) => {
    log.failure('polling.ended', describe(error))
    const kind = refusalOf(error)?.kind
    if (kind === 'conflict') onFatal('telegram.conflict')
    else if (kind === 'token') onFatal('telegram.token')
    else if (!isStopping) onFatal('internal.error')
  })
  return {
    stop: async () => {
      isStopping = true
      await runner.stop()?.catch(() => undefined)
    },
  }
}
