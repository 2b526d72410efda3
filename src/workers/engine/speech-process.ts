/** @module The worker's handle on its speech child: one request at a time, each with a deadline; killed and started again when it fails. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { FromSpeechChild, SpeechBackend, ToSpeechChild } from './speech-messages.ts'

const CHILD = fileURLToPath(new URL('./speech-child.ts', import.meta.url))
/** Loading reads the whole model once: 150 MB to 3 GB, perhaps from a slow disk. */
const LOAD_MS = 120_000

export interface SpeechProcessOptions {
  readonly backend: SpeechBackend
  readonly model: string
  readonly vad?: string
  readonly clock: Clock
}

type Answer<T extends FromSpeechChild['type']> = Extract<FromSpeechChild, { type: T }>
type Heard = Answer<'segment'>

interface Pending {
  readonly settle: (answer: FromSpeechChild) => void
  readonly fail: (code: ErrorCode) => void
  readonly onSegment: ((segment: Heard) => void) | undefined
}

export interface AskOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  readonly onSegment?: (segment: Heard) => void
}

/** Owns one child. Its words are data of our own code, so they are typed, not parsed. */
export class SpeechProcess {
  readonly #options: SpeechProcessOptions
  #child: ChildProcess | undefined
  #loading: Promise<void> | undefined
  #pending: Pending | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(options: SpeechProcessOptions) {
    this.#options = options
  }

  /** Process id of the child, while there is one; for tests. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts the child and loads the model, once. Throws `models.corrupt`, `engine.gpu-missing`, `engine.stuck`. */
  start(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.kill()
      throw error
    })
    return this.#loading
  }

  /**
   * Sends `message` when the child is free and waits for the answer of type `expected`.
   * Throws `engine.stuck` after `timeoutMs`, `job.cancelled`, `engine.crash`, in each case with the child dead;
   * `input.language` with the child alive.
   */
  ask<T extends FromSpeechChild['type']>(
    message: ToSpeechChild,
    expected: T,
    options: AskOptions,
  ): Promise<Answer<T>> {
    const turn = this.#turn.then(async () => {
      await this.start()
      return this.#request(message, expected, options)
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Ends the child at once; the next `ask` starts another. */
  kill(): void {
    const child = this.#child
    this.#child = undefined
    this.#loading = undefined
    child?.kill('SIGKILL')
    this.#pending?.fail('engine.crash')
  }

  /** Ends the child for good. */
  close(): void {
    this.#isClosed = true
    this.kill()
  }

  async #load(): Promise<void> {
    if (this.#isClosed) throw new AppError('engine.crash')
    const { backend, model, vad } = this.#options
    const child = fork(CHILD, [], {
      serialization: 'advanced',
      // Nothing of the worker's settings: the child needs none.
      env: {},
      execArgv: [],
      // Native logs name languages and quote text.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.#child = child
    child.on('message', (answer: FromSpeechChild) => this.#hear(answer))
    child.on('error', () => this.#gone(child))
    child.on('exit', () => this.#gone(child))
    const load: ToSpeechChild = { type: 'load', backend, model, ...(vad !== undefined && { vad }) }
    try {
      await this.#request(load, 'loaded', { timeoutMs: LOAD_MS })
    } catch (error) {
      // The CPU binding aborts the process on a model it cannot read.
      if (error instanceof AppError && error.code === 'engine.crash')
        throw new AppError('models.corrupt')
      throw error
    }
  }

  #request<T extends FromSpeechChild['type']>(
    message: ToSpeechChild,
    expected: T,
    { timeoutMs, signal, onSegment }: AskOptions,
  ): Promise<Answer<T>> {
    const isExpected = (answer: FromSpeechChild): answer is Answer<T> => answer.type === expected
    return new Promise<Answer<T>>((resolve, reject) => {
      if (signal?.aborted) return reject(new AppError('job.cancelled'))
      const end = (finish: () => void): void => {
        this.#pending = undefined
        stopTimer()
        signal?.removeEventListener('abort', cancel)
        finish()
      }
      const stop = (code: ErrorCode): void => {
        end(() => reject(new AppError(code)))
        this.kill()
      }
      const cancel = (): void => stop('job.cancelled')
      const stopTimer = this.#options.clock.after(timeoutMs, () => stop('engine.stuck'))
      signal?.addEventListener('abort', cancel, { once: true })
      this.#pending = {
        settle: (answer) =>
          isExpected(answer) ? end(() => resolve(answer)) : stop('engine.crash'),
        fail: (code) => end(() => reject(new AppError(code))),
        onSegment,
      }
      this.#child?.send(message, (error) => {
        if (error) this.#pending?.fail('engine.crash')
      })
    })
  }

  #hear(answer: FromSpeechChild): void {
    if (answer.type === 'segment') this.#pending?.onSegment?.(answer)
    else if (answer.type === 'error' && answer.code !== 'engine.crash')
      this.#pending?.fail(answer.code)
    else if (answer.type === 'error') this.kill()
    else this.#pending?.settle(answer)
  }

  /** A child that left by itself; one that was replaced means nothing. */
  #gone(child: ChildProcess): void {
    if (this.#child !== child) return
    this.kill()
  }
}
