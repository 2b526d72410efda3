/** @module Every event in the life of a lease: stream, result, failure, loss, cancel; each ends in at most one settled row (ENG B5, B6). */
import { AppError, codeOf } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { FrameOf } from '../core/frames.ts'
import type { JobId, PoolId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import type { Turnstile } from '../queue/admission.ts'
import { encodeFrontMessage } from '../queue/channels.ts'
import type { LeaseStore, PayFacts, Settled } from '../queue/lease-store.ts'
import { isBilled } from '../tasks/task.ts'
import { sha256Hex, utf8 } from '../tee/crypto/binary.ts'
import { createVerifier, type Verifier } from '../tee/crypto/signature.ts'
import type { Identity } from '../tee/keys/identity.ts'
import { buildNote } from '../tee/receipts/note.ts'
import { checkReceipt } from '../tee/receipts/receipt.ts'
import { type Answer, answerOf, dropStream, followStream, takeChunk } from './answer.ts'
import type { Breaker } from './breaker.ts'
import type { PayDesk } from './earnings.ts'
import type { Recount } from './recount.ts'
import { aboutInput, blameOf, losesModel, nextStep } from './retry-policy.ts'
import type { Lease, Worker } from './worker.ts'

export interface LeaseBookDeps {
  readonly net: Net
  readonly store: LeaseStore
  readonly turnstile: Turnstile
  readonly breaker: Breaker
  /** Sends bytes to the front of a job; loss is allowed. */
  readonly publish: (lease: Lease, message: Buffer) => void
  /** The broker, whom receipts name, and who signs the note to each. */
  readonly identity: Identity
  /** Absent where nobody pays. */
  readonly pay?: PayPort
  /** Says what an answer earned, once that is committed. */
  readonly payDesk?: Pick<PayDesk, 'answerOf'>
  readonly clock: Clock
  readonly log: Log
  /** A lease is no longer ours: other gateways need not take it over. */
  readonly onDropped: (lease: Lease) => void
  /** A slot is free or a job waits again. */
  readonly onChange: (pool: PoolId, why: 'slot' | 'job') => void
}

/** What the gateway has to know of money. */
export interface PayPort {
  readonly recount: Recount
  /** Account hash of a payout address; undefined for a text that is none. */
  readonly payeeOf: (payout: string) => string | undefined
}

export interface LeaseBook {
  readonly all: ReadonlyMap<JobId, Lease>
  add(lease: Lease): void
  stream(worker: Worker, frame: FrameOf<'stream'>): Promise<void>
  chunk(worker: Worker, message: { job: JobId; attempt: number; chunk: Uint8Array }): Promise<void>
  result(worker: Worker, frame: FrameOf<'result'>): Promise<void>
  fail(worker: Worker, frame: FrameOf<'fail'>): Promise<void>
  /** The worker is gone or forgot the job: it waits again at once. */
  lose(lease: Lease, code: 'worker.lost' | 'worker.late'): Promise<void>
  /** The row has ended or moved on without us. */
  cancel(lease: Lease, reason: FrameOf<'cancel'>['reason']): void
  /** Settles again what a database that was away refused. */
  retry(lease: Lease): Promise<void>
  /** Frees the slot of a lease that is over. */
  release(lease: Lease): void
}

/** Longest sound a task takes, six hours; bounds what a receipt may claim. */
const maxAudioMs = 6 * 3_600_000

const held = (worker: Worker, job: JobId, attempt: number): Lease | undefined => {
  const lease = worker.leases.get(job)
  return lease?.attempt === attempt ? lease : undefined
}

export function createLeaseBook(deps: LeaseBookDeps): LeaseBook {
  const { store, turnstile, breaker, clock, log } = deps
  const all = new Map<JobId, Lease>()
  /** A worker's key is imported once: it costs as much as checking one signature. */
  const verifiers = new WeakMap<Uint8Array, Verifier>()
  const verifierOf = (key: Uint8Array): Verifier => {
    const verifier = verifiers.get(key) ?? createVerifier(key)
    verifiers.set(key, verifier)
    return verifier
  }

  /** The lease is no longer this gateway's business, except that its slot may still be busy. */
  const end = (lease: Lease): void => {
    lease.state = 'over'
    dropStream(lease.stream)
    lease.stream = undefined
    lease.resultSecret.fill(0)
    if (all.get(lease.job) === lease) all.delete(lease.job)
    deps.onDropped(lease)
  }
  const release = (lease: Lease): void => {
    const { worker } = lease
    if (worker.leases.get(lease.job) === lease) worker.leases.delete(lease.job)
    deps.onChange(lease.open.place.pool, 'slot')
  }
  /** Redis may be away; the row says enough for every later fetch to end the job there too. */
  const inQueue = async (step: () => Promise<void>): Promise<void> => {
    try {
      await step()
    } catch (error) {
      log.failure('queue.step-failed', describe(error))
    }
  }

  /** What follows an attempt without a result. The slot is free already or goes with the worker. */
  const conclude = async (lease: Lease, code: ErrorCode): Promise<void> => {
    const { attempt, maxAttempts, lastCode, fetched, open } = lease
    const blame = blameOf(code)
    if (blame !== 'none') breaker.fault(lease.kid, lease.served.model, blame)
    const step = nextStep({ code, attempt, maxAttempts, lastCode })
    log.warn('attempt.ended', { job: lease.job, attempt, kid: lease.kid, code, next: step.kind })
    try {
      if (step.kind === 'fail') {
        const ended = await store.fail(lease, { code: step.code, nowMs: clock.now() })
        if (ended) await turnstile.leave(ended, 'settled')
        await inQueue(() => fetched.fail(step.code))
        return
      }
      const isOurs = await store.takeBack(lease, code)
      if (!isOurs) await inQueue(() => fetched.fail('release.fenced'))
      else if (step.delayMs > 0) await inQueue(() => fetched.delay(step.delayMs))
      else await inQueue(() => fetched.requeue())
    } catch (error) {
      // The database is away: the lock runs out and the job is fetched again, by whoever can release it then.
      log.failure('attempt.unsettled', describe(error))
    }
    deps.onChange(open.place.pool, 'job')
  }

  const fault = async (lease: Lease, code: ErrorCode): Promise<void> => {
    if (lease.state !== 'running') return
    end(lease)
    lease.worker.send({ type: 'ack', job: lease.job, attempt: lease.attempt, ok: false, code })
    release(lease)
    await conclude(lease, code)
  }
  /** Runs a step that a worker's bytes may make fail; a code ends the attempt. */
  const judged = async (lease: Lease, step: () => void): Promise<void> => {
    try {
      step()
    } catch (error) {
      if (!(error instanceof AppError)) log.failure('result.crashed', describe(error))
      await fault(lease, error instanceof AppError ? codeOf(error) : 'result.open')
    }
  }

  const check = (lease: Lease, frame: FrameOf<'result'>, answer: Answer) => {
    const { session } = lease.worker
    const checked = checkReceipt(frame.receipt, {
      net: deps.net,
      aud: deps.identity.kid,
      job: lease.job,
      attempt: lease.attempt,
      epoch: lease.epoch,
      evidenceId: lease.evidenceId,
      task: lease.open.task,
      model: lease.served.model,
      weights: lease.served.weights,
      envHash: lease.envHash,
      inputHash: lease.inputHash,
      outputHash: answer.outputHash,
      streamHash: answer.streamHash,
      shownHash: answer.shownHash,
      signing: verifierOf(session.publicKeys.signing),
      signingKeyId: session.publicKeys.signingKeyId,
      keysetDigest: session.claims.keyset,
      leasedAtMs: lease.leasedAtMs,
      nowMs: clock.now(),
      maxUnits: maxUnitsOf(lease),
    })
    return { digest: checked.digest, units: checked.units }
  }

  /** The attempt before had called the input bad, and this one answered it. */
  const noteFalseClaim = async ({ job, attempt, kid, lastCode, served }: Lease): Promise<void> => {
    if (lastCode === undefined || !aboutInput(lastCode)) return
    const claimant = await store.kidOf(job, attempt - 1)
    if (claimant && claimant !== kid) breaker.fault(claimant, served.model, 'count')
  }

  const payFacts = async (lease: Lease, { output }: Answer): Promise<PayFacts> => {
    const isCharged = output === undefined || isBilled(output.outcome)
    if (!deps.pay) return { isCharged }
    const payee = deps.pay.payeeOf(lease.worker.session.claims.payout)
    const recounted = output && (await deps.pay.recount.answer(lease, output.text))
    return { isCharged, ...(payee !== undefined && { payee }), ...(recounted && { recounted }) }
  }

  const settle = async (lease: Lease, frame: FrameOf<'result'>): Promise<void> => {
    const answer = answerOf(lease, frame)
    const { digest, units } = check(lease, frame, answer)
    lease.state = 'settling'
    const { worker, fetched, job, attempt } = lease
    const facts = {
      job,
      attempt,
      receipt: digest,
      units,
      shownHash: answer.shownHash,
      at: clock.now(),
    }
    const { tier } = worker.session
    const receiptHash = digest.slice('sha256:'.length)
    let settled: Settled | undefined
    try {
      const pay = await payFacts(lease, answer)
      const { recounted } = pay
      const noted = { ...facts, tier, ...(recounted && { recounted }) }
      const note = buildNote(deps.identity, deps.net, noted)
      settled = await store.settle(lease, {
        sealedResult: answer.sealed,
        receipt: { digest: receiptHash, document: frame.receipt, note },
        view: answer.view,
        weights: lease.served.weights,
        units,
        evidenceId: lease.evidenceId,
        pay,
        nowMs: clock.now(),
      })
    } catch (error) {
      // Not acknowledged: the worker keeps its answer, the row its fence, and `retry` tries again.
      lease.state = 'running'
      lease.unsettled = frame
      throw error
    }
    end(lease)
    if (!settled) {
      worker.send({ type: 'ack', job, attempt, ok: false, code: 'release.fenced' })
      release(lease)
      await inQueue(() => fetched.fail('release.fenced'))
      return
    }
    breaker.success(lease.kid, lease.served.model)
    log.info('job.settled', { job, attempt, kid: lease.kid, ms: clock.now() - lease.leasedAtMs })
    // The front first: it waits for this; with it the queue. Then the worker, which may forget only what is finished.
    const ended = { ...lease.open, front: settled.front }
    await Promise.all([
      turnstile.leave(ended, 'settled'),
      inQueue(() => fetched.complete(receiptHash)),
    ])
    const earned = deps.payDesk?.answerOf(worker, settled.captured)
    worker.send({ type: 'ack', job, attempt, ok: true, ...earned })
    release(lease)
    await noteFalseClaim(lease)
  }

  const finish = async (lease: Lease, frame: FrameOf<'result'>): Promise<void> => {
    try {
      await settle(lease, frame)
    } catch (error) {
      if (error instanceof AppError && error.code !== 'stores.down') await fault(lease, error.code)
      else log.failure('job.unsettled', describe(error))
    }
  }

  /** A result that belongs to no lease: too late, or told again because the answer to it was lost. */
  const answerAgain = async (worker: Worker, frame: FrameOf<'result'>): Promise<void> => {
    const { job, attempt, receipt } = frame
    const attemptOf = { job, attempt, kid: worker.kid }
    try {
      const settled = await store.settledAs(attemptOf, sha256Hex(utf8(receipt)))
      const earned = settled && deps.payDesk?.answerOf(worker, settled.captured)
      worker.send({
        type: 'ack',
        job,
        attempt,
        ...(settled ? { ok: true, ...earned } : { ok: false, code: 'release.fenced' }),
      })
    } catch (error) {
      // Not answered: the worker keeps its result and tells it again when it comes back.
      log.failure('result.unanswered', describe(error))
    }
  }

  return {
    all,
    release,
    retry: async (lease) => {
      const frame = lease.unsettled
      lease.unsettled = undefined
      if (frame && lease.state === 'running') await finish(lease, frame)
    },
    add: (lease) => {
      all.set(lease.job, lease)
      lease.worker.leases.set(lease.job, lease)
    },
    stream: async (worker, frame) => {
      const lease = held(worker, frame.job, frame.attempt)
      if (lease?.state !== 'running') return
      await judged(lease, () => {
        dropStream(lease.stream)
        lease.stream = followStream(lease, frame.header, deps.net)
      })
    },
    chunk: async (worker, { job, attempt, chunk }) => {
      const lease = held(worker, job, attempt)
      if (lease?.state !== 'running') return
      await judged(lease, () => {
        const { stream } = lease
        if (!stream) throw new AppError('result.header')
        if (takeChunk(stream, chunk) === 'show')
          deps.publish(
            lease,
            encodeFrontMessage({ kind: 'chunk', job, attempt, header: stream.header, chunk }),
          )
      })
    },
    result: async (worker, frame) => {
      const lease = held(worker, frame.job, frame.attempt)
      if (lease?.state === 'settling') return
      if (!lease || lease.state === 'over') {
        if (lease) release(lease)
        await answerAgain(worker, frame)
        return
      }
      await finish(lease, frame)
    },
    fail: async (worker, frame) => {
      const lease = held(worker, frame.job, frame.attempt)
      worker.send({ type: 'ack', job: frame.job, attempt: frame.attempt, ok: true })
      if (!lease) return
      const wasRunning = lease.state === 'running'
      if (wasRunning) end(lease)
      if (losesModel(frame.code)) worker.pools.delete(lease.open.place.pool)
      release(lease)
      // A cancel that nobody asked for: the worker stops (it drains); the job is simply taken from it.
      if (wasRunning)
        await conclude(lease, frame.code === 'job.cancelled' ? 'worker.lost' : frame.code)
    },
    lose: async (lease, code) => {
      if (lease.state === 'settling') return
      const wasRunning = lease.state === 'running'
      if (wasRunning) end(lease)
      release(lease)
      if (wasRunning) await conclude(lease, code)
    },
    cancel: (lease, reason) => {
      if (lease.state !== 'running') return
      const { worker, fetched, job, attempt } = lease
      end(lease)
      worker.send({ type: 'cancel', job, attempt, reason })
      // The row has ended; in BullMQ's eyes the job ends with a code too.
      if (reason !== 'fenced')
        void inQueue(() => fetched.fail(reason === 'user' ? 'job.cancelled' : 'job.expired'))
    },
  }
}

/** Generous bounds by size of input and output; a recount with the tokenizer is finer. */
function maxUnitsOf({ bucket, maxOutputBytes, blob }: Lease) {
  // A long text is read in pieces, each with instructions and examples, and pieces may be redone.
  const tokens = 200_000 + bucket * 40
  return {
    inTokens: tokens,
    cachedTokens: tokens,
    outTokens: tokens + maxOutputBytes,
    audioMs: blob ? maxAudioMs : 0,
  }
}
