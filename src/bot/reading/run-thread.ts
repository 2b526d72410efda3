/** @module Starts reading threads, few at a time, and ends each one that takes too much time or memory. */
import { Worker } from 'node:worker_threads'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { ReadContent, ThreadAnswer, ThreadRequest } from './content.ts'

/** What one reading may use. Memory outside of the heap (unpacked streams) is measured and counts too. */
interface Limits {
  readonly timeoutMs: number
  readonly heapMib: number
  /** What the person hears when a limit ends it. */
  readonly code: ErrorCode
}

/** An article takes milliseconds, a megabyte of one 200 ms; a document of 500 pages some seconds. */
const PAGE_LIMITS: Limits = { timeoutMs: 3000, heapMib: 256, code: 'page.failed' }
const DOCUMENT_LIMITS: Limits = { timeoutMs: 10_000, heapMib: 256, code: 'input.too-large' }
/** Loading the parsers is not the reader's fault: on a busy machine it takes seconds. */
const START_MS = 20_000
/** How often the memory of a running thread is looked at. */
const LOOK_MS = 200
/** 2 cores: one thread may be stuck in a bomb while another reads. */
const MAX_THREADS = 2

export interface Threads {
  /** Reads in a thread of its own. Throws the codes of `ReadCode`; rejects with the signal's reason when it aborts. */
  read(request: ThreadRequest, signal?: AbortSignal): Promise<ReadContent>
}

export function createThreads({ clock }: { clock: Clock }): Threads {
  const waiting: (() => void)[] = []
  let running = 0
  const enter = async (): Promise<void> => {
    if (running < MAX_THREADS) running++
    else await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const leave = (): void => {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
  return {
    read: async (request, signal) => {
      await enter()
      try {
        signal?.throwIfAborted()
        return await runThread({ clock, signal }, request)
      } finally {
        leave()
      }
    },
  }
}

function runThread(
  { clock, signal }: { clock: Clock; signal: AbortSignal | undefined },
  request: ThreadRequest,
): Promise<ReadContent> {
  const limits = request.kind === 'page' ? PAGE_LIMITS : DOCUMENT_LIMITS
  const worker = new Worker(new URL('./reading-thread.ts', import.meta.url), {
    workerData: request.kind,
    // Nothing of the process's settings, and nothing a parser prints: its warnings quote the file.
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMib },
  })
  worker.stdout.resume()
  worker.stderr.resume()
  const ended = Promise.withResolvers<ReadContent>()
  const overLimit = (): void =>
    ended.reject(new AppError(limits.code, { timeoutMs: limits.timeoutMs }))
  const abort = (): void => ended.reject(signal?.reason)
  let stopClock = clock.after(START_MS, overLimit)
  const stopLooking = clock.every(LOOK_MS, () => void checkMemory(worker, limits, overLimit))
  signal?.addEventListener('abort', abort, { once: true })
  worker.on('message', (answer: ThreadAnswer) => {
    switch (answer.state) {
      case 'ready':
        stopClock()
        stopClock = clock.after(limits.timeoutMs, overLimit)
        worker.postMessage(request, [])
        return
      case 'read':
        ended.resolve(answer.content)
        return
      case 'failed':
        ended.reject(new AppError(answer.code))
        return
    }
  })
  // Out of memory and whatever a parser throws outside of our code. No cause: the message may quote the file.
  worker.on('error', () => ended.reject(new AppError(limits.code)))
  worker.on('exit', () => ended.reject(new AppError(limits.code)))
  return ended.promise.finally(() => {
    stopClock()
    stopLooking()
    signal?.removeEventListener('abort', abort)
    void worker.terminate()
  })
}

/** The heap limit does not count what stands in array buffers, and that is where unpacked streams stand. */
async function checkMemory(worker: Worker, limits: Limits, overLimit: () => void): Promise<void> {
  try {
    const { external_memory: external } = await worker.getHeapStatistics()
    if (external > limits.heapMib * 1024 * 1024) overLimit()
  } catch {
    // The thread has ended: its end has been told already.
  }
}
