/** @module The client's own verdict on evidence: the verifier and the policy judge of production, run where the client is (CONF §9–§12). */
import { fromUtf8 } from '../../core/bytes.ts'
import { equalBytes } from '../crypto/aead.ts'
import { fromBase64url } from '../crypto/binary.ts'
import { checkSignaturesByNode, nodeHashes } from '../crypto/node-crypto.ts'
import type { Anchors } from '../verify/anchors.ts'
import { type ClaimsDocument, claimsShape, gpuHashOf, gpuNonceOf } from '../verify/claims.ts'
import { TeeError } from '../verify/codes.ts'
import type { Verdict, VerifyContext } from '../verify/examination.ts'
import { examineGpu } from '../verify/nvidia/verify.ts'
import type { Policy } from '../verify/policy/document.ts'
import { judgeInForce } from '../verify/policy/judge.ts'
import { readEvidenceRecord } from '../verify/proof/evidence-record.ts'
import { settle } from '../verify/settle.ts'
import { SNP_REPORT_BYTES } from '../verify/snp/report.ts'
import { examineSnp } from '../verify/snp/verify.ts'
import { examineTdx } from '../verify/tdx/verify.ts'
import type { JudgeEvidence, PartyEvidence, WorkerBundle } from './attested.ts'

/**
 * Judges by `policy`, whose signatures and anchor the caller has checked, with the collateral that came with the
 * evidence: all of it is signed by the vendors and dated. Asks nobody anything.
 */
export function createClientJudge(deps: {
  readonly anchors: Anchors
  readonly policy: { readonly current: Policy; readonly pending?: Policy }
}): JudgeEvidence {
  const { anchors, policy } = deps
  return async (evidence, { role, net, reportData, claims, nowMs }) => {
    const context: VerifyContext = { nowMs, anchors, hashes: nodeHashes, tcbJudge: 'policy' }
    const worker = role === 'worker' ? claimsShape(claims) : undefined
    if (role === 'worker' && !worker) throw new TeeError('CLM_SHAPE')
    const verdict = await verdictOf(evidence, context)
    const gpus = await gpusOf(evidence, { worker, context })
    for (const { ok, code } of [verdict, ...gpus]) if (!ok) throw new TeeError(code ?? 'CLM_SHAPE')
    if (!verdict.reportData || !equalBytes(verdict.reportData, reportData))
      throw new TeeError('CLM_BINDING')
    const { code, ok, expiresAt } = judgeInForce(policy, {
      verdict,
      gpus: gpus.map((it) => ({ verdict: it })),
      ...(worker && { models: worker.models }),
      ...(evidence.eventLog !== undefined && { eventlog: evidence.eventLog }),
      role,
      net,
      nowMs,
      hashes: nodeHashes,
    })
    if (!ok || expiresAt === undefined) throw new TeeError(code ?? 'POL_MEASUREMENT')
    return { epoch: policy.current.epoch, expiresAt: Math.floor(expiresAt / 1000) }
  }
}

async function verdictOf(evidence: PartyEvidence, context: VerifyContext): Promise<Verdict> {
  const quote = fromBase64url(evidence.quote)
  if (!quote) throw new TeeError('CLM_SHAPE')
  if (quote.length !== SNP_REPORT_BYTES) {
    const { collateral } = evidence
    return settle(examineTdx({ quote, collateral }, context), checkSignaturesByNode)
  }
  const chain = (evidence.certificates ?? []).flatMap((der) => fromBase64url(der) ?? [])
  const crl = fromBase64url(evidence.crl ?? '')
  const snp = { report: quote, chain, ...(crl && crl.length > 0 && { crl }) }
  return settle(examineSnp(snp, context), checkSignaturesByNode)
}

/** Each GPU's verdict; its evidence must be the one that the claims, and so the quote, name. */
async function gpusOf(
  { gpu = [] }: PartyEvidence,
  { worker, context }: { worker: ClaimsDocument | undefined; context: VerifyContext },
): Promise<readonly Verdict[]> {
  const hashes = gpu.map((one) => gpuHashOf(one, nodeHashes))
  const claimed = worker?.gpus ?? []
  if (hashes.length !== claimed.length || hashes.some((hash, at) => hash !== claimed[at]))
    throw new TeeError('CLM_GPU_HASH')
  const verdicts: Verdict[] = []
  for (const { evidence, certificate } of gpu) {
    const bytes = fromBase64url(evidence)
    const chain = fromUtf8(fromBase64url(certificate) ?? new Uint8Array(0))
    if (!bytes || chain === undefined || !worker) throw new TeeError('CLM_SHAPE')
    const nonce = gpuNonceOf(worker, nodeHashes)
    const examined = examineGpu({ evidence: bytes, chain, nonce }, context)
    verdicts.push(await settle(examined, checkSignaturesByNode))
  }
  return verdicts
}

/**
 * A worker's bundle from its evidence record, as the gateway publishes it. Throws `TeeError` `PRF_EVIDENCE` for anything
 * but a record, and for one of another id than was asked for.
 */
export function workerBundle(record: unknown, id?: string): WorkerBundle {
  const read = readEvidenceRecord(record, nodeHashes)
  if (!read || (id !== undefined && read.id !== id)) throw new TeeError('PRF_EVIDENCE')
  const { claims, keyset, tee, quote, gpu, certificates, crl, eventlog, collateral, checkedAt } =
    read.data
  const evidence: PartyEvidence = {
    tee,
    quote,
    gpu,
    ...(certificates && { certificates }),
    ...(crl !== undefined && { crl }),
    ...(eventlog !== undefined && { eventLog: eventlog }),
    ...(collateral && { collateral }),
  }
  return { claims, keyset, evidence, checkedAt }
}
