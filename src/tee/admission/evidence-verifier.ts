/** @module The whole judgement of a worker's evidence: hardware's word, what it is bound to, the policy in force (CONF §3, §4, §9–§12). */
import type { FrameOf } from '../../core/frames.ts'
import type { Tier } from '../../core/tier.ts'
import { equalBytes } from '../crypto/aead.ts'
import { fromBase64url } from '../crypto/binary.ts'
import { nodeHashes } from '../crypto/node-crypto.ts'
import type { ExaminedCpu, Examiner } from '../evidence/examine.ts'
import type { Nras } from '../evidence/nras.ts'
import type { AnchorSet } from '../verify/anchors.ts'
import { inTableOrder, type TeeCode } from '../verify/codes.ts'
import type { Verdict } from '../verify/examination.ts'
import type { Policy } from '../verify/policy/document.ts'
import { type Judgement, judgeInForce } from '../verify/policy/judge.ts'
import { gpuHash } from './claims.ts'
import { Refusal, refusalOf } from './refusal.ts'

/** The document in force, and the next one while its additions still wait. */
export interface InForce {
  readonly current: Policy
  readonly pending?: Policy
}

/** What evidence must be bound to. */
interface EvidenceBound {
  /** 64 bytes. */
  readonly reportData: Uint8Array
  /** 32 bytes. */
  readonly gpuNonce: Uint8Array
  readonly kid: string
  readonly nowMs: number
}

/** Accepted evidence: enough to judge it again when the policy changes, and to write its record. */
export interface AcceptedEvidence {
  readonly tier: Tier
  /** Unix seconds. */
  readonly expiresAt: number
  /** Name of the machine. */
  readonly hw: string
  readonly cpu: ExaminedCpu
  readonly gpus: readonly Verdict[]
  /** NVIDIA's service vouched for the GPUs, or did not; undefined where it was not asked. */
  readonly nras?: boolean
  readonly judgement: Judgement
  readonly policy: Policy
}

export interface EvidenceVerifier {
  /** The policy that judges now; undefined admits nobody. */
  inForce(): InForce | undefined
  /** Throws `Refusal`, and nothing else for what a worker sent. */
  verify(frame: FrameOf<'evidence'>, bound: EvidenceBound): Promise<AcceptedEvidence>
  /** The policy in force now on evidence accepted earlier: the reason why it would no longer be. */
  rejudge(
    frame: Pick<FrameOf<'evidence'>, 'claims' | 'eventlog'>,
    accepted: AcceptedEvidence,
    bound: Pick<EvidenceBound, 'kid' | 'nowMs'>,
  ): TeeCode | undefined
}

