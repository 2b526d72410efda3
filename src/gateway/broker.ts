/** @module The key broker: moves the fence, writes the release log, and wraps a job's key for one lease of one worker (CONF §6). */
import { randomBytes } from 'node:crypto'
import { AppError } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import { type Id, isBlobId, isLeaseId, type LeaseId, parseId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import type {
  LeaseStore,
  Refusal,
  ReleasedRow,
  ReleaseTo,
  RunningAttempt,
} from '../queue/lease-store.ts'
import type { ReleaseStore } from '../queue/release-store.ts'
import type { Fetched } from '../queue/shard.ts'
import { hkdf } from '../tee/crypto/aead.ts'
import { domain, sha256Hex, toBase64url, utf8 } from '../tee/crypto/binary.ts'
import type { Identity } from '../tee/keys/identity.ts'
import type { Keks } from '../tee/keys/kek.ts'
import { headHash, NO_HASH } from '../tee/keys/release-log.ts'
import { type LeaseContext, type WrappedCek, wrapCek } from '../tee/keys/session-keys.ts'
import { envelopeHash } from '../tee/sealing/envelope.ts'
import type { Recount } from './recount.ts'
import { createReleaseChain, linkHeads } from './release-chain.ts'
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
  }): Promise<Lease | Refusal | SessionRefusal>
  /** Rebuilds the lease of an attempt that a gateway before us had released. */
  revive(attempt: RunningAttempt, to: { worker: Worker; served: Served; fetched: Fetched }): Lease
  /** Signs how far the release log has come; done each hour anyway. Never rejects. */
  signHead(): Promise<void>
  /** Signs the last head. */
  close(): Promise<void>
}

/** The worker, not the job, is the reason: the job waits again. */
export type SessionRefusal = 'release.no-session' | 'release.model'

/** The lease id of a lock token. */
export const leaseIdOf = (token: string): LeaseId => parseId(sha256Hex(utf8(token)), isLeaseId)

const headMs = 3_600_000
type HeadId = Id<'log-head'>
const isHeadId = (text: string): text is HeadId => /^[0-9a-f]{64}$/.test(text)

export function createBroker(deps: {
  net: Net
  store: LeaseStore
  releases: ReleaseStore
  keks: Keks
  identity: Identity
  /** Absent where nobody pays. */
  recount?: Recount
  clock: Clock
  log: Log
}): Broker {
  const { store, releases, keks, identity, recount, clock, log } = deps
  const chain = createReleaseChain(deps.net, clock.now())
  let lastHead: string | undefined
  /** One release after the other: the log is a chain, and each entry names the one before. */
  let last: Promise<unknown> = Promise.resolve()

  const wrapFor = async (
    worker: Worker,
    place: LeaseContext,
    { wrappedCek, envHash }: { wrappedCek: Uint8Array; envHash: string },
  ): Promise<WrappedCek> => {
    const cek = keks.unwrap('cek', place.job, wrappedCek)
    try {
      return await wrapCek(worker.session.keys, place, { cek, envHash })
    } finally {
      cek.fill(0)
    }
  }

  /** The keys of one attempt, made inside the transaction that moves the fence. */
  const write = async (row: ReleasedRow, to: ReleaseTo, worker: Worker) => {
    const { envelope, attempt, wrappedCek } = row
    const envHash = envelopeHash(envelope)
    const place = { job: to.job, attempt, lease: to.lease }
    const { wrap, resultSecret } = wrappedCek
      ? await wrapFor(worker, place, { wrappedCek, envHash })
      : // Its key never was here. The secret only makes the token of its blob.
        { wrap: new Uint8Array(0), resultSecret: randomBytes(32) }
    const { job, lease, kid, evidenceId, epoch, nowMs: at } = to
    const entry = chain.place({ job, attempt, lease, kid, evidenceId, epoch, envHash, at })
    const wrappedResult = keks.wrap('result', job, resultSecret)
    return {
      entry: { ...entry, envHash, wrappedResult },
      wrap,
      resultSecret,
      envHash,
    }
  }

  const release = async (worker: Worker, served: Served, fetched: Fetched) => {
    const refusal = refusalOf(worker, served, clock.now())
    if (refusal) return refusal
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
    chain.advance(made.entry)
    return { row, to, made }
  }

  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const done = last.then(step, step)
    last = done.catch(() => undefined)
    return done
  }

  const signHead = async (): Promise<void> => {
    try {
      await inTurn(async () => {
        const ends = chain.unsigned(clock.now())
        if (ends.length === 0) return
        lastHead ??= (await releases.lastHead(identity.kid)) ?? NO_HASH
        const by = { net: deps.net, aud: identity.kid, at: clock.now(), prev: lastHead }
        const heads = linkHeads(ends, by).map((head) => ({
          ...identity.signLogHead(head),
          id: headHash(head),
        }))
        await releases.addHeads(heads)
        chain.signed()
        for (const { id, seq } of heads) {
          lastHead = id
          // Kept outside of the database by whoever keeps logs: that is what a removed log is seen by.
          log.info('release.head-signed', { head: parseId(id, isHeadId), seq })
        }
      })
    } catch (error) {
      log.failure('release.head-unsigned', describe(error))
    }
  }
  const stopSigning = clock.every(headMs, () => void signHead()) // never rejects

  return {
    signHead,
    close: async () => {
      stopSigning()
      await signHead()
    },
    lend: async ({ worker, served, fetched, announce }) => {
      let released: Awaited<ReturnType<typeof release>>
      try {
        released = await inTurn(() => release(worker, served, fetched))
      } catch (cause) {
        // Whether the entry was written is unknown: a new chain begins, so that no number is used twice.
        chain.restart()
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
        isClientHeld: row.wrappedCek === undefined,
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
        ...(recount && { source: later(() => recount.source(row)) }),
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
        isClientHeld: attempt.isClientHeld,
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
        ...(recount && { source: later(() => recount.source(attempt)) }),
        ...fresh,
      }
    },
  }
}

/** Begins once the lease is on its way: the worker is not kept waiting for a count. */
const later = <T>(step: () => Promise<T>): Promise<T> =>
  new Promise((resolve) => setImmediate(() => resolve(step())))

/** It was chosen when the job was fetched: its session may have ended, or begun anew with other claims, while its turn came. */
function refusalOf(worker: Worker, served: Served, nowMs: number): SessionRefusal | undefined {
  const { session, isDraining, isPaused, isExpired, isGone } = worker
  if (isDraining || isPaused || isExpired || isGone || session.expiresAt * 1000 <= nowMs)
    return 'release.no-session'
  const isClaimed = session.claims.models.some(
    ({ id, weights }) => id === served.model && weights === served.weights,
  )
  return isClaimed ? undefined : 'release.model'
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
