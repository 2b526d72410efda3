/** @module The policy in force, kept up to date: documents from a folder, believed as far as signatures, succession and the registry's anchor go (CONF §12). */
import { fromUtf8 } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Net } from '../../core/config.ts'
import { describe } from '../../core/describe.ts'
import type { Log } from '../../core/log.ts'
import { createRounds } from '../../core/rounds.ts'
import { sha256Hex } from '../crypto/binary.ts'
import { checkSignaturesByNode, nodeHashes } from '../crypto/node-crypto.ts'
import { type TeeCode, TeeError } from '../verify/codes.ts'
import { type Policy, parsePolicy, policyDigest } from '../verify/policy/document.ts'
import { examinePolicy, type Signers } from '../verify/policy/signatures.ts'
import type { Anchor, ReadAnchor } from './anchor.ts'
import type { PolicyFolder, Seen } from './folder.ts'
import {
  type InForce,
  inForceAt,
  type KnownPolicy,
  nextStanding,
  type Standing,
  standingOf,
} from './standing.ts'

export interface PolicyStore {
  /** By the clock of this moment; undefined: admit nobody. */
  inForce(): InForce | undefined
  /** Reads folder and anchor again. Never throws: what cannot be read changes nothing, and stands in `problem`. */
  refresh(): Promise<void>
  /** What was wrong at the last refresh. */
  problem(): TeeCode | undefined
  /** Refreshes now and every so often, until closed. */
  watch(everyMs: number): { close(): Promise<void> }
  /** Called after each change of `inForce`; a change that time alone made is noticed at the next refresh. */
  onChange(listener: () => void): () => void
  /** Canonical text of a signed document of this folder, also of an earlier epoch; undefined where there is none. */
  policyText(epoch: number | 'latest'): Promise<string | undefined>
}

/** What else must hold of the policy at this moment; `newest` is the digest of the newest document believed. Undefined: admit nobody. */
export type PolicyGate = (found: InForce, newest: string) => InForce | undefined

/** Nothing is read before the first `refresh`. */
export function createPolicyStore(deps: {
  net: Net
  signers: Signers
  folder: PolicyFolder
  readAnchor: ReadAnchor
  gate?: PolicyGate
  clock: Clock
  log: Log
}): PolicyStore {
  const { net, signers, folder, clock, log } = deps
  const listeners = new Set<() => void>()
  /** Documents of the last reading by their bytes: what was checked once is not checked every two seconds. */
  let checked: ReadonlyMap<string, KnownPolicy> = new Map()
  let standing: Standing | undefined
  let problem: TeeCode | undefined
  let told: string | undefined
  let running: Promise<void> = Promise.resolve()

  const inForce = (): InForce | undefined => {
    const found = standing && inForceAt(standing, clock.now())
    if (!found || !deps.gate) return found
    return deps.gate(found, standing?.next?.known.sha256 ?? found.sha256)
  }
  const tellChange = (): void => {
    const found = inForce()
    const facts = found && [found.sha256, found.pending && digestOf(found.pending)].join()
    if (facts === told) return
    told = facts
    log.info('policy.changed', { epoch: found?.current.epoch, pending: found?.pending?.epoch })
    for (const listener of listeners) listener()
  }
  const readAnchor = async (): Promise<Anchor | undefined> => {
    try {
      return await deps.readAnchor()
    } catch (error) {
      // Unreadable: what is in force stays so until its own end.
      if (!(error instanceof TeeError)) log.failure('policy.anchor-unread', describe(error))
      return undefined
    }
  }
  const step = async (): Promise<TeeCode | undefined> => {
    const seen = await folder.seen()
    const documents = await folder.documents(seen?.before?.epoch ?? seen?.epoch ?? 1)
    const { here, isSound } = await checkDocuments(documents, { signers, checked })
    checked = new Map([...here.values()].map((known) => [known.sha256, known]))
    const anchor = await readAnchor()
    const before = standing ?? standingOf(seen, here)
    const next = nextStanding(before, { net, seen, here, anchor, nowMs: clock.now() })
    const now = seenOf(next.standing) ?? seen
    // First on disk, then in use: a restart must not forget what was believed.
    if (now && !isSame(now, seen)) await folder.remember(now)
    standing = next.standing
    return next.code ?? (isSound ? undefined : 'POL_SIG')
  }
  const refreshNow = async (): Promise<void> => {
    let code: TeeCode | undefined
    try {
      code = await step()
    } catch (error) {
      log.failure('policy.unread', describe(error))
      code = 'POL_ANCHOR'
    }
    if (code !== undefined && code !== problem) log.error('policy.problem-found', { code })
    problem = code
    tellChange()
  }
  const refresh = (): Promise<void> => {
    running = running.then(refreshNow)
    return running
  }

  return {
    inForce,
    refresh,
    problem: () => problem,
    watch: (everyMs) => {
      const rounds = createRounds(clock, (error) => log.failure('policy.unread', describe(error)))
      rounds.every(everyMs, refresh)
      return { close: () => rounds.close() }
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    policyText: async (epoch) => {
      const wanted = epoch === 'latest' ? inForce()?.current.epoch : epoch
      const documents = wanted === undefined ? [] : await folder.documents(wanted)
      const found = documents.find((it) => it.epoch === wanted)
      const known = found && (await knownPolicy(found.bytes, signers))
      return known?.policy.epoch === wanted && found ? fromUtf8(found.bytes) : undefined
    },
  }
}

/** Signed documents by epoch; what is not signed as it must be is as good as absent, and said. */
async function checkDocuments(
  documents: Awaited<ReturnType<PolicyFolder['documents']>>,
  { signers, checked }: { signers: Signers; checked: ReadonlyMap<string, KnownPolicy> },
): Promise<{ here: Map<number, KnownPolicy>; isSound: boolean }> {
  const here = new Map<number, KnownPolicy>()
  let isSound = true
  for (const { epoch, bytes } of documents) {
    const known = checked.get(sha256Hex(bytes)) ?? (await knownPolicy(bytes, signers))
    if (known?.policy.epoch === epoch) here.set(epoch, known)
    else isSound = false
  }
  return { here, isSound }
}

/** Undefined for what is no document, or is not signed as its network demands. */
async function knownPolicy(bytes: Uint8Array, signers: Signers): Promise<KnownPolicy | undefined> {
  try {
    const policy = parsePolicy(bytes)
    const { failed, signatures } = examinePolicy(policy, signers)
    const holds = await checkSignaturesByNode(signatures)
    if (failed.length > 0 || !holds.every((it) => it)) return undefined
    return { policy, sha256: digestOf(policy) }
  } catch (error) {
    if (error instanceof TeeError) return undefined
    throw error
  }
}

const digestOf = (policy: Policy): string => policyDigest(policy, nodeHashes)

const name = ({ policy, sha256 }: KnownPolicy) => ({ epoch: policy.epoch, sha256 })

/** The newest document that was believed, and the one before it where the newest still waits. */
function seenOf({ current, next }: Standing): Seen | undefined {
  const newest = next?.known ?? current
  if (!newest) return undefined
  return next && current ? { ...name(newest), before: name(current) } : name(newest)
}

const isSame = (a: Seen, b: Seen | undefined): boolean =>
  a.epoch === b?.epoch && a.sha256 === b.sha256 && a.before?.sha256 === b.before?.sha256
