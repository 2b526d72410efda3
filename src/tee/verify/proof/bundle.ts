/** @module A proof in one file: receipt, note, evidence record, and the salts where their holder added them. */
import { fromBase64url, toBase64url } from '../../../core/bytes.ts'
import { base64urlShape } from '../claims.ts'
import type { Salts } from '../proof-link.ts'
import { literal, object, optional, type Shape } from '../shape.ts'

type Json = Readonly<Record<string, unknown>>
const anyObject: Shape<Json> = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : undefined
const orNull =
  <T>(shape: Shape<T>): Shape<T | null> =>
  (value) =>
    value === null ? null : shape(value)

const saltShape = base64urlShape(43)
const bundleShape = object({
  v: literal(1),
  ctx: literal('chrysalis/proof/1'),
  /** Each is judged by its own reader; here only that it is one object or known to be missing. */
  receipt: anyObject,
  note: orNull(anyObject),
  evidence: orNull(anyObject),
  salts: optional(object({ input: saltShape, output: saltShape })),
})

export interface ProofBundle {
  readonly receipt: Json
  readonly note: Json | null
  readonly evidence: Json | null
  readonly salts?: Salts
}

/** Also takes a receipt alone, as `RECEIPT.json`. Undefined for anything else. */
export function readBundle(value: unknown): ProofBundle | undefined {
  const alone = anyObject(value)
  if (alone?.['api_version'] === 'aci/1') return { receipt: alone, note: null, evidence: null }
  const bundle = bundleShape(value)
  if (!bundle) return undefined
  const { receipt, note, evidence, salts } = bundle
  if (!salts) return { receipt, note, evidence }
  const input = fromBase64url(salts.input, 32)
  const output = fromBase64url(salts.output, 32)
  return input && output && { receipt, note, evidence, salts: { input, output } }
}

/** As text for a file: what a server gave, with the salts, which it does not have. */
export function bundleText(bundle: ProofBundle): string {
  const { receipt, note, evidence, salts } = bundle
  const named = salts && { input: toBase64url(salts.input), output: toBase64url(salts.output) }
  const whole = { v: 1, ctx: 'chrysalis/proof/1', receipt, note, evidence, salts: named }
  return `${JSON.stringify(whole, undefined, 1)}\n`
}
