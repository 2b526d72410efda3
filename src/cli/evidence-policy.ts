/** @module What a policy in a file says of verified evidence, for `evidence verify --policy`. */
import { fromUtf8 } from '../core/bytes.ts'
import { checkSignaturesByNode, nodeHashes } from '../tee/crypto/node-crypto.ts'
import type { AnchorSet } from '../tee/verify/anchors.ts'
import { inTableOrder, type TeeCode, TeeError } from '../tee/verify/codes.ts'
import type { Verdict } from '../tee/verify/examination.ts'
import { type Policy, parsePolicyDraft } from '../tee/verify/policy/document.ts'
import { judge } from '../tee/verify/policy/judge.ts'
import { neededSignatures, signatureChecks } from '../tee/verify/policy/signatures.ts'

/** The document in `bytes`, or the code for which it is none: that refuses the evidence, it is no wrong command line. */
export function policyIn(bytes: Uint8Array): Policy | TeeCode {
  try {
    return parsePolicyDraft(fromUtf8(bytes) ?? '')
  } catch (error) {
    if (error instanceof TeeError) return error.code
    throw error
  }
}

/**
 * The verdict with what the policy says added. The document must be signed as often as its network demands, by
 * different keys, rightly; whose keys they are, no file can say, and is for the reader to compare.
 */
export async function judgeByPolicy(
  verdict: Verdict,
  policy: Policy | TeeCode,
  { net, nowMs }: { net: AnchorSet['net']; nowMs: number },
): Promise<Verdict> {
  if (typeof policy === 'string') return withFailed(verdict, [policy])
  const scope = { gpus: [], role: 'worker' as const, net, nowMs, hashes: nodeHashes }
  const { failed } = judge(policy, { verdict, ...scope })
  return withFailed(verdict, [...failed, ...((await isSigned(policy)) ? [] : ['POL_SIG' as const])])
}

async function isSigned(policy: Policy): Promise<boolean> {
  const keys = new Set(policy.signatures.map(({ key }) => key))
  const answers = await checkSignaturesByNode(signatureChecks(policy))
  const isEnough = keys.size >= neededSignatures(policy.net)
  return isEnough && keys.size === policy.signatures.length && answers.every((isRight) => isRight)
}

function withFailed(verdict: Verdict, codes: readonly TeeCode[]): Verdict {
  const failed = inTableOrder([...verdict.failed, ...codes])
  const [code] = failed
  return code === undefined ? verdict : { ...verdict, failed, ok: false, code }
}

export const policyLine = (policy: Policy | TeeCode | undefined): string => {
  if (policy === undefined) return 'none: the evidence alone was judged'
  if (typeof policy === 'string') return 'none that could be read'
  const keys = policy.signatures.map(({ key }) => key.slice(0, 16)).join(', ')
  return `epoch ${String(policy.epoch)} of ${policy.net}, signed by ${keys || 'nobody'} (compare the keys)`
}
