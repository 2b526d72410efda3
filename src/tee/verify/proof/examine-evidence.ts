/** @module The evidence of a record judged again, at the time at which it was checked first: binding, machine, policy, GPUs. */
import { domain, fromBase64url, fromHex, sameBytes } from '../../../core/bytes.ts'
import { canonicalBytes } from '../../../core/canonical.ts'
import { Anchors } from '../anchors.ts'
import { gpuHashOf, gpuNonceOf, keysetDigestOf, reportDataOf } from '../claims.ts'
import type { TeeCode } from '../codes.ts'
import type {
  CheckSignatures,
  Examination,
  Hashes,
  SignatureCheck,
  Verdict,
  VerifyContext,
} from '../examination.ts'
import { ed25519Spki } from '../note-document.ts'
import { examineGpu } from '../nvidia/verify.ts'
import { type Policy, policyDigest, policyOf } from '../policy/document.ts'
import { type Judgement, judge } from '../policy/judge.ts'
import { signedPolicyBytes } from '../policy/signatures.ts'
import { settle } from '../settle.ts'
import { examineSnp } from '../snp/verify.ts'
import { examineTdx } from '../tdx/verify.ts'
import type { EvidenceData, EvidenceRecord } from './evidence-record.ts'

export interface EvidenceFindings {
  readonly record: EvidenceRecord
  /** `keyset`: other keys than claimed. `quote`: other claims than quoted. `signature`: not signed by the key. */
  readonly binding: 'ok' | 'keyset' | 'quote' | 'signature'
  readonly cpu: Verdict
  readonly gpus: readonly Verdict[]
  /** Codes that concern the GPUs' binding, beside their verdicts. */
  readonly gpuCodes: readonly TeeCode[]
  /** Undefined where the record holds no policy. */
  readonly policy:
    | { readonly kind: 'broken' }
    | {
        readonly kind: 'read'
        readonly policy: Policy
        readonly sha256: string
        readonly isSigned: boolean
        readonly judgement: Judgement
      }
    | undefined
}

export interface ExamineOptions {
  readonly hashes: Hashes
  readonly checkSignatures: CheckSignatures
  /** Other roots than those of the record's network: for tests. */
  readonly anchors?: Anchors
}

/** Raw Ed25519 key of a keyset under a key id; undefined where it is not there exactly once. */
export function receiptKeyOf({ keyset }: EvidenceData, keyId: string): Uint8Array | undefined {
  const [key, other] = keyset.receipt_signing_keys.filter(({ algo }) => algo === 'ed25519')
  return key && !other && key.key_id === keyId ? fromHex(key.public_key, 32) : undefined
}

/** The clock is the record's `checkedAt`, so that the outcome is the same years later. Never throws for what a stranger sent. */
export async function examineEvidence(
  record: EvidenceRecord,
  options: ExamineOptions,
): Promise<EvidenceFindings> {
  const { data } = record
  const { hashes, checkSignatures } = options
  const { net } = data.claims
  const anchors = options.anchors ?? anchorsOf(data)
  const context: VerifyContext = { nowMs: data.checkedAt, anchors, hashes, tcbJudge: 'policy' }
  const cpu = await settle(examineCpu(data, context), checkSignatures)
  const gpus: Verdict[] = []
  for (const examined of examineGpus(data, context))
    gpus.push(await settle(examined, checkSignatures))
  const binding = await bindingOf(data, cpu, options)
  const gpuCodes: TeeCode[] = isBoundToGpus(data, hashes) ? [] : ['CLM_GPU_HASH']
  if (anchors.net !== net) gpuCodes.push('NET_MISMATCH')
  const policy = await policyFindings(record, { cpu, gpus }, options)
  return { record, binding, cpu, gpus, gpuCodes, policy }
}

/** A dev network's own roots stand in the record: they prove nothing, and no other network takes them. */
function anchorsOf({ claims: { net }, devRoots }: EvidenceData): Anchors {
  if (net === 'devnet' && devRoots) return Anchors.forDev(net, devRoots, { production: false })
  return Anchors.forNet(net)
}

