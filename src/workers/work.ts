/** @module One leased job from the sealed envelope to the signed receipt. */
import { createHash } from 'node:crypto'
import { AppError, codeOf } from '../core/app-error.ts'
import { canonicalText } from '../core/canonical.ts'
import { type Clock, deadline } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import { WORKER_CODES, type WorkerCode } from '../core/errors.ts'
import type { FrameOf } from '../core/frames.ts'
import type { Log } from '../core/log.ts'
import { Plaintext } from '../core/plaintext.ts'
import { billedUnits, type TaskPorts, type TaskResult, type TextRequest } from '../tasks/task.ts'
import { nodeHashes } from '../tee/crypto/node-crypto.ts'
import { buildReceipt } from '../tee/receipts/receipt.ts'
import { openBlob } from '../tee/sealing/blob.ts'
import { createResultWriter, type ResultWriter } from '../tee/sealing/result-stream.ts'
import { shownHash } from '../tee/verify/shown-text.ts'
import type { Attempt } from './attempts.ts'
import type { BlobDownload } from './blob-download.ts'
import { createDraftPace } from './draft-pace.ts'
import type { Earnings } from './earnings.ts'
import type { WorkerSession } from './enrol.ts'
import type { Lending } from './lending.ts'
import { type OpenedLease, openLease } from './open-lease.ts'

export interface WorkDeps {
  readonly net: Net
  readonly lending: Lending
  readonly download: BlobDownload
  /** Counts what answers earn. */
  readonly earnings?: Pick<Earnings, 'answering'>
  readonly clock: Clock
  readonly log: Log
}

/** Above this drafts wait: a slow link must not delay the answer. */
const MAX_UNSENT_BYTES = 1_048_576

/**
 * Runs one lease and says its outcome through `attempt`, exactly once, also when it was cancelled. Never rejects.
 * The lease's signature was checked before.
 */
export async function work(
  deps: WorkDeps,
  session: WorkerSession,
  { lease, attempt }: { lease: FrameOf<'lease'>; attempt: Attempt },
): Promise<void> {
  const { job } = attempt
  const until = deadline(deps.clock, lease.ttlMs, attempt.signal)
  try {
    const opened = await openLease(session, lease)
    try {
      await answer(deps, { session, lease, attempt, opened, signal: until.signal })
    } finally {
      opened.close()
    }
    deps.log.info('job.answered', { job, attempt: attempt.number })
  } catch (error) {
    const code = workerCode(error, until.signal)
    attempt.fail(code)
    if (code === 'job.cancelled') deps.log.info('job.cancelled', { job, attempt: attempt.number })
    else {
      deps.log.warn('job.failed', { job, attempt: attempt.number, code })
      if (codeOf(error) === 'internal.error') deps.log.failure('job.crashed', describe(error))
    }
  } finally {
    until.dispose()
  }
}

interface Running {
  readonly session: WorkerSession
  readonly lease: FrameOf<'lease'>
  readonly attempt: Attempt
  readonly opened: OpenedLease
  readonly signal: AbortSignal
}

async function answer(deps: WorkDeps, running: Running): Promise<void> {
  const { session, lease, attempt, opened, signal } = running
  const model = deps.lending.find(opened.model)
  if (!model || model.kind !== opened.task.kind) throw new AppError('models.absent')
  const startedAtMs = Math.floor(session.now())
  const { kid } = session.keys
  const context = { net: deps.net, job: lease.job, attempt: lease.attempt, kid }
  const writer = createResultWriter(opened.resultSecret, context)
  const prompts = createHash('sha256').update(opened.inputSalt)
  try {
    const result = await runTask(deps, { ...running, writer, prompts })
    signal.throwIfAborted()
    const bytes = new TextEncoder().encode(JSON.stringify(result.output))
    const content = Plaintext.of(bytes)
    const { chunks, outputHash, streamHash, salt } = writer.final(content)
    content.wipe()
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, attempt.chunkBytes)
    if (size > lease.outBytes) throw new AppError('input.too-long', { size, max: lease.outBytes })
    for (const chunk of chunks) attempt.chunk(chunk)
    const promptHash = model.kind === 'stt' ? opened.inputHash : prompts.digest('hex')
    const { aud, epoch, evidenceId } = session.sessionKeys.context
    const receipt = buildReceipt(
      session.keys,
      {
        net: deps.net,
        aud,
        job: lease.job,
        attempt: lease.attempt,
        epoch,
        evidenceId,
        task: lease.envelope.task,
        model: model.id,
        weights: model.weights,
        envHash: opened.envHash,
        inputHash: opened.inputHash,
        outputHash,
        streamHash,
        shownHash: shownHash(result.output.text, salt, nodeHashes),
      },
      {
        promptHash,
        units: result.units,
        engine: deps.lending.engineNames[model.kind],
        startedAtMs,
        endedAtMs: Math.floor(session.now()),
      },
    )
    const { job } = lease
    const { header } = writer
    const { units } = result
    const { task, tier } = lease.envelope
    deps.earnings?.answering({
      job,
      attempt: lease.attempt,
      row: `${task}.${model.id}.${tier}`,
      units,
      isCharged: isCharged(result.output.outcome),
    })
    attempt.answer({ type: 'result', job, attempt: lease.attempt, header, units, receipt })
  } finally {
    writer.discard()
  }
}