export function createEvidenceVerifier(deps: {
  net: AnchorSet['net']
  examiner: Examiner
  /** Absent: an entry that wants its word admits nobody. */
  nras?: Nras
  inForce: () => InForce | undefined
}): EvidenceVerifier {
  const { net, examiner, nras, inForce } = deps

  const judged = (
    frame: Pick<FrameOf<'evidence'>, 'claims' | 'eventlog'>,
    shown: Pick<AcceptedEvidence, 'cpu' | 'gpus' | 'nras'>,
    { kid, nowMs }: Pick<EvidenceBound, 'kid' | 'nowMs'>,
  ) => {
    const policy = inForce()
    if (!policy) return undefined
    const judgement = judgeInForce(policy, {
      verdict: shown.cpu.verdict,
      gpus: shown.gpus.map((verdict) => ({
        verdict,
        ...(shown.nras !== undefined && { nras: shown.nras }),
      })),
      models: frame.claims.models,
      kid,
      ...(frame.eventlog !== undefined && { eventlog: frame.eventlog }),
      role: 'worker',
      net,
      nowMs,
      hashes: nodeHashes,
    })
    return { policy: policy.current, judgement }
  }

  const examine = async (frame: FrameOf<'evidence'>, bound: EvidenceBound, epoch: number) => {
    const quote = fromBase64url(frame.quote)
    if (!quote) throw refusalOf('CLM_SHAPE')
    const cpu = await examiner.cpu(quote, { expected: bound.reportData, epoch })
    const shown = frame.gpu.map(gpuBytes)
    const gpus: Verdict[] = []
    for (const gpu of shown) gpus.push(await examiner.gpu(gpu, { nonce: bound.gpuNonce, epoch }))
    const isGood = cpu.verdict.ok && gpus.every(({ ok }) => ok)
    const asked = isGood ? await askNras(shown, bound) : undefined
    return { cpu, gpus, ...(asked && { nras: asked.length === 0, doubts: asked }) }
  }

  /** What NVIDIA's service finds wrong, where an entry wants its word; it costs a request, so only for evidence that is good. */
  const askNras = async (
    gpus: readonly ReturnType<typeof gpuBytes>[],
    { gpuNonce: nonce }: EvidenceBound,
  ): Promise<readonly TeeCode[] | undefined> => {
    const policies = [inForce()?.current, inForce()?.pending]
    const isWanted = policies.some((policy) =>
      policy?.entries.some(({ gpu }) => gpu?.nras === 'required'),
    )
    return nras && isWanted && gpus.length > 0 ? nras.check({ nonce, gpus }) : undefined
  }

  return {
    inForce,
    verify: async (frame, bound) => {
      const epoch = inForce()?.current.epoch
      if (epoch === undefined) throw refusalOf('POL_EXPIRED')
      const { doubts = [], ...shown } = await examine(frame, bound, epoch)
      const found = judged(frame, shown, bound)
      if (!found) throw refusalOf('POL_EXPIRED')
      const { judgement, policy } = found
      // The hardware's own word first: what a policy misses follows from what the evidence lacks.
      const own = [shown.cpu.verdict, ...shown.gpus].flatMap(({ failed }) => failed)
      const unbound = bindings(frame, shown, bound)
      // Where the policy misses the service's word, what the service said is the better reason.
      const named = judgement.failed.includes('GPU_NRAS_RESULT') ? doubts : []
      const reason =
        inTableOrder(own)[0] ?? inTableOrder([...judgement.failed, ...named, ...unbound])[0]
      if (reason !== undefined) throw refusalOf(reason)
      const { tier, hw, expiresAt } = judgement
      if (!judgement.ok || !tier || hw === undefined || expiresAt === undefined)
        throw new Refusal('admission.evidence')
      return {
        ...shown,
        tier,
        hw,
        expiresAt: Math.floor(expiresAt / 1000),
        judgement,
        policy,
      }
    },
    rejudge: (frame, accepted, bound) => {
      const found = judged(frame, accepted, bound)
      if (!found) return 'POL_EXPIRED'
      const { ok, code = 'POL_MEASUREMENT' } = found.judgement
      return ok ? undefined : code
    },
  }
}

function gpuBytes({ evidence, certificate }: FrameOf<'evidence'>['gpu'][number]) {
  const shown = { evidence: fromBase64url(evidence), certificate: fromBase64url(certificate) }
  if (!shown.evidence || !shown.certificate) throw refusalOf('CLM_SHAPE')
  return { evidence: shown.evidence, certificate: shown.certificate }
}

/** What ties the evidence to these claims, beside the policy. */
function bindings(
  frame: FrameOf<'evidence'>,
  { cpu, gpus }: { cpu: ExaminedCpu; gpus: readonly Verdict[] },
  bound: EvidenceBound,
): TeeCode[] {
  const failed: TeeCode[] = []
  const quoted = cpu.verdict.reportData
  if (!quoted || !equalBytes(quoted, bound.reportData)) failed.push('CLM_BINDING')
  const hashes = frame.gpu.map(gpuHash)
  const { gpus: claimed } = frame.claims
  if (hashes.length !== claimed.length || hashes.some((hash, at) => hash !== claimed[at]))
    failed.push('CLM_GPU_HASH')
  for (const { reportData: nonce } of gpus)
    if (!nonce || !equalBytes(nonce, bound.gpuNonce)) failed.push('GPU_NONCE')
  return failed
}
