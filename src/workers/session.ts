/** @module The worker's conversation with a gateway: admission, leases, heartbeats, cancels, and coming back after every loss. */
import { AppError } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import { BYE, type FrameOf, type FromGateway, PING_MS } from '../core/frames.ts'
import type { Log } from '../core/log.ts'
import type { Secret } from '../core/plaintext.ts'
import { sentenceOf } from '../tee/admission/refusal.ts'
import type { PinnedBroker } from '../tee/keys/identity.ts'
import type { EvidenceSource } from '../tee/sources/source.ts'
import { TeeError } from '../tee/verify/codes.ts'
import { type Attempt, type Attempts, createAttempts } from './attempts.ts'
import { type Connection, openConnection } from './connection.ts'
import type { Earnings } from './earnings.ts'
import { createEnrolment, type Enrolment, isRefused, type WorkerSession } from './enrol.ts'
import type { Lending } from './lending.ts'
import { reconnectPause } from './reconnect.ts'

export interface SessionDeps {
  readonly net: Net
  readonly broker: PinnedBroker
  readonly join: Secret
  readonly source: EvidenceSource
  readonly payout?: string
  readonly build: string
  readonly urls: readonly string[]
  readonly lending: Lending
  /** Checks what answers earn, and says when no more jobs are to be pulled. */
  readonly earnings?: Earnings
  /** Runs a lease to its end; never rejects. */
  readonly work: (
    session: WorkerSession,
    job: { lease: FrameOf<'lease'>; attempt: Attempt },
  ) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

export interface WorkerLoop {
  /** The gateway address in use or tried last. */
  readonly url: () => string
  /** Takes no new leases, finishes what runs within `graceMs`, leaves. */
  drain(graceMs: number): Promise<void>
  /** Resolves after `drain`. */
  readonly ended: Promise<void>
}

/** A step of the admission, or a pong, that takes longer means that the gateway is gone. */
const SILENT_MS = 10_000
/** A cancelled job is answered within this, whether its engine has stopped or not. */
const CANCEL_MS = 800
/** The longest that engines may keep the event loop (ENG A1). */
const MAX_STALL_MS = 500
/** While no gateway can be reached, every so many tries are logged. */
const LOG_EVERY = 20
/** Before a session ends an idle worker comes back for a new one. */
const RENEW_BEFORE_S = 600

/** Starts connecting at once and goes on until `drain`. */
export function startSessions(deps: SessionDeps): WorkerLoop {
  const { net, broker, source, payout, lending, clock, log, urls } = deps
  const attempts = createAttempts()
  // One for all connections: the worker keeps its keys, and so its name, when it comes back.
  const enrolment = createEnrolment({
    net,
    broker,
    source,
    ...(payout !== undefined && { payout }),
    models: lending.models,
    clock,
  })
  const stop = new AbortController()
  let draining = false
  let link: Connection | undefined
  let turn = 0
  const url = (): string => urls[turn % urls.length] ?? ''

  const onLink = (connection: Connection | undefined): void => {
    link = connection
    // Opened while the worker was leaving.
    if (stop.signal.aborted) connection?.close(BYE.draining)
  }
  const live = async (): Promise<void> => {
    let failures = 0
    while (!stop.signal.aborted) {
      const outcome = await connectOnce(
        { deps, attempts, enrolment, url: url(), isDraining: () => draining },
        onLink,
      )
      if (outcome === 'unreachable' && failures % LOG_EVERY === 0)
        log.warn('gateway.unreachable', { failures })
      failures = outcome === 'admitted' ? 0 : failures + 1
      turn += 1
      await clock.sleep(reconnectPause(failures), stop.signal).catch(() => undefined)
    }
  }
  const ended = live().catch((error: unknown) => log.failure('session.crashed', describe(error)))
  return {
    url,
    ended,
    drain: async (graceMs) => {
      draining = true
      link?.send({ type: 'drain' })
      const late = new AbortController()
      await Promise.race([
        attempts.idle(),
        clock.sleep(graceMs, late.signal).catch(() => undefined),
      ])
      late.abort()
      attempts.abortAll()
      stop.abort()
      link?.close(BYE.draining)
      await ended
    },
  }
}

interface Link {
  readonly deps: SessionDeps
  readonly attempts: Attempts
  readonly enrolment: Enrolment
  readonly url: string
  readonly isDraining: () => boolean
}

/** One connection from its opening to its end. Never rejects. */
async function connectOnce(
  link: Link,
  onLink: (connection: Connection | undefined) => void,
): Promise<'unreachable' | 'refused' | 'admitted'> {
  const { deps, attempts } = link
  const { log } = deps
  const talk = createTalk(link)
  let connection: Connection
  try {
    connection = await openConnection({
      url: link.url,
      onFrame: (frame, it) => talk.hear(frame, it),
      onError: (error) => log.failure('session.frame-refused', describe(error)),
    })
  } catch {
    return 'unreachable'
  }
  onLink(connection)
  const voucher = deps.earnings?.newest()
  connection.send({
    type: 'hello',
    v: 1,
    net: deps.net,
    tee: [deps.source.kind === 'sim' ? 'sim' : deps.source.tee],
    gpu: 0,
    build: deps.build,
    join: deps.join.reveal(),
    ...(deps.earnings && { earnings: { ...(voucher && { voucher }) } }),
  })
  const stopPings = talk.startPings(connection)
  const endWatch = deps.earnings?.watch(() => talk.sayReady(connection))
  const code = await connection.closed
  endWatch?.()
  stopPings()
  onLink(undefined)
  const admitted = talk.session() !== undefined
  log.info('session.ended', { code, admitted, held: attempts.running.length })
  return admitted ? 'admitted' : 'refused'
}

interface Talk {
  /** Says anew how many jobs it takes; nothing before admission. */
  sayReady(connection: Connection): void
  hear(frame: FromGateway, connection: Connection): Promise<void>
  session(): WorkerSession | undefined
  startPings(connection: Connection): () => void
}

function createTalk({ deps, attempts, enrolment, isDraining }: Link): Talk {
  const { broker, lending, earnings, clock, log } = deps
  let session: WorkerSession | undefined
  let heardAt = clock.now()

  const sayReady = (connection: Connection): void => {
    if (!session) return
    const isClosed = isDraining() || earnings?.stopped() !== undefined
    const { failed = [] } = lending
    const slots = isClosed ? { text: 0, speech: 0 } : lending.slots
    connection.send({
      type: 'ready',
      slots,
      models: [...lending.models],
      ...(failed.length > 0 && { failed: [...failed] }),
      running: attempts.running,
    })
  }

  const takeLease = (lease: FrameOf<'lease'>): void => {
    broker.check(lease)
    if (!session) throw new AppError('admission.step')
    const attempt = attempts.begin(lease.job, lease.attempt)
    if (!attempt) {
      log.warn('lease.refused', { job: lease.job, attempt: lease.attempt })
      return
    }
    log.info('lease.taken', { job: lease.job, attempt: lease.attempt })
    void deps.work(session, { lease, attempt })
  }

  const cancel = ({ job, attempt: number }: FrameOf<'cancel'>): void => {
    const attempt = attempts.find(job, number)
    if (!attempt) return
    if (attempt.state === 'running') {
      attempt.abort()
      // The engine may be inside a piece of the prompt; the gateway need not wait for it.
      clock.after(CANCEL_MS, () => attempt.fail('job.cancelled'))
    } else attempt.fail('job.cancelled')
  }

  const show = async (challenge: FrameOf<'challenge'>, connection: Connection): Promise<void> => {
    try {
      connection.send(await enrolment.answer(challenge))
    } catch (error) {
      if (!(error instanceof TeeError)) throw error
      const say = sentenceOf('admission.evidence', error.code)
      log.error('evidence.missed', { reason: error.code, say })
      // One that works already is asked again before its session ends.
      if (!session) connection.close(BYE.refused)
    }
  }

  const admitted = async (verdict: FrameOf<'verdict'>, connection: Connection): Promise<void> => {
    const isFirst = session === undefined
    const outcome = await enrolment.accept(verdict)
    if (isRefused(outcome)) {
      const { code, reason } = outcome
      // The sentence is for whoever reads this machine's log: its owner.
      log.warn('session.refused', { code, reason, say: sentenceOf(code, reason) })
      // One that works already may be asked again; whether it may go on is the gateway's word.
      if (isFirst) connection.close(BYE.refused)
      return
    }
    session = outcome
    earnings?.pin(outcome.pay)
    log.info('session.admitted', { kid: session.keys.kid, held: attempts.running.length })
    if (!isFirst) return
    sayReady(connection)
    attempts.attach(connection)
  }

  return {
    session: () => session,
    sayReady,
    hear: async (frame, connection) => {
      heardAt = clock.now()
      switch (frame.type) {
        case 'challenge':
          await show(frame, connection)
          return
        case 'verdict':
          await admitted(frame, connection)
          return
        case 'lease':
          takeLease(frame)
          return
        case 'cancel':
          cancel(frame)
          return
        case 'ack': {
          const attempt = attempts.find(frame.job, frame.attempt)
          if (attempt) attempts.drop(attempt)
          earnings?.answered(frame)
          if (!frame.ok) log.warn('attempt.refused', { job: frame.job, code: frame.code })
          return
        }
        case 'earnings':
          earnings?.told(frame)
          return
        case 'pong':
          return
        case 'drain':
          log.info('gateway.drains', {})
          return
        case 'bye':
          connection.close(frame.code)
          return
      }
    },
    startPings: (connection) => {
      let n = 0
      heardAt = clock.now()
      let tickedAt = heardAt
      return clock.every(PING_MS, () => {
        const now = clock.now()
        if (now - heardAt > SILENT_MS) {
          log.warn('gateway.silent', { ms: now - heardAt })
          connection.cut()
          return
        }
        // Heartbeats of a stalled event loop come too late: the lease would be lost for nothing.
        if (now - tickedAt > PING_MS + MAX_STALL_MS)
          log.warn('loop.stalled', { ms: now - tickedAt - PING_MS })
        tickedAt = now
        if (!session) return
        if (isIdle(attempts) && session.now() / 1000 > session.expiresAt - RENEW_BEFORE_S) {
          connection.close(BYE.draining)
          return
        }
        n += 1
        connection.send({ type: 'ping', n, running: attempts.running })
      })
    },
  }
}

const isIdle = (attempts: Attempts): boolean => attempts.running.length === 0
