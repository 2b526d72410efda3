/** @module The release log: which worker was given which key, as hash chains whose heads the broker signs (CONF §6). */
import { canonicalBytes } from '../../core/canonical.ts'
import { domain, fromBase64url, sha256Hex } from '../crypto/binary.ts'
import { SIGNATURE_BYTES, signedBytes, type Verifier } from '../crypto/signature.ts'

/** One key given to one worker; hashes and ids are lower-case hex, `at` is unix milliseconds. */
export interface ReleaseEntry {
  readonly net: string
  /** One chain a day and broker process, so that gateways do not queue for one lock. */
  readonly chain: string
  /** From 0, without gaps. */
  readonly seq: number
  readonly job: string
  readonly attempt: number
  readonly lease: string
  readonly kid: string
  readonly evidenceId: string
  /** Policy epoch. */
  readonly epoch: number
  readonly envHash: string
  readonly at: number
  /** Hash of the entry before, `NO_HASH` at 0. */
  readonly prev: string
}

/** An entry as it stands in its row. */
export interface LoggedRelease extends ReleaseEntry {
  readonly hash: string
}

/** What the broker signs each hour: how far a chain had come, and the head it signed before. */
export interface LogHead {
  readonly net: string
  /** Kid of the broker. */
  readonly aud: string
  readonly chain: string
  /** The last entry then. */
  readonly seq: number
  readonly hash: string
  /** Hash of the head before, of this or an earlier process; `NO_HASH` for the first. */
  readonly prev: string
  readonly at: number
}

export interface SignedHead extends LogHead {
  /** Ed25519, base64url. */
  readonly sig: string
}

export const NO_HASH = '0'.repeat(64)

/** Hash of an entry: every member, also the network and the entry before. */
export const releaseHash = (entry: ReleaseEntry): string => {
  const { net, chain, seq, job, attempt, lease, kid, evidenceId, epoch, envHash, at, prev } = entry
  const members = {
    v: 2,
    net,
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
  return sha256Hex(domain('chrysalis/log/1', canonicalBytes(members)))
}

/** What is signed of a head. */
export const headBytes = ({ net, aud, chain, seq, hash, prev, at }: LogHead): Uint8Array =>
  signedBytes('chrysalis/log-head/1', { v: 1, net, aud, chain, seq, hash, prev, at })

/** Names a head; the next one cites it. */
export const headHash = (head: LogHead): string => sha256Hex(headBytes(head))

/**
 * `changed`: an entry's members are not those of its hash. `missing`: an entry between two others, or the first of a
 * chain, is gone. `reordered`: an entry does not follow the one before it. `head-forged`: a head that the broker did not
 * sign. `head-broken`: a head's entry is gone or another one. `head-missing`: a head that a later one cites is gone.
 * `attempt-missing`: a job's attempt that no entry tells of.
 */
type LogFaultKind =
  | 'changed'
  | 'missing'
  | 'reordered'
  | 'head-forged'
  | 'head-broken'
  | 'head-missing'
  | 'attempt-missing'

interface LogFault {
  readonly kind: LogFaultKind
  /** Chain, or job for `attempt-missing`. */
  readonly of: string
  /** Place in the chain, or the attempt. */
  readonly seq: number
}

export interface LogReport {
  readonly entries: number
  readonly chains: number
  readonly heads: number
  /** Empty: nothing that the log still shows was removed, changed or reordered. */
  readonly faults: readonly LogFault[]
}

/**
 * Checks a whole log. `heads`: those of the database and any that were kept elsewhere; they show what the entries alone
 * cannot, a chain cut at its end. `attempts`: how many attempts each known job has had. Chains whose last entry is older
 * than `keptFromMs` may be gone whole. A log removed whole, heads and all, is seen only against a head kept elsewhere.
 */
export function verifyReleaseLog(log: {
  readonly entries: readonly LoggedRelease[]
  readonly heads: readonly SignedHead[]
  readonly isSigned: Verifier
  readonly attempts?: readonly { readonly job: string; readonly attempt: number }[]
  readonly keptFromMs?: number
}): LogReport {
  const chains = Map.groupBy(log.entries, ({ chain }) => chain)
  const faults: LogFault[] = []
  for (const [chain, entries] of chains) faults.push(...faultsOfChain(chain, entries))
  const known = new Map(log.entries.map((entry) => [placeOf(entry), entry.hash]))
  const heads = new Set(log.heads.map(headHash))
  for (const head of log.heads) {
    const { chain: of, seq } = head
    if (!isSignedBy(log.isSigned, head)) faults.push({ kind: 'head-forged', of, seq })
    const mayBeGone = head.at < (log.keptFromMs ?? -Infinity) && !chains.has(of)
    if (!mayBeGone && known.get(placeOf(head)) !== head.hash)
      faults.push({ kind: 'head-broken', of, seq })
    if (head.prev !== NO_HASH && !heads.has(head.prev))
      faults.push({ kind: 'head-missing', of, seq })
  }
  const released = new Set(log.entries.map(({ job, attempt }) => `${job}.${attempt}`))
  for (const { job, attempt } of log.attempts ?? [])
    for (let n = 1; n <= attempt; n++)
      if (!released.has(`${job}.${n}`)) faults.push({ kind: 'attempt-missing', of: job, seq: n })
  return { entries: log.entries.length, chains: chains.size, heads: log.heads.length, faults }
}

const placeOf = ({ chain, seq }: { chain: string; seq: number }): string => `${chain}.${seq}`

function faultsOfChain(of: string, entries: readonly LoggedRelease[]): LogFault[] {
  const faults: LogFault[] = []
  let next = 0
  let prev = NO_HASH
  for (const entry of entries.toSorted((a, b) => a.seq - b.seq)) {
    const { seq } = entry
    if (releaseHash(entry) !== entry.hash) faults.push({ kind: 'changed', of, seq })
    if (seq !== next) faults.push({ kind: 'missing', of, seq: next })
    else if (entry.prev !== prev) faults.push({ kind: 'reordered', of, seq })
    next = seq + 1
    prev = entry.hash
  }
  return faults
}

function isSignedBy(isSigned: Verifier, head: SignedHead): boolean {
  const signature = fromBase64url(head.sig, SIGNATURE_BYTES)
  return signature !== undefined && isSigned(headBytes(head), signature)
}
