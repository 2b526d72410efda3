/** Policies, signers and verdicts for the tests of policies. */
import { randomBytes } from 'node:crypto'
import { toHex } from '../../src/tee/crypto/binary.ts'
import { checkSignaturesByNode, nodeHashes } from '../../src/tee/crypto/node-crypto.ts'
import { type Signer, signerOf } from '../../src/tee/crypto/signature.ts'
import { signPolicy } from '../../src/tee/policy/signing.ts'
import { type TeeCode, TeeError } from '../../src/tee/verify/codes.ts'
import type { Measurements, Tcb, Verdict } from '../../src/tee/verify/examination.ts'
import { NO_POLICY, type Policy } from '../../src/tee/verify/policy/document.ts'
import type { SnpEntry, TdxEntry } from '../../src/tee/verify/policy/entry.ts'
import { type Judged, judge } from '../../src/tee/verify/policy/judge.ts'
import { examinePolicy, Signers } from '../../src/tee/verify/policy/signatures.ts'
import { NOW_S } from './tee.ts'

export const NOW_MS = NOW_S * 1000
export const dayS = 86_400

/** A measured register of `bytes` that repeats one byte. */
export const register = (byte: number, bytes = 48): string =>
  byte.toString(16).padStart(2, '0').repeat(bytes)

export const someModel = { id: 'echo', weights: `sha256:${register(0xee, 32)}` }

export const tdxEntry = (change: Partial<TdxEntry> = {}): TdxEntry => ({
  role: 'worker',
  tee: 'tdx',
  mrtd: register(1),
  rtmr0: register(2),
  rtmr1: register(3),
  rtmr2: register(4),
  rtmr3: register(5),
  mrConfigId: register(6),
  mrOwner: register(0),
  mrOwnerConfig: register(0),
  tdAttributes: '0000001000000000',
  xfam: 'e702060000000000',
  image: `sha256:${register(7, 32)}`,
  models: [someModel],
  from: NOW_S - dayS,
  until: NOW_S + 30 * dayS,
  ...change,
})

export const snpEntry = (change: Partial<SnpEntry['snp']> = {}): SnpEntry => ({
  role: 'worker',
  tee: 'snp',
  hostData: register(8, 32),
  snp: {
    product: 'Genoa',
    measurement: register(9),
    policy: '0000000000030000',
    idKeyDigest: register(0),
    authorKeyDigest: register(0),
    minTcb: { bl: 9, tee: 0, snp: 23, ucode: 72 },
    ...change,
  },
  image: `sha256:${register(7, 32)}`,
  models: [someModel],
  from: NOW_S - dayS,
  until: NOW_S + 30 * dayS,
})

/** Unsigned, epoch 1, in time at `NOW_MS`. */
export const somePolicy = (change: Partial<Policy> = {}): Policy => ({
  v: 1,
  net: 'mainnet',
  epoch: 1,
  prev: NO_POLICY,
  notBefore: NOW_S - dayS,
  notAfter: NOW_S + 30 * dayS,
  minEvalNumber: 17,
  tcb: { outOfDateDays: 0, advisories: [] },
  entries: [tdxEntry()],
  deny: { kids: [], hw: [], measurements: [] },
  signatures: [],
  ...change,
})

export const someSigners = (count: number): Signer[] =>
  Array.from({ length: count }, () => signerOf(randomBytes(32)))

export const signersOf = (net: Policy['net'], signers: readonly Signer[]): Signers =>
  Signers.forNet(
    net,
    signers.map(({ publicKey }) => toHex(publicKey)),
  )

export const signedBy = (policy: Policy, signers: readonly Signer[]): Policy =>
  signers.reduce(signPolicy, policy)

/** What a reader of the document finds wrong with its signatures. */
export async function failedSignatures(policy: Policy, signers: Signers): Promise<TeeCode[]> {
  const { failed, signatures } = examinePolicy(policy, signers)
  const holds = await checkSignaturesByNode(signatures)
  return [...failed, ...signatures.filter((_, at) => !holds[at]).map(({ code }) => code)]
}

/** The code and field of a thrown `TeeError`, or a sentence that is no code. */
export function teeThrown(run: () => unknown): string {
  try {
    run()
    return 'nothing thrown'
  } catch (error) {
    if (!(error instanceof TeeError)) return 'another error'
    return error.field === undefined ? error.code : `${error.code} ${error.field}`
  }
}

export const someTcb = (change: Partial<Tcb> = {}): Tcb => ({
  status: 'UpToDate',
  advisories: [],
  dateMs: NOW_MS - 300 * dayS * 1000,
  newestDateMs: NOW_MS - 300 * dayS * 1000,
  evalNumber: 17,
  ...change,
})

/** What the machine of `entry` measures. */
export const tdxMeasured = (entry: TdxEntry): Extract<Measurements, { tee: 'tdx' }> => ({
  tee: 'tdx',
  mrTd: entry.mrtd,
  rtmr0: entry.rtmr0,
  rtmr1: entry.rtmr1,
  rtmr2: entry.rtmr2,
  rtmr3: entry.rtmr3 ?? register(5),
  mrConfigId: entry.mrConfigId,
  mrOwner: entry.mrOwner,
  mrOwnerConfig: entry.mrOwnerConfig,
  tdAttributes: entry.tdAttributes,
  xfam: entry.xfam,
})

export const snpMeasured = (entry: SnpEntry): Extract<Measurements, { tee: 'snp' }> => ({
  tee: 'snp',
  measurement: entry.snp.measurement,
  hostData: entry.hostData,
  policy: entry.snp.policy,
  idKeyDigest: entry.snp.idKeyDigest,
  authorKeyDigest: entry.snp.authorKeyDigest,
  product: entry.snp.product,
  reportedTcb: { ...entry.snp.minTcb },
  committedTcb: { ...entry.snp.minTcb },
  launchTcb: { ...entry.snp.minTcb },
  signer: 'vcek',
})

export const someVerdict = (
  measurements: Measurements,
  change: Partial<Verdict> = {},
): Verdict => ({
  ok: true,
  tee: measurements.tee,
  failed: [],
  measurements,
  hardware: measurements.tee === 'nvidia' ? register(0xaa, 32) : register(0xbb, 16),
  ...(measurements.tee === 'tdx' && { tcb: someTcb() }),
  expiresAt: NOW_MS + 7 * dayS * 1000,
  ...change,
})

/** A worker on mainnet with the first TDX entry of `somePolicy`. */
export const someJudged = (change: Partial<Judged> = {}): Judged => ({
  verdict: someVerdict(tdxMeasured(tdxEntry())),
  gpus: [],
  models: [someModel],
  kid: register(0xcc, 16),
  role: 'worker',
  net: 'mainnet',
  nowMs: NOW_MS,
  hashes: nodeHashes,
  ...change,
})

export const failedBy = (policy: Policy, change: Partial<Judged> = {}): readonly TeeCode[] =>
  judge(policy, someJudged(change)).failed
