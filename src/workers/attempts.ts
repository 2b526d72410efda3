/** @module The attempts this worker holds: what each has said so far, kept until the gateway acknowledged it, and said again after a reconnect. */
import { AppError } from '../core/app-error.ts'
import type { WorkerCode } from '../core/errors.ts'
import type { FromWorker } from '../core/frames.ts'
import type { JobId } from '../core/ids.ts'
import { frameChunk } from '../tee/sealing/result-chunk.ts'
import type { Connection } from './connection.ts'

/** `dropped`: acknowledged or replaced, and silent since. */
export type AttemptState = 'running' | 'answered' | 'failed' | 'dropped'

/** One leased attempt and everything it has sent. */
export class Attempt {
  readonly job: JobId
  readonly number: number
  readonly #controller = new AbortController()
  #said: (FromWorker | Uint8Array)[] = []
  #link: Connection | undefined
  #state: AttemptState = 'running'
  #bytes = 0

  constructor(job: JobId, number: number) {
    this.job = job
    this.number = number
  }

  /** Aborts when the attempt is cancelled or fenced. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get state(): AttemptState {
    return this.#state
  }

  /** Bytes of chunks so far. */
  get chunkBytes(): number {
    return this.#bytes
  }

  /** Whether there is somebody to show drafts to, and not too much on its way already. */
  canStream(maxUnsentBytes: number): boolean {
    return this.#link?.isOpen === true && this.#link.unsentBytes <= maxUnsentBytes
  }

  open(header: string): void {
    this.#say({ type: 'stream', job: this.job, attempt: this.number, header })
  }

  chunk(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    this.#say(frameChunk(this.job, this.number, chunk))
  }

  /** Ends the attempt with its result; ignored when it has failed meanwhile. */
  answer(frame: Extract<FromWorker, { type: 'result' }>): void {
    if (this.#state !== 'running') return
    this.#say(frame)
    this.#state = 'answered'
  }

  /** Ends the attempt with a code; whatever was streamed is of no use any more. */
  fail(code: WorkerCode): void {
    if (this.#state === 'failed' || this.#state === 'dropped') return
    this.#said = []
    this.#state = 'running'
    this.#say({ type: 'fail', job: this.job, attempt: this.number, code })
    this.#state = 'failed'
  }

  /** Stops the work behind it and says nothing more. */
  drop(): void {
    this.#state = 'dropped'
    this.#said = []
    this.abort()
  }

  /** Stops the work behind it. */
  abort(): void {
    this.#controller.abort(new AppError('job.cancelled'))
  }

  /** From now on over `link`: everything from the beginning, then what comes. */
  attach(link: Connection): void {
    this.#link = link
    for (const said of this.#said) transmit(link, said)
  }

  #say(what: FromWorker | Uint8Array): void {
    if (this.#state !== 'running') return
    this.#said.push(what)
    if (this.#link) transmit(this.#link, what)
  }
}

function transmit(link: Connection, what: FromWorker | Uint8Array): void {
  if (what instanceof Uint8Array) link.sendChunk(what)
  else link.send(what)
}

export interface Attempts {
  /** The attempt, or undefined when this or a later attempt of the job was seen before. An earlier one still held is dropped. */
  begin(job: JobId, number: number): Attempt | undefined
  find(job: JobId, number: number): Attempt | undefined
  /** Aborts and forgets. */
  drop(attempt: Attempt): void
  readonly running: { readonly job: JobId; readonly attempt: number }[]
  /** Says everything again over a new connection. */
  attach(link: Connection): void
  abortAll(): void
  /** Resolves when none is held. */
  idle(): Promise<void>
}

/** Remembered jobs; a gateway that leased an old attempt again after that many jobs would be refused by its own fence. */
const MAX_SEEN = 10_000

export function createAttempts(): Attempts {
  const held = new Map<string, Attempt>()
  const seen = new Map<JobId, number>()
  let link: Connection | undefined
  let waiting: (() => void)[] = []
  const drop = (attempt: Attempt): void => {
    attempt.drop()
    held.delete(keyOf(attempt.job, attempt.number))
    if (held.size > 0) return
    for (const done of waiting) done()
    waiting = []
  }
  return {
    begin: (job, number) => {
      const last = seen.get(job) ?? 0
      if (number <= last) return undefined
      const older = held.get(keyOf(job, last))
      if (older) drop(older)
      seen.set(job, number)
      const [oldest] = seen.keys()
      if (seen.size > MAX_SEEN && oldest !== undefined) seen.delete(oldest)
      const attempt = new Attempt(job, number)
      held.set(keyOf(job, number), attempt)
      if (link) attempt.attach(link)
      return attempt
    },
    find: (job, number) => held.get(keyOf(job, number)),
    drop,
    get running() {
      return [...held.values()].map(({ job, number }) => ({ job, attempt: number }))
    },
    attach: (next) => {
      link = next
      for (const attempt of held.values()) attempt.attach(next)
    },
    abortAll: () => {
      for (const attempt of held.values()) attempt.abort()
    },
    idle: () =>
      held.size === 0 ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve)),
  }
}

const keyOf = (job: JobId, number: number): string => `${job}.${number}`
