/** @module The key broker: moves the fence, writes the release log, and wraps a job's key for one lease of one worker (CONF §6). */
import { randomBytes } from 'node:crypto'
import { AppError } from '../core/app-error.ts'
import { canonicalBytes } from '../core/canonical.ts'
import type { Clock } from '../core/clock.ts'
import { isBlobId, isLeaseId, type LeaseId, parseId } from '../core/ids.ts'
import type {
  LeaseStore,
  Refusal,
  ReleasedRow,
  ReleaseTo,
  RunningAttempt,
} from '../queue/lease-store.ts'
import type { Fetched } from '../queue/shard.ts'
import { hkdf } from '../tee/aead.ts'
import { domain, sha256Hex, toBase64url, utf8 } from '../tee/binary.ts'
import { envelopeHash } from '../tee/envelope.ts'
import type { Identity } from '../tee/identity.ts'
import type { Keks } from '../tee/kek.ts'
import { wrapCek } from '../tee/session-keys.ts'
import type { Lease, Served, Worker } from './worker.ts'

export interface Broker {
  /**
   * Releases the job's key to the worker and sends it the lease; `announce` is called between the two.
   * Throws `release.log` when nothing was released.
   */
  lend(to: {
    worker: Worker
    served: Served
    fetched: Fetched
    announce: (lease: Lease) => void
  }): Promise<Lease | Refusal>
  /** Rebuilds the lease of an attempt that a gateway before us had released. */
  revive(attempt: RunningAttempt, to: { worker: Worker; served: Served; fetched: Fetched }): Lease
}

/** The lease id of a lock token. */
export const leaseIdOf = (token: string): LeaseId => parseId(sha256Hex(utf8(token)), isLeaseId)

const noHash = '0'.repeat(64)

export function createBroker(deps: {
  store: LeaseStore
  keks: Keks
  identity: Identity
  clock: Clock
}): Broker {
  const { store, keks, identity, clock } = deps
  let chain = randomBytes(16).toString('hex')
  let seq = 0
  let prev = noHash
  /** One release after the other: the log is a chain, and each entry names the one before. */
  let last: Promise<unknown> = Promise.resolve()

  /** The keys of one attempt, made inside the transaction that moves the fence. */
  const write = async (row: ReleasedRow, to: ReleaseTo, worker: Worker) => {
    const { envelope, attempt, wrappedCek } = row
    const envHash = envelopeHash(envelope)
    const cek = keks.unwrap('cek', to.job, wrappedCek)
    const place = { job: to.job, attempt, lease: to.lease }
    const { wrap, resultSecret } = await wrapCek(worker.session.keys, place, { cek, envHash })
    cek.fill(0)
    const { job, lease, kid, evidenceId, epoch, nowMs: at } = to
    const entry = {
      v: 1,
      chain,
      seq,
      job,
      attempt,
      lease,
      kid,
      evidenceId,
      epoch,
      envHash,
      at,
      prev,
    }
    const hash = sha256Hex(domain('chrysalis/log/1', canonicalBytes(entry)))
    const wrappedResult = keks.wrap('result', job, resultSecret)
    return {
      entry: { chain, seq, envHash, prev, hash, wrappedResult },
      wrap,
      resultSecret,
      envHash,
    }
  }

  const release = async (worker: Worker, served: Served, fetched: Fetched) => {
    const to: ReleaseTo = {
      job: fetched.job,
      lease: leaseIdOf(fetched.token),
      kid: worker.kid,
      model: served.model,
      tier: worker.session.tier,
      evidenceId: worker.session.evidenceId,
      epoch: worker.session.epoch,
      nowMs: clock.now(),
    }
    let made: Awaited<ReturnType<typeof write>> | undefined
    const row = await store.release(to, async (found) => {
      made?.resultSecret.fill(0)
      made = await write(found, to, worker)
      return made.entry
    })
    if (typeof row === 'string' || !made) return typeof row === 'string' ? row : undefined
    seq++
    prev = made.entry.hash
    return { row, to, made }
  }

  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const done = last.then(step, step)
    last = done.catch(() => undefined)
    return done
  }

  return {
    lend: async ({ worker, served, fetched, announce }) => {
      let released: Awaited<ReturnType<typeof release>>
      try {
        released = await inTurn(() => release(worker, served, fetched))
      } catch (cause) {
        // Whether the entry was written is unknown: a new chain begins, so that no number is used twice.
        chain = randomBytes(16).toString('hex')
        seq = 0
        prev = noHash
        throw new AppError('release.log', { job: fetched.job }, { cause })
      }
      if (released === undefined) throw new AppError('release.log', { job: fetched.job })
      if (typeof released === 'string') return released
      const { row, to, made } = released
      const { envelope, open } = row
      const lease: Lease = {
        job: to.job,
        attempt: row.attempt,
        lease: to.lease,
        kid: to.kid,
        open,
        served,
        resultSecret: made.resultSecret,
        envHash: made.envHash,
        inputHash: row.inputHash,
        evidenceId: to.evidenceId,
        epoch: to.epoch,
        bucket: envelope.bucket,
        maxAttempts: envelope.maxAttempts,
        maxOutputBytes: row.maxOutputBytes,
        leasedAtMs: to.nowMs,
        lastCode: row.lastCode,
        blob: blobOf(envelope.blob, made.resultSecret),
        worker,
        fetched,
        ...fresh,
      }
      announce(lease)
      worker.send(
        identity.signLease({
          type: 'lease',
          job: lease.job,
          attempt: lease.attempt,
          lease: lease.lease,
          envelope,
          wrap: toBase64url(made.wrap),
          exp: envelope.exp,
          ttlMs: Math.max(1, open.expiresAtMs - clock.now()),
          ...(lease.blob && { blobToken: lease.blob.token }),
          outBytes: lease.maxOutputBytes,
        }),
      )
      return lease
    },

    revive: (attempt, { worker, served, fetched }) => {
      const resultSecret = keks.unwrap('result', attempt.open.job, attempt.wrappedResult)
      return {
        job: attempt.open.job,
        attempt: attempt.open.attempt,
        lease: attempt.lease,
        kid: worker.kid,
        open: attempt.open,
        served,
        resultSecret,
        envHash: envelopeHash(attempt.envelope),
        inputHash: attempt.inputHash,
        evidenceId: attempt.evidenceId,
        epoch: attempt.epoch,
        bucket: attempt.envelope.bucket,
        maxAttempts: attempt.envelope.maxAttempts,
        maxOutputBytes: attempt.maxOutputBytes,
        leasedAtMs: attempt.leasedAtMs,
        lastCode: attempt.lastCode,
        blob: blobOf(attempt.envelope.blob, resultSecret),
        worker,
        fetched,
        ...fresh,
      }
    },
  }
}

const fresh = {
  state: 'running',
  stream: undefined,
  unsettled: undefined,
  missedPings: 0,
} as const

/** The token follows from the attempt's secret, so that a restarted gateway knows it again. */
function blobOf(
  blob: { id: string; size: number } | undefined,
  resultSecret: Uint8Array,
): Lease['blob'] {
  if (!blob || !isBlobId(blob.id)) return undefined
  const info = domain('chrysalis/blob-token/1', utf8(blob.id))
  const token = hkdf({ key: resultSecret, salt: new Uint8Array(0), info, length: 32 })
  return { id: blob.id, size: blob.size, token: toBase64url(token) }
}
