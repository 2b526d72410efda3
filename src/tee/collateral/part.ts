/** @module One fetched part of collateral: what it says about its own age, and which of two parts is the newer one (CONF §14). */
import { TeeError } from '../verify/codes.ts'

/** As it is kept on disk. `members` are texts: JSON, PEM, hex or base64url. */
export interface Part {
  readonly key: string
  readonly members: Readonly<Record<string, string>>
  readonly fetchedAtMs: number
  readonly age: Age
}

/** By the part's own word, which counts only once its signature was checked: it orders parts and times their renewal. */
export interface Age {
  /** `tcbEvaluationDataNumber`; 0 where there is none. */
  readonly evalNumber: number
  readonly issuedMs: number
  /** Unix milliseconds; undefined for what has no end of its own (certificates). */
  readonly endsMs: number | undefined
}

/** CRLs are fetched again after this, however long they last. */
const CRL_REFRESH_MS = 6 * 3_600_000

/** True when `next` may stand in the place of `known`: an older number or date never replaces a newer one. */
export const mayReplace = (known: Age | undefined, next: Age): boolean =>
  known === undefined ||
  (next.evalNumber >= known.evalNumber &&
    (next.evalNumber > known.evalNumber || next.issuedMs >= known.issuedMs))

/** When the part is to be fetched again: lists every six hours, signed texts at half of their life, certificates never. */
export function refreshAt({ key, fetchedAtMs, age }: Part): number {
  if (key.startsWith('crl:')) return fetchedAtMs + CRL_REFRESH_MS
  if (age.endsMs === undefined) return Number.POSITIVE_INFINITY
  return fetchedAtMs + Math.max(0, (age.endsMs - fetchedAtMs) / 2)
}

/** Age of Intel's signed JSON. Throws `COL_SHAPE`. */
export function ageOfSignedText(text: string): Age {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new TeeError('COL_SHAPE')
  }
  if (typeof value !== 'object' || value === null) throw new TeeError('COL_SHAPE')
  const evalNumber = 'tcbEvaluationDataNumber' in value ? value.tcbEvaluationDataNumber : undefined
  if (typeof evalNumber !== 'number' || !Number.isSafeInteger(evalNumber) || evalNumber < 0)
    throw new TeeError('COL_SHAPE', 'tcbEvaluationDataNumber')
  return {
    evalNumber,
    issuedMs: timeOf('issueDate' in value ? value.issueDate : undefined),
    endsMs: timeOf('nextUpdate' in value ? value.nextUpdate : undefined),
  }
}

/** `Date.parse` takes much more than Intel writes. */
function timeOf(value: unknown): number {
  const isForm =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(value)
  const time = isForm ? Date.parse(value) : Number.NaN
  if (!Number.isFinite(time)) throw new TeeError('COL_SHAPE', 'date')
  return time
}

/** Certificates have no rank among each other. */
export const ageless: Age = { evalNumber: 0, issuedMs: 0, endsMs: undefined }
