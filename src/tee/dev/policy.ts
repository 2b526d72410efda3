/** @module The dev network's policy: made, signed and anchored by the installation itself, for the machines it simulates (CONF §12, §15). */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { canonicalBytes, canonicalText } from '../../core/canonical.ts'
import type { Clock } from '../../core/clock.ts'
import { readOrCreateSecretFile } from '../../core/secret-file.ts'
import { toHex } from '../crypto/binary.ts'
import { nodeHashes } from '../crypto/node-crypto.ts'
import { SEED_BYTES, type Signer, signerOf } from '../crypto/signature.ts'
import { type Anchor, fileAnchor, type ReadAnchor } from '../policy/anchor.ts'
import { openPolicyFolder, type PolicyFolder, writeDurably } from '../policy/folder.ts'
import { signPolicy } from '../policy/signing.ts'
import type { Measurements } from '../verify/examination.ts'
import {
  NO_POLICY,
  type Policy,
  parsePolicy,
  policyBytes,
  policyDigest,
  policyOf,
} from '../verify/policy/document.ts'
import type { PolicyEntry } from '../verify/policy/entry.ts'
import { Signers } from '../verify/policy/signatures.ts'

/** Where an installation keeps its policy, and the key that signs it. */
export interface DevPolicyPlace {
  /** Of documents and anchor. */
  readonly folder: string
  /** Of `policy.key`. */
  readonly keys: string
  readonly clock: Clock
}

/** What a policy store of the dev network is made from. */
export interface DevPolicy {
  readonly folder: PolicyFolder
  readonly signers: Signers
  readonly readAnchor: ReadAnchor
}

const anchorFile = 'anchor.json'
const lifeS = 366 * 86_400
/** Renewed at a start when less than this is left. */
const renewS = 180 * 86_400
/** Year 9999. */
const forever = 253_402_300_799

/**
 * Makes the policy with its key at the first start, adds entries that are missing at a later one, renews it in time.
 * A measurement on its deny list is not added again. Every network but the dev network has signers and a registry.
 */
export async function issueDevPolicy(
  place: DevPolicyPlace,
  entries: readonly PolicyEntry[],
): Promise<DevPolicy> {
  const folder = openPolicyFolder(place.folder)
  const signer = openSigner(place.keys)
  const latest = await latestOf(folder)
  const now = Math.floor(place.clock.now() / 1000)
  const known = new Set(latest?.entries.map(canonicalText))
  const missing = entries.filter(
    (entry) => !known.has(canonicalText(entry)) && !isDenied(entry, latest),
  )
  if (!latest || missing.length > 0 || latest.notAfter < now + renewS)
    await issue(place, latest, { entries: [...(latest?.entries ?? []), ...missing] })
  return {
    folder,
    signers: Signers.forNet('devnet', [toHex(signer.publicKey)]),
    readAnchor: fileAnchor('devnet', join(place.folder, anchorFile)),
  }
}

/** The next epoch with a change to the latest one: how a dev network revokes. Acts at the next refresh of its gateways. */
export async function reviseDevPolicy(
  place: DevPolicyPlace,
  change: (latest: Policy) => Partial<Pick<Policy, 'entries' | 'deny' | 'tcb' | 'minEvalNumber'>>,
): Promise<Policy> {
  const latest = await latestOf(openPolicyFolder(place.folder))
  if (!latest) throw new TypeError('no policy yet')
  return issue(place, latest, change(latest))
}

async function issue(
  place: DevPolicyPlace,
  latest: Policy | undefined,
  change: Partial<Policy>,
): Promise<Policy> {
  const folder = openPolicyFolder(place.folder)
  const now = Math.floor(place.clock.now() / 1000)
  const first: Policy = {
    v: 1,
    net: 'devnet',
    epoch: 1,
    prev: NO_POLICY,
    notBefore: 0,
    notAfter: 1,
    minEvalNumber: 0,
    tcb: { outOfDateDays: 0, advisories: [] },
    entries: [],
    deny: { kids: [], hw: [], measurements: [] },
    signatures: [],
  }
  const draft = policyOf({
    ...(latest ?? first),
    ...change,
    ...(latest && { epoch: latest.epoch + 1, prev: policyDigest(latest, nodeHashes) }),
    // A machine whose clock is turned back a little still has a policy.
    notBefore: now - 3600,
    notAfter: now + lifeS,
    signatures: [],
  })
  await folder.add(draft.epoch, policyBytes(signPolicy(draft, openSigner(place.keys))))
  // Of two processes that start at once, the first one's document is the document.
  const issued = (await latestOf(folder)) ?? draft
  const since = issued.notBefore
  const anchor: Anchor = {
    epoch: issued.epoch,
    sha256: policyDigest(issued, nodeHashes),
    anchoredAt: since,
    activeFrom: since,
  }
  await writeDurably(place.folder, anchorFile, canonicalBytes({ ...anchor }))
  return issued
}

async function latestOf(folder: PolicyFolder): Promise<Policy | undefined> {
  const last = (await folder.documents(1)).at(-1)
  return last && parsePolicy(last.bytes)
}

function openSigner(keys: string): Signer {
  const seed = Uint8Array.from(
    readOrCreateSecretFile(join(keys, 'policy.key'), () => randomBytes(SEED_BYTES)),
  )
  const signer = signerOf(seed)
  seed.fill(0)
  return signer
}

function isDenied(entry: PolicyEntry, policy: Policy | undefined): boolean {
  const measurement = entry.tee === 'tdx' ? entry.mrtd : entry.snp.measurement
  return policy?.deny.measurements.includes(measurement) ?? false
}

/** The entry that a simulated machine meets: its own measurements, any model, for good. `gpu`: what its simulated GPUs must be. */
export function devEntry(
  measured: Extract<Measurements, { tee: 'tdx' | 'snp' }>,
  options: { readonly role?: PolicyEntry['role']; readonly gpu?: PolicyEntry['gpu'] } = {},
): PolicyEntry {
  const { role = 'worker', gpu } = options
  const common = { role, image: 'dev', models: 'any', from: 0, until: forever } as const
  const rest = { ...common, ...(gpu && { gpu }) }
  if (measured.tee === 'tdx') {
    const { mrTd: mrtd, ...registers } = measured
    return { ...rest, ...registers, mrtd }
  }
  const { hostData, product, measurement, policy, idKeyDigest, authorKeyDigest } = measured
  const { bl = 0, tee = 0, snp = 0, ucode = 0, fmc } = measured.committedTcb
  const minTcb = { bl, tee, snp, ucode, ...(fmc !== undefined && { fmc }) }
  return {
    ...rest,
    tee: 'snp',
    hostData,
    snp: { product, measurement, policy, idKeyDigest, authorKeyDigest, minTcb },
  }
}
