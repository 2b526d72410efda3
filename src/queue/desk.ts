/** @module The desk: takes jobs in for one front, answers for their state, and hands their answers out (ENG B3). */
import { AppError } from '../core/app-error.ts'
import { canonicalBytes } from '../core/canonical.ts'
import type { Clock } from '../core/clock.ts'
import { describe } from '../core/describe.ts'
import type { Envelope } from '../core/frames.ts'
import { type FrontId, type JobId, newJobId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import type { HoldRequest } from '../core/money.ts'
import { poolOf } from '../core/tier.ts'
import type { Database } from '../db/database.ts'
import { createTurnstile } from './admission.ts'
import type { Blobs } from './blobs.ts'
import { startDeliveries } from './deliveries.ts'
import type {
  Desk,
  JobRequest,
  JobStatus,
  SealedDesk,
  SealedOutcome,
  SealedRequest,
  Submitted,
} from './desk-port.ts'
import type { DeskSealing, SealedJob } from './desk-sealing.ts'
import { createDeskStore, createSweepStore, type NewJob } from './desk-store.ts'
import { createDrafts } from './drafts.ts'
import { createFairness } from './fairness.ts'
import { createFrontStore } from './front-store.ts'
import { startFrontWatch } from './front-watch.ts'
import type { OpenJob } from './job-row.ts'
import type { MoneyPort } from './money-port.ts'
import { hashOwner, hashRequest } from './owner-hash.ts'
import { createPoolQueues, type PoolQueue } from './pool-queue.ts'
import type { RedisLink } from './redis.ts'
import { startSweeps } from './sweeps.ts'

export interface DeskOptions {
  readonly front: FrontId
  /** Fronts of one bot take over from each other what one that is gone still owes; absent: nobody does. At most 32 characters, no secret. */
  readonly bot?: string
  readonly db: Database
  readonly redis: RedisLink
  readonly sealing: DeskSealing
  readonly blobs: Blobs
  /** The installation's secret for keyed hashes, 32 bytes. */
  readonly ownerKey: Uint8Array
  /** Most bytes of a task's result stream; 2 MiB where it says nothing. */
  readonly maxOutputBytes?: (task: string) => number
  /** The ledger that jobs are paid through; absent: nothing costs anything. */
  readonly money?: MoneyPort
  /** Jobs that may wait in one pool before a front says that it is busy: about 50 a slot. 500 where it says nothing. */
  readonly maxWaiting?: number
  readonly clock: Clock
  readonly log: Log
}

/** A desk with its own end; Redis, database and blobs stay the caller's. */
export interface OwnedDesk extends Desk, SealedDesk {
  close(): Promise<void>
}

type Waiting = Awaited<ReturnType<PoolQueue['countWaiting']>>

const maxContentBytes = 1_048_000
const maxAudioBytes = 200 * 2 ** 20
const maxLifeMs = 86_400_000
const maxAttempts = 3
const standardMaxWaiting = 500
/** A job that its deadline did not end by then never will be. */
const holdGraceMs = 600_000

/** Opens the desk of one front and starts its sweeps. `redis` must be connected. */
export async function createDesk(options: DeskOptions): Promise<OwnedDesk> {
  const { front, db, redis, blobs, clock, log } = options
  const store = createDeskStore(db, front, options.money)
  const sweepStore = createSweepStore(db, options.money)
  const queues = createPoolQueues(redis)
  const fairness = createFairness(redis)
  const turnstile = createTurnstile({
    link: redis,
    queues,
    fairness,
    blobs,
    log,
    find: (jobs) => sweepStore.find(jobs),
  })
  const drafts = await createDrafts({ front, redis, store, sealing: options.sealing, clock, log })
  const sweeps = startSweeps({
    store: sweepStore,
    turnstile,
    queues,
    fairness,
    blobs,
    clock,
    log,
    redis,
  })
  const deliveries = startDeliveries({
    store,
    blobs,
    sealing: options.sealing,
    clock,
    log,
    onEnded: (listener) => drafts.onEnded(listener),
  })
  const frontWatch =
    options.bot === undefined
      ? undefined
      : startFrontWatch({
          front,
          bot: options.bot,
          redis,
          store: createFrontStore(db),
          clock,
          log,
          onTaken: () => deliveries.scan(),
        })

  /** Jobs before this one, if `waiting` were all of them. */
  const placeOf = async (job: OpenJob, waiting: Waiting): Promise<number> => {
    const ahead = job.place.class === 'interactive' ? waiting.first : waiting.all
    const listed = await fairness.position(job.place, job.job)
    return listed === undefined ? ahead : ahead + listed
  }

  const submit = async (request: JobRequest): Promise<Submitted> => {
    checkRequest(request)
    redis.assertUp()
    const requestKey = hashRequest(options.ownerKey, request.requestKey)
    const [known, waiting] = await Promise.all([
      store.findByRequest(requestKey),
      queues.of(poolOf(request.model, request.tier)).countWaiting(),
    ])
    if (known) return { job: known, place: await placeIfOpen(known), isNew: false }
    if (waiting.all >= (options.maxWaiting ?? standardMaxWaiting)) throw new AppError('worker.none')
    const entry = await seal(request, requestKey)
    const { job } = entry.row
    if (!(await insert(entry, request))) {
      // A rival submit of the same request was quicker: what was just made is thrown away.
      await dropBlob(entry.sealed)
      const rival = await store.findByRequest(requestKey)
      if (!rival) throw new AppError('stores.down')
      return { job: rival, place: await placeIfOpen(rival), isNew: false }
    }
    const answer = await enter(entry.open)
    if (answer === 'full') {
      await store.remove(job)
      await dropBlob(entry.sealed)
      throw new AppError('input.too-many')
    }
    log.info('job.queued', {
      job,
      pool: entry.open.place.pool,
      bytes: entry.row.sealedEnvelope.length,
    })
    const isFirst = answer === 'go' && request.class === 'interactive'
    const place = isFirst ? waiting.first : await placeOf(entry.open, waiting).catch(() => 0)
    return { job, place, isNew: true }
  }
  /** Refused for want of money, nothing of it stays. */
  const insert = async (
    { row, sealed }: { row: NewJob; sealed: SealedJob },
    request: JobRequest,
  ): Promise<boolean> => {
    try {
      return await store.insert(row, holdOf(row, request))
    } catch (error) {
      await dropBlob(sealed)
      throw error
    }
  }
  /** The row is durable: when Redis goes away now, the sweep adds the job later. */
  const enter = async (job: OpenJob): Promise<'go' | 'wait' | 'full'> => {
    try {
      return await turnstile.enter(job)
    } catch (error) {
      log.failure('job.add-postponed', describe(error))
      return 'wait'
    }
  }
  const placeIfOpen = async (job: JobId): Promise<number> => {
    try {
      const found = await store.look(job)
      if (found?.state !== 'queued') return 0
      return await placeNow(found)
    } catch {
      return 0
    }
  }
  /** As `placeOf`, of a job that is among the waiting ones. */
  const placeNow = async (job: OpenJob): Promise<number> => {
    const { first, all } = await queues.of(job.place.pool).countWaiting()
    return placeOf(job, { first: Math.max(0, first - 1), all: Math.max(0, all - 1) })
  }
  const dropBlob = async ({ envelope }: SealedJob): Promise<void> => {
    if (envelope.blob) await blobs.remove(envelope.blob.id)
  }

  const seal = async (request: JobRequest, requestKey: string) => {
    const job = newJobId()
    const owner = hashOwner(options.ownerKey, request.owner)
    const { task, model, tier } = request
    const pool = poolOf(model, tier)
    const createdAtMs = clock.now()
    const expiresAtMs = createdAtMs + request.deadlineMs
    const sealed = await options.sealing.seal({
      job,
      task,
      model,
      tier,
      maxAttempts,
      content: request.content,
      iat: Math.floor(createdAtMs / 1000),
      exp: Math.ceil(expiresAtMs / 1000),
      ...(request.audio && {
        audio: {
          source: request.audio,
          maxBytes: maxAudioBytes,
          store: (id, chunks) => blobs.put(id, chunks),
        },
      }),
    })
    const blobId = sealed.envelope.blob?.id
    const place = { pool, owner, class: request.class }
    const row = {
      job,
      front,
      owner,
      requestKey,
      task,
      model,
      tier,
      class: request.class,
      maxAttempts,
      createdAtMs,
      expiresAtMs,
      wrappedCek: sealed.wrappedCek,
      wrappedSalt: sealed.wrappedSalt,
      inputHash: sealed.inputHash,
      maxOutputBytes: options.maxOutputBytes?.(task) ?? 2 * 2 ** 20,
      sealedEnvelope: canonicalBytes(sealed.envelope),
      ...(blobId !== undefined && { blobId }),
    }
    const open: OpenJob = {
      job,
      front,
      task,
      place,
      createdAtMs,
      expiresAtMs,
      isRunning: false,
      attempt: 0,
      blobId: blobId ?? null,
    }
    return { row, open, sealed }
  }
  /** As `submit`, of a job that came sealed: its times are the envelope's, and nothing of it is opened. */
  const submitSealed = async (request: SealedRequest): Promise<Submitted> => {
    const { envelope } = request
    const { job, task, model, tier } = envelope
    const now = clock.now()
    checkSealed(envelope, now)
    redis.assertUp()
    const requestKey = hashRequest(options.ownerKey, request.requestKey)
    const pool = poolOf(model, tier)
    const [known, waiting] = await Promise.all([
      store.findByRequest(requestKey),
      queues.of(pool).countWaiting(),
    ])
    if (known) return { job: known, place: await placeIfOpen(known), isNew: false }
    if (waiting.all >= (options.maxWaiting ?? standardMaxWaiting)) throw new AppError('worker.none')
    const owner = hashOwner(options.ownerKey, request.owner)
    const times = { createdAtMs: now, expiresAtMs: envelope.exp * 1000 }
    const row: NewJob = {
      job,
      front,
      owner,
      requestKey,
      task,
      model,
      tier,
      class: request.class,
      maxAttempts: Math.min(envelope.maxAttempts, envelope.wraps?.length ?? 1),
      ...times,
      clientHeld: true,
      inputHash: request.inputHash,
      maxOutputBytes: options.maxOutputBytes?.(task) ?? 2 * 2 ** 20,
      sealedEnvelope: canonicalBytes(envelope),
    }
    // The asker chose the id: one that is known must not be taken for a second time.
    if (!(await store.insert(row, holdOf(row, request)))) throw new AppError('input.invalid')
    const place = { pool, owner, class: request.class }
    const open = { job, front, task, place, ...times, isRunning: false, attempt: 0, blobId: null }
    const answer = await enter(open)
    if (answer === 'full') {
      await store.remove(job)
      throw new AppError('input.too-many')
    }
    log.info('job.queued', { job, pool, bytes: row.sealedEnvelope.length })
    return { job, place: await placeOf(open, waiting).catch(() => 0), isNew: true }
  }
  const collectSealed = async (job: JobId): Promise<SealedOutcome | undefined> => {
    const ended = await store.ended(job, true)
    if (!ended) return undefined
    const { facts, state, code, attempt, kid, sealedResult: sealed } = ended
    if (state !== 'done') return { ...facts, state, code }
    if (!kid || !sealed) return { ...facts, state: 'failed', code: 'stores.lost' }
    return { ...facts, state, attempt, kid, sealed }
  }

  const cancel = async (job: JobId): Promise<boolean> => {
    const ended = await store.cancel(job, clock.now())
    if (!ended) return false
    await turnstile.leave(ended, 'user')
    deliveries.hint(job)
    return true
  }

  const status = async (job: JobId): Promise<JobStatus> => {
    const found = await store.look(job)
    if (!found) throw new AppError('job.unknown', { job })
    const { state, attempt: attempts } = found
    if (state !== 'queued') return { state, place: 0, attempts }
    const listed = await fairness.position(found.place, job)
    return {
      state: listed === undefined ? 'queued' : 'held',
      place: await placeNow(found),
      attempts,
    }
  }

  return {
    front,
    submit: (request) => translated(() => submit(request)),
    submitSealed: (request) => translated(() => submitSealed(request)),
    collectSealed: (job) => translated(() => collectSealed(job)),
    dropSealed: (job) => translated(() => store.markDelivered(job, clock.now())),
    cancel: (job) => translated(() => cancel(job)),
    status: (job) => translated(() => status(job)),
    watch: (job, watch) => drafts.watch(job, watch),
    startDeliveries: (deliver) => deliveries.start(deliver),
    close: async () => {
      await frontWatch?.close()
      await deliveries.close()
      await sweeps.close()
      drafts.close()
      await queues.close()
    },
  }
}

/** A store's own errors say to a front what they mean: nothing can be taken in now. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw cause instanceof AppError ? cause : new AppError('stores.down', {}, { cause })
  }
}

/** What is held for a job that somebody pays. */
function holdOf(
  { job, task, expiresAtMs }: Pick<NewJob, 'job' | 'task' | 'expiresAtMs'>,
  { paid, ...request }: JobRequest | SealedRequest,
): HoldRequest | undefined {
  if (!paid) return undefined
  const { model, tier } = 'envelope' in request ? request.envelope : request
  return { job, task, model, tier, ...paid, closesAtMs: expiresAtMs + holdGraceMs }
}

/** The envelope itself is checked where it is opened; here only that it can be lent at all. */
function checkSealed({ wraps, blob, iat, exp }: Envelope, nowMs: number): void {
  const now = nowMs / 1000
  const isTimely = iat <= now + 60 && exp > now && exp <= iat + maxLifeMs / 1000
  if (!wraps || blob || !isTimely) throw new AppError('env.shape')
}

/** Throws before anything is written. */
function checkRequest({ content, deadlineMs, audio }: JobRequest): void {
  if (content.size > maxContentBytes)
    throw new AppError('input.too-large', { max: maxContentBytes })
  if (content.size === 0 && !audio) throw new AppError('input.empty')
  if (!(deadlineMs > 0 && deadlineMs <= maxLifeMs)) throw new AppError('input.invalid')
}
