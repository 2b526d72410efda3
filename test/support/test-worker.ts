/** A worker with the real conversation (session, keys, sealing, receipt) and a scripted answer in place of an engine. */
import { AppError, codeOf } from '../../src/core/app-error.ts'
import { systemClock } from '../../src/core/clock.ts'
import { WORKER_CODES, type WorkerCode } from '../../src/core/errors.ts'
import { isModelId, parseId } from '../../src/core/ids.ts'
import { Plaintext, Secret } from '../../src/core/plaintext.ts'
import { noUnits } from '../../src/core/units.ts'
import type { TaskOutput } from '../../src/tasks/task.ts'
import { splitJoin } from '../../src/tee/admission/join.ts'
import { nodeHashes } from '../../src/tee/crypto/node-crypto.ts'
import { pinBroker } from '../../src/tee/keys/identity.ts'
import { buildReceipt, type ReceiptFacts } from '../../src/tee/receipts/receipt.ts'
import { createResultWriter } from '../../src/tee/sealing/result-stream.ts'
import type { EvidenceSource } from '../../src/tee/sources/source.ts'
import { shownHash } from '../../src/tee/verify/shown-text.ts'
import type { Attempt } from '../../src/workers/attempts.ts'
import type { Earnings } from '../../src/workers/earnings.ts'
import type { WorkerSession } from '../../src/workers/enrol.ts'
import { openLease } from '../../src/workers/open-lease.ts'
import { startSessions } from '../../src/workers/session.ts'
import { devSource } from './attested.ts'
import { ECHO_TEXT, echoLending } from './echo-lending.ts'
import { keptLog } from './stores.ts'

export const ECHO_MODEL = parseId(ECHO_TEXT, isModelId)

/** One running job, in the test's hands. */
interface TestJob {
  readonly job: string
  readonly attempt: number
  readonly text: string
  readonly signal: AbortSignal
  draft(text: string): void
}

export interface TestWorkerOptions {
  readonly url?: string
  /** In place of `url`. */
  readonly urls?: readonly string[]
  readonly brokerKey: string
  readonly join: string
  readonly slots?: number
  /** The machine it runs on; a good simulated one by default. */
  readonly source?: EvidenceSource
  /** The answer, by default the text itself. Throw an `AppError` with a worker's code to fail. */
  readonly answer?: (job: TestJob) => Promise<string> | string
  /** What the answer says it is; `ok` by default. */
  readonly outcome?: (job: TestJob) => TaskOutput['outcome']
  /** Where its owner is paid. */
  readonly payout?: string
  /** Checks what it earns. */
  readonly earnings?: Earnings
  /** Changes what the receipt states. */
  readonly forge?: (facts: ReceiptFacts) => ReceiptFacts
}

export function startTestWorker(options: TestWorkerOptions) {
  const { log, lines } = keptLog()
  const started: { job: string; attempt: number }[] = []
  const lending = echoLending({ textSlots: options.slots ?? 1 })
  const work = async (
    session: WorkerSession,
    { lease, attempt }: { lease: Parameters<typeof openLease>[1]; attempt: Attempt },
  ): Promise<void> => {
    started.push({ job: lease.job, attempt: lease.attempt })
    try {
      await answerLease({ options, session, lease, attempt })
    } catch (error) {
      const code = attempt.signal.aborted ? 'job.cancelled' : codeOf(error)
      attempt.fail(WORKER_CODES.some((it) => it === code) ? (code as WorkerCode) : 'engine.crash')
    }
  }
  // The setting of a gateway process ends in the seed of its simulated machines.
  const { token, devSeed } = splitJoin(options.join)
  const loop = startSessions({
    net: 'devnet',
    broker: pinBroker(options.brokerKey),
    join: Secret.of(token),
    source: options.source ?? devSource({}, { devSeed }),
    build: 'test',
    ...(options.payout !== undefined && { payout: options.payout }),
    ...(options.earnings && { earnings: options.earnings }),
    urls: options.urls ?? [options.url ?? ''],
    lending,
    work,
    clock: systemClock,
    log,
  })
  return {
    started,
    lines,
    /** Finishes nothing and leaves. */
    stop: () => loop.drain(0),
    drain: (ms: number) => loop.drain(ms),
  }
}

/** Does what a worker does with a lease: opens, answers, seals, signs. */
export async function answerLease(running: {
  options: Pick<TestWorkerOptions, 'answer' | 'forge' | 'outcome' | 'earnings'>
  session: WorkerSession
  lease: Parameters<typeof openLease>[1]
  attempt: Attempt
}): Promise<void> {
  const { options, session, lease, attempt } = running
  const opened = await openLease(session, lease)
  const { kid } = session.keys
  const context = { net: 'devnet', job: lease.job, attempt: lease.attempt, kid } as const
  const writer = createResultWriter(opened.resultSecret, context)
  attempt.open(writer.header)
  const startedAtMs = Math.floor(session.now())
  let shown = ''
  const { text: given } = opened.input as { text: string }
  const job: TestJob = {
    job: lease.job,
    attempt: lease.attempt,
    text: given,
    signal: attempt.signal,
    draft: (text) => {
      for (const chunk of writer.delta(0, text)) attempt.chunk(chunk)
      shown = text
    },
  }
  const text = await (options.answer ?? ((it: TestJob) => it.text))(job)
  attempt.signal.throwIfAborted()
  const output: TaskOutput = {
    v: 1,
    task: lease.envelope.task,
    text,
    language: 'en',
    checked: {
      links: 0,
      mentions: 0,
      tags: 0,
      numbers: 0,
      dates: 0,
      names: 0,
      redone: shown === '' ? 0 : 1,
      dropped: 0,
      missing: 0,
    },
    outcome: options.outcome?.(job) ?? 'ok',
  }
  const final = writer.final(Plaintext.of(JSON.stringify(output)))
  for (const chunk of final.chunks) attempt.chunk(chunk)
  const { aud, epoch, evidenceId } = session.sessionKeys.context
  const facts: ReceiptFacts = {
    net: 'devnet',
    aud,
    job: lease.job,
    attempt: lease.attempt,
    epoch,
    evidenceId,
    task: lease.envelope.task,
    model: lease.envelope.model,
    weights: `sha256:${'e'.repeat(64)}`,
    envHash: opened.envHash,
    inputHash: opened.inputHash,
    outputHash: final.outputHash,
    streamHash: final.streamHash,
    shownHash: shownHash(text, final.salt, nodeHashes),
  }
  const units = { ...noUnits, inTokens: 7, outTokens: 3 }
  const receipt = buildReceipt(session.keys, options.forge?.(facts) ?? facts, {
    promptHash: opened.inputHash,
    units,
    engine: 'test 1',
    startedAtMs,
    endedAtMs: Math.floor(session.now()),
  })
  const { task, model, tier } = lease.envelope
  options.earnings?.answering({
    job: lease.job,
    attempt: lease.attempt,
    row: `${task}.${model}.${tier}`,
    units,
    isCharged: output.outcome === 'ok',
  })
  attempt.answer({
    type: 'result',
    job: lease.job,
    attempt: lease.attempt,
    header: writer.header,
    units,
    receipt,
  })
  opened.close()
}

/** Resolves when the job is cancelled; for workers that hang. */
export const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new AppError('job.cancelled')), { once: true })
  })