function examineCpu(data: EvidenceData, context: VerifyContext): Examination {
  const quote = fromBase64url(data.quote) ?? new Uint8Array(0)
  if (data.tee === 'tdx')
    return examineTdx({ quote, ...(data.collateral && { collateral: data.collateral }) }, context)
  const chain = (data.certificates ?? []).map((der) => fromBase64url(der) ?? new Uint8Array(0))
  const crl = data.crl === undefined ? undefined : fromBase64url(data.crl)
  return examineSnp({ report: quote, chain, ...(crl && { crl }) }, context)
}

function examineGpus({ claims, gpu }: EvidenceData, context: VerifyContext): Examination[] {
  const nonce = gpuNonceOf(claims, context.hashes)
  return gpu.map(({ arch, evidence, certificate }) => {
    const chain = new TextDecoder().decode(fromBase64url(certificate) ?? new Uint8Array(0))
    return examineGpu(
      { arch, nonce, chain, evidence: fromBase64url(evidence) ?? new Uint8Array(0) },
      context,
    )
  })
}

const isBoundToGpus = ({ claims, gpu }: EvidenceData, hashes: Hashes): boolean =>
  gpu.length === claims.gpus.length &&
  gpu.every((one, place) => gpuHashOf(one, hashes) === claims.gpus[place])

async function bindingOf(
  data: EvidenceData,
  cpu: Verdict,
  { hashes, checkSignatures }: ExamineOptions,
): Promise<EvidenceFindings['binding']> {
  const { claims, keyset } = data
  if (
    claims.keyset !== keysetDigestOf(keyset, hashes) ||
    keyset.subject !== `chrysalis:${claims.net}`
  )
    return 'keyset'
  if (!cpu.reportData || !sameBytes(cpu.reportData, reportDataOf(claims, hashes))) return 'quote'
  const [key] = keyset.receipt_signing_keys.filter(({ algo }) => algo === 'ed25519')
  const raw = key && receiptKeyOf(data, key.key_id)
  const signature = fromBase64url(data.sig, 64)
  if (!raw || !signature) return 'signature'
  const check: SignatureCheck = {
    alg: 'ed25519',
    spki: ed25519Spki(raw),
    message: domain('chrysalis/admit/1', hashes.sha256(canonicalBytes(claims))),
    signature,
    code: 'CLM_SIG',
  }
  const [isRight] = await checkSignatures([check])
  return isRight === true ? 'ok' : 'signature'
}

async function policyFindings(
  { data, document }: EvidenceRecord,
  { cpu, gpus }: { cpu: Verdict; gpus: readonly Verdict[] },
  { hashes, checkSignatures }: ExamineOptions,
): Promise<EvidenceFindings['policy']> {
  if (data.policy === null) return undefined
  const policy = readable(data.policy)
  if (!policy) return { kind: 'broken' }
  const outcome = await checkSignatures(policy.signatures.map((one) => signatureOf(policy, one)))
  const isSigned = outcome.length > 0 && outcome.every((isRight) => isRight)
  const judgement = judge(policy, {
    verdict: cpu,
    gpus: gpus.map((verdict) => ({ verdict })),
    models: data.claims.models,
    kid: document.identity.kid,
    role: 'worker',
    net: data.claims.net,
    nowMs: data.checkedAt,
    hashes,
    ...(data.eventlog !== undefined && { eventlog: data.eventlog }),
  })
  return { kind: 'read', policy, sha256: policyDigest(policy, hashes), isSigned, judgement }
}

function readable(value: unknown): Policy | undefined {
  try {
    return policyOf(value)
  } catch {
    return undefined
  }
}

const signatureOf = (
  policy: Policy,
  { key, sig }: Policy['signatures'][number],
): SignatureCheck => ({
  alg: 'ed25519',
  spki: ed25519Spki(fromHex(key, 32) ?? new Uint8Array(0)),
  message: signedPolicyBytes(policy),
  signature: fromHex(sig, 64) ?? new Uint8Array(0),
  code: 'POL_SIG',
})
