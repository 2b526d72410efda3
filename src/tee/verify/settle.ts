/** @module From an examination to a verdict: each distinct signature is checked once. */
import { sameBytes } from '../../core/bytes.ts'
import { inTableOrder, type TeeCode } from './codes.ts'
import type { CheckSignatures, Examination, SignatureCheck, Verdict } from './examination.ts'

/** Checks the collected signatures by `check` and joins the outcome. Does not look at any policy. */
export async function settle(examination: Examination, check: CheckSignatures): Promise<Verdict> {
  const { signatures, ...facts } = examination
  const distinct = unique(signatures)
  const outcome = await check(distinct)
  const wrong = distinct.filter((_, place) => outcome[place] !== true).map(({ code }) => code)
  const failed: TeeCode[] = inTableOrder([...examination.failed, ...wrong])
  const [code] = failed
  return code === undefined ? { ...facts, failed, ok: true } : { ...facts, failed, ok: false, code }
}

/** The same key, message and signature under two codes stay two checks: each has its own meaning. */
function unique(checks: readonly SignatureCheck[]): SignatureCheck[] {
  const seen: SignatureCheck[] = []
  for (const one of checks) if (!seen.some((other) => isSame(one, other))) seen.push(one)
  return seen
}

const isSame = (a: SignatureCheck, b: SignatureCheck): boolean =>
  a.alg === b.alg &&
  a.code === b.code &&
  sameBytes(a.signature, b.signature) &&
  sameBytes(a.spki, b.spki) &&
  sameBytes(a.message, b.message)
