/** @module What an admitted worker's frames do: slots, leases, heartbeats, and who inherits the jobs of an earlier connection. */
import type { Clock } from '../core/clock.ts'
import type { FrameOf, FromWorker } from '../core/frames.ts'
import type { JobId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import { poolOf } from '../core/tier.ts'
import type { AdmittedSession } from '../tee/admission/admission.ts'
import { type Adoption, maxPendingBytes } from './adoption.ts'
import type { ChunkMessage, WorkerSocket } from './connection.ts'
import type { LeaseBook } from './lease-book.ts'
import type { Leasing } from './leasing.ts'
import type { MachineWatch } from './machines.ts'
import type { Pending, Worker } from './worker.ts'

export interface WorkerDesk {
  readonly workers: ReadonlySet<Worker>
  /** A worker was admitted on this socket; its earlier connection, if any, ends. */
  enter(session: AdmittedSession, socket: WorkerSocket): Worker
  /** Its session has ended: gets nothing more, and its jobs wait for others at once. */
  dismiss(worker: Worker): void
  /** Its session was renewed: it may get leases again. */
  renewed(worker: Worker): void
  hear(worker: Worker, frame: FromWorker): void
  hearChunk(worker: Worker, message: ChunkMessage): void
  /** The socket is closed: its jobs wait again, unless the gateway itself leaves. */
  leave(worker: Worker, how: 'lost' | 'keep-leases'): void
}

/** Missed twice: a job that a living worker does not name is not running there. */
const maxMissedPings = 2

/** Keeps what is said about a job that is still being decided; too much of it and the job is given up. */
const later = (
  worker: Worker,
  about: { job: JobId; attempt: number; bytes: number },
  replay: () => void,
): boolean => {
  const pending: Pending | undefined = worker.pending.get(about.job)
  if (pending?.attempt !== about.attempt) return false
  pending.bytes += about.bytes
  if (pending.bytes > maxPendingBytes) {
    worker.pending.delete(about.job)
    const { job, attempt } = about
    worker.send({ type: 'cancel', job, attempt, reason: 'fenced' })
  } else pending.frames.push(replay)
  return true
}

export function createWorkerDesk(deps: {
  book: LeaseBook
  leasing: Leasing
  adoption: Adoption
  workers: Set<Worker>
  machines?: MachineWatch
  clock: Clock
  log: Log
}): WorkerDesk {
  const { book, leasing, adoption, workers, log } = deps

  /** The jobs of the same worker's earlier connection move to this one until `ready` says which still run. */
  const inherit = (worker: Worker): void => {
    for (const earlier of workers) {
      if (earlier.kid !== worker.kid || earlier === worker) continue
      worker.inherited = new Map([...earlier.inherited, ...earlier.leases])
      for (const lease of worker.inherited.values()) lease.worker = worker
      earlier.leases.clear()
      earlier.inherited = new Map()
      earlier.isGone = true
      workers.delete(earlier)
      earlier.cut()
    }
  }

  const ready = (worker: Worker, frame: FrameOf<'ready'>): void => {
    worker.slots.llm = frame.slots.text
    worker.slots.stt = frame.slots.speech
    worker.pools.clear()
    for (const { id, weights, kind } of frame.models) {
      // Only what the attested claims name counts, with the weights they name.
      const isClaimed = worker.session.claims.models.some(
        (claimed) => claimed.id === id && claimed.weights === weights,
      )
      if (isClaimed) worker.pools.set(poolOf(id, worker.session.tier), { model: id, kind, weights })
    }
    const named = new Map(frame.running.map(({ job, attempt }) => [job, attempt]))
    for (const [job, lease] of worker.inherited) {
      if (named.get(job) === lease.attempt) worker.leases.set(job, lease)
      else void book.lose(lease, 'worker.lost') // logs its errors
    }
    worker.inherited = new Map()
    for (const pool of worker.pools.keys()) {
      leasing.serve(pool)
      leasing.slotFreed(pool)
    }
    adoption.consider(worker, frame.running)
    const { failed = [] } = frame
    deps.machines?.ready(worker.session, {
      models: [...worker.pools.values()].map(({ model }) => model),
      failed,
    })
    log.info('worker.ready', {
      kid: worker.kid,
      pools: worker.pools.size,
      text: worker.slots.llm,
      speech: worker.slots.stt,
      running: frame.running.length,
      ...(failed.length > 0 && { failed: failed.length }),
    })
  }

  const ping = (worker: Worker, { n, running }: FrameOf<'ping'>): void => {
    worker.send({ type: 'pong', n })
    const named = new Map(running.map(({ job, attempt }) => [job, attempt]))
    for (const [job, lease] of worker.leases) {
      if (named.get(job) === lease.attempt) lease.missedPings = 0
      else if (lease.state === 'over') book.release(lease)
      else if (++lease.missedPings >= maxMissedPings) void book.lose(lease, 'worker.lost') // logs its errors
    }
    for (const job of worker.pending.keys()) if (!named.has(job)) worker.pending.delete(job)
    adoption.consider(worker, running)
  }

  const hear = (worker: Worker, frame: FromWorker): void => {
    switch (frame.type) {
      case 'ready':
        ready(worker, frame)
        return
      case 'ping':
        ping(worker, frame)
        return
      case 'stream':
      case 'result':
      case 'fail':
        if (later(worker, { ...frame, bytes: 1024 }, () => hear(worker, frame))) return
        if (frame.type === 'stream') void book.stream(worker, frame)
        else if (frame.type === 'result') void book.result(worker, frame)
        else void book.fail(worker, frame) // each logs its errors
        return
      case 'drain':
        worker.isDraining = true
        return
      case 'bye':
        worker.close(frame.code)
        return
      case 'hello':
      case 'evidence':
        // The handshake's own.
        return
    }
  }
  const hearChunk = (worker: Worker, message: ChunkMessage): void => {
    const about = { ...message, bytes: message.chunk.length }
    if (!later(worker, about, () => hearChunk(worker, message))) void book.chunk(worker, message)
  }

  return {
    workers,
    hear,
    hearChunk,
    dismiss: (worker) => {
      worker.isExpired = true
      for (const lease of [...worker.leases.values(), ...worker.inherited.values()]) {
        worker.send({ type: 'cancel', job: lease.job, attempt: lease.attempt, reason: 'fenced' })
        void book.lose(lease, 'worker.lost') // logs its errors
      }
    },
    renewed: (worker) => {
      for (const pool of worker.pools.keys()) leasing.slotFreed(pool)
    },
    enter: (session, socket) => {
      const worker: Worker = {
        kid: session.kid,
        session,
        send: (frame) => socket.send(frame),
        unsentBytes: () => socket.unsentBytes(),
        close: (code) => socket.close(code),
        cut: () => socket.cut(),
        slots: { llm: 0, stt: 0 },
        pools: new Map(),
        leases: new Map(),
        reserved: { llm: 0, stt: 0 },
        pending: new Map(),
        inherited: new Map(),
        isDraining: false,
        isPaused: false,
        isExpired: false,
        isStale: false,
        isGone: false,
      }
      inherit(worker)
      workers.add(worker)
      log.info('worker.admitted', { kid: worker.kid, tier: session.tier })
      return worker
    },
    leave: (worker, how) => {
      worker.isGone = true
      workers.delete(worker)
      if (how === 'keep-leases') return
      const leases = [...worker.leases.values(), ...worker.inherited.values()]
      if (leases.length > 0) log.warn('worker.lost', { kid: worker.kid, leases: leases.length })
      for (const lease of leases) void book.lose(lease, 'worker.lost') // logs its errors
    },
  }
}
