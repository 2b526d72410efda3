/** @module A desk whose jobs do what a test says: no Redis, no worker. It survives the bot it serves, as the real one does. */
import { AppError } from '../../src/core/app-error.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { type FrontId, isFrontId, type JobId, newJobId, parseId } from '../../src/core/ids.ts'
import { Plaintext } from '../../src/core/plaintext.ts'
import type {
  Desk,
  DraftWatch,
  Finished,
  JobFacts,
  JobRequest,
  JobState,
  JobStatus,
  Submitted,
} from '../../src/queue/desk-port.ts'
import type { Checked, TaskOutput } from '../../src/tasks/task.ts'

const nothingChecked: Checked = {
  links: 0,
  mentions: 0,
  tags: 0,
  numbers: 0,
  dates: 0,
  names: 0,
  redone: 0,
  dropped: 0,
  missing: 0,
}

export interface ScriptedJob {
  readonly job: JobId
  readonly request: Omit<JobRequest, 'content' | 'audio'>
  /** The parsed input. */
  readonly input: Record<string, unknown>
  readonly audioBytes: number
  state: JobState
  delivered: boolean
  /** How often `deliver` was called. */
  deliveries: number
}

/** What a job does by itself: an output, a code to fail with, or nothing (then the test drives it). */
export type Script = (job: ScriptedJob) => Partial<TaskOutput> | ErrorCode | undefined

const facts = (job: ScriptedJob): JobFacts => ({
  job: job.job,
  task: job.request.task,
  model: job.request.model,
  weights: `sha256:${'ab'.repeat(32)}`,
  tier: job.request.tier,
  units:
    job.request.task === 'transcribe'
      ? { inTokens: 0, cachedTokens: 0, outTokens: 0, audioMs: 12_000 }
      : { inTokens: 40, cachedTokens: 8, outTokens: 20, audioMs: 0 },
  attempts: 1,
  timings: { waitedMs: 15, ranMs: 900, totalMs: 1200 },
})

export class ScriptedDesk implements Desk {
  readonly front: FrontId = parseId('bot-1', isFrontId)
  readonly jobs: ScriptedJob[] = []
  script: Script
  /** What the ledger would do; throws where it refuses. */
  hold: ((job: JobId, request: JobRequest) => Promise<void>) | undefined
  /** What answers cost. */
  price: JobFacts['price']
  /** Thrown by the next submits. */
  refusal: ErrorCode | undefined
  readonly #byKey = new Map<string, ScriptedJob>()
  readonly #finished = new Map<JobId, Finished>()
  readonly #watches = new Map<JobId, Set<DraftWatch>>()
  #deliver: ((finished: Finished) => Promise<void>) | undefined
  readonly #waiters: (() => void)[] = []

  constructor(script: Script = () => undefined) {
    this.script = script
  }

  async submit(request: JobRequest): Promise<Submitted> {
    if (this.refusal !== undefined) throw new AppError(this.refusal)
    const input = JSON.parse(new TextDecoder().decode(request.content.reveal()))
    request.content.wipe()
    let audioBytes = 0
    if (request.audio) for await (const chunk of request.audio) audioBytes += chunk.length
    const known = this.#byKey.get(request.requestKey)
    if (known) return { job: known.job, place: 0, isNew: false }
    const { content: _content, audio: _audio, ...rest } = request
    const job: ScriptedJob = {
      job: newJobId(),
      request: rest,
      input,
      audioBytes,
      state: 'queued',
      delivered: false,
      deliveries: 0,
    }
    await this.hold?.(job.job, request)
    this.#byKey.set(request.requestKey, job)
    this.jobs.push(job)
    this.#tell()
    const result = this.script(job)
    if (typeof result === 'string') this.fail(job, result)
    else if (result) this.finish(job, result)
    return { job: job.job, place: this.jobs.length - 1, isNew: true }
  }

  async cancel(id: JobId): Promise<boolean> {
    const job = this.jobs.find((it) => it.job === id)
    if (!job || this.#finished.has(id)) return false
    job.state = 'cancelled'
    this.#end(job, { ...facts(job), state: 'cancelled', code: 'job.cancelled' })
    return true
  }

  async status(id: JobId): Promise<JobStatus> {
    const job = this.jobs.find((it) => it.job === id)
    if (!job) throw new AppError('job.unknown')
    return { state: job.state, place: 0, attempts: 1 }
  }

  watch(id: JobId, watch: DraftWatch): () => void {
    const set = this.#watches.get(id) ?? new Set()
    this.#watches.set(id, set.add(watch))
    return () => set.delete(watch)
  }

  startDeliveries(deliver: (finished: Finished) => Promise<void>): void {
    this.#deliver = deliver
    for (const job of this.jobs) void this.#hand(job)
  }

  /** What a crashed process does: nothing any more. */
  disconnect(): void {
    this.#deliver = undefined
    this.#watches.clear()
  }

  draft(job: ScriptedJob, text: string): void {
    job.state = 'running'
    for (const watch of this.#watches.get(job.job) ?? []) watch.onDraft(text)
  }

  progress(job: ScriptedJob, percent: number): void {
    job.state = 'running'
    for (const watch of this.#watches.get(job.job) ?? []) watch.onProgress(percent)
  }

  finish(job: ScriptedJob, output: Partial<TaskOutput>): void {
    const to = job.input['to']
    const whole: TaskOutput = {
      v: 1,
      task: job.request.task,
      text: 'answer',
      language: typeof to === 'string' ? to : 'en',
      checked: nothingChecked,
      outcome: 'ok',
      ...(typeof job.input['from'] === 'string' && { sourceLanguage: job.input['from'] }),
      ...output,
    }
    job.state = 'done'
    this.#end(job, {
      ...facts(job),
      ...(this.price && { price: this.price }),
      state: 'done',
      output: Plaintext.of(JSON.stringify(whole)),
    })
  }

  fail(job: ScriptedJob, code: ErrorCode): void {
    job.state = 'failed'
    this.#end(job, { ...facts(job), state: 'failed', code })
  }

  /** Resolves with the n-th job as soon as it was submitted. */
  async job(index = 0): Promise<ScriptedJob> {
    for (;;) {
      const found = this.jobs[index]
      if (found) return found
      await this.#change()
    }
  }

  async delivered(job: ScriptedJob): Promise<void> {
    while (!job.delivered) await this.#change()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  #tell(): void {
    for (const wake of this.#waiters.splice(0)) wake()
  }

  #end(job: ScriptedJob, finished: Finished): void {
    this.#finished.set(job.job, finished)
    this.#tell()
    void this.#hand(job)
  }

  async #hand(job: ScriptedJob): Promise<void> {
    const finished = this.#finished.get(job.job)
    const deliver = this.#deliver
    if (!finished || !deliver || job.delivered) return
    job.deliveries++
    try {
      await deliver(finished)
      job.delivered = true
      this.#tell()
    } catch {
      // The row may not exist yet: again soon, as the desk does, unless the process is gone.
      systemClock.after(30, () => {
        if (this.#deliver === deliver) void this.#hand(job)
      })
    }
  }
}