/** Nobody pays for hearing that there was nothing to do. */
const isCharged = (outcome: TaskResult['output']['outcome']): boolean =>
  outcome === 'ok' || outcome === 'truncated'

/** The answer, with what is billed for it instead of what the engine ran. */
async function runTask(
  deps: WorkDeps,
  running: Running & { writer: ResultWriter; prompts: ReturnType<typeof createHash> },
): Promise<TaskResult> {
  const { attempt, lease, opened, signal, writer, prompts } = running
  const sound = soundOf(deps, running)
  const loan = await deps.lending.lend({ model: opened.model, signal, ...(sound && { sound }) })
  attempt.open(writer.header)
  // Half of the allowance is kept for the final record, which must fit whatever was streamed before.
  const pace = createDraftPace({
    clock: deps.clock,
    isOpen: () => attempt.canStream(MAX_UNSENT_BYTES) && attempt.chunkBytes < lease.outBytes / 2,
    sendDelta: (keep, add) => {
      for (const chunk of writer.delta(keep, add)) attempt.chunk(chunk)
    },
    sendProgress: (percent) => attempt.chunk(writer.progress(percent)),
  })
  try {
    const { task, input } = opened
    const { output, units: used } = await task.run(recordPrompts(loan.ports, prompts), input, {
      signal,
      onDraft: (text) => pace.draft(text),
      onProgress: (percent) => pace.progress(percent),
    })
    const billed = { source: task.sourceOf(input), answer: output.text, audioMs: used.audioMs }
    return {
      output,
      units: billedUnits(task.kind, billed, (words) => loan.ports.text.count(words)),
    }
  } finally {
    pace.stop()
    loan.release()
  }
}

/** The job's sound, opened chunk by chunk while it arrives. */
function soundOf(
  deps: WorkDeps,
  { lease, opened, signal }: Running,
): AsyncIterable<Uint8Array> | undefined {
  if (!opened.attached) return undefined
  if (lease.blobToken === undefined) throw new AppError('stores.lost')
  const { id, size } = opened.attached.blob
  const sealed = deps.download({ id, size, token: lease.blobToken, signal })
  return openBlob(opened.attached, { cek: opened.cek, sealed })
}

/** The text port with every prompt hashed before it runs: what the receipt commits to. */
function recordPrompts(ports: TaskPorts, prompts: ReturnType<typeof createHash>): TaskPorts {
  const { text } = ports
  return {
    speech: ports.speech,
    text: {
      ...(text.model !== undefined && { model: text.model }),
      contextTokens: text.contextTokens,
      count: (words) => text.count(words),
      run: (request, options) => {
        prompts.update(promptText(request))
        return text.run(request, options)
      },
    },
  }
}

/** Lone surrogates, which canonical JSON refuses, become U+FFFD, as they do in UTF-8. */
const promptText = ({ system, examples, user, answerPrefix }: TextRequest): string =>
  canonicalText({
    system: system.toWellFormed(),
    examples: (examples ?? []).map((example) => ({
      user: example.user.toWellFormed(),
      answer: example.answer.toWellFormed(),
    })),
    user: user.toWellFormed(),
    answerPrefix: (answerPrefix ?? '').toWellFormed(),
  })

const isWorkerCode = (code: string): code is WorkerCode =>
  WORKER_CODES.some((known) => known === code)

/** What a worker may say of a failure: one of the closed list, never a message. */
function workerCode(error: unknown, signal: AbortSignal): WorkerCode {
  if (signal.aborted) return 'job.cancelled'
  const code = codeOf(error)
  if (isWorkerCode(code)) return code
  if (code === 'env.expired') return 'job.cancelled'
  if (code.startsWith('env.')) return 'engine.key-open'
  return code.startsWith('input.') || code.startsWith('audio.')
    ? 'input.unsupported'
    : 'engine.crash'
}
