/** @module One entry of a policy: a machine state that may work, measured exactly; what no network may ever allow has no spelling here (CONF §12). */
import { fromHex, u64le } from '../../../core/bytes.ts'
import type { AnchorSet } from '../anchors.ts'

import {
  either,
  hex,
  integer,
  list,
  literal,
  object,
  optional,
  pattern,
  record,
  type Shape,
} from '../shape.ts'

export const unixSeconds = integer(0, 2 ** 42)
const printable = pattern(/^[\x21-\x7e]{1,64}$/)
const svn = integer(0, 255)

const modelShape = object({
  id: pattern(/^[a-z0-9][a-z0-9.-]{0,47}$/),
  weights: pattern(/^sha256:[0-9a-f]{64}$/),
})
/** Digests of the report's blocks by index; an empty list of any kind allows nothing. */
const gpuShape = object({
  drivers: list(printable, 64),
  vbios: list(printable, 64),
  golden: record(hex(48), 64),
  nras: literal('required', 'off'),
})
const common = {
  role: literal('worker', 'gateway'),
  image: pattern(/^[\x21-\x7e]{0,160}$/),
  /** `any` only on devnet. */
  models: either(list(modelShape, 256), literal('any')),
  gpu: optional(gpuShape),
  from: unixSeconds,
  until: unixSeconds,
}
const tdxShape = object({
  ...common,
  tee: literal('tdx'),
  mrtd: hex(48),
  rtmr0: hex(48),
  rtmr1: hex(48),
  rtmr2: hex(48),
  /** One of the two: the register itself, or what the replayed event log must name. */
  rtmr3: optional(hex(48)),
  composeHash: optional(hex(32)),
  mrConfigId: hex(48),
  mrOwner: hex(48),
  mrOwnerConfig: hex(48),
  /** Raw bytes as they stand in the quote, little-endian. */
  tdAttributes: hex(8),
  xfam: hex(8),
})
const minTcbShape = object({ bl: svn, tee: svn, snp: svn, ucode: svn, fmc: optional(svn) })
const snpShape = object({
  ...common,
  tee: literal('snp'),
  hostData: hex(32),
  snp: object({
    product: literal('Milan', 'Genoa', 'Turin'),
    measurement: hex(48),
    /** Guest policy, 16 hex digits, most significant first. */
    policy: hex(8),
    idKeyDigest: hex(48),
    authorKeyDigest: hex(48),
    minTcb: minTcbShape,
  }),
})

type Value<S> = S extends Shape<infer T> ? T : never
export type TdxEntry = Value<typeof tdxShape>
export type SnpEntry = Value<typeof snpShape>
export type PolicyEntry = TdxEntry | SnpEntry

export const entryShape: Shape<PolicyEntry> = either(tdxShape, snpShape)

/** The member that makes an entry impossible on `net`; undefined for a sound one. */
export function flawOf(entry: PolicyEntry, net: AnchorSet['net']): string | undefined {
  if (entry.from >= entry.until) return 'until'
  if (net !== 'devnet' && entry.models === 'any') return 'models'
  return entry.tee === 'tdx' ? flawOfTdx(entry, net) : flawOfSnp(entry, net)
}

/** ASCII `SIM`: how the measurements of the dev network begin. */
export const SIMULATED = '53494d'
/** SEPT_VE_DISABLE (28) is demanded; PKS (30), KL (31) and PERFMON (63) are the entry's to say; all others are zero. */
const SEPT_VE = 1n << 28n
const OPEN_ATTRIBUTES = SEPT_VE | (1n << 30n) | (1n << 31n) | (1n << 63n)
/** x87 and SSE are always there; nothing outside what the module supports. */
const XFAM_DEMANDED = 0x3n
const XFAM_OPEN = 0x0006dbe7n

function flawOfTdx(entry: TdxEntry, net: AnchorSet['net']): string | undefined {
  if ((entry.rtmr3 === undefined) === (entry.composeHash === undefined)) return 'rtmr3'
  if (net !== 'devnet' && entry.mrtd.startsWith(SIMULATED)) return 'mrtd'
  const attributes = bitsOf(entry.tdAttributes)
  if ((attributes & SEPT_VE) === 0n || (attributes & ~OPEN_ATTRIBUTES) !== 0n) return 'tdAttributes'
  const xfam = bitsOf(entry.xfam)
  if ((xfam & XFAM_DEMANDED) !== XFAM_DEMANDED || (xfam & ~XFAM_OPEN) !== 0n) return 'xfam'
  return undefined
}

/** Bit 17 is always set; migration (18) and debugging (19) never are; 26 to 63 are reserved. */
const SNP_ALWAYS = 1n << 17n
const SNP_NEVER = (1n << 18n) | (1n << 19n) | ~0x3ffffffn

function flawOfSnp({ snp }: SnpEntry, net: AnchorSet['net']): string | undefined {
  if (net !== 'devnet' && snp.product === 'Milan') return 'product'
  if (net !== 'devnet' && snp.measurement.startsWith(SIMULATED)) return 'measurement'
  const policy = BigInt(`0x${snp.policy}`)
  if ((policy & SNP_ALWAYS) === 0n || (policy & SNP_NEVER) !== 0n) return 'policy'
  if ((snp.minTcb.fmc !== undefined) !== (snp.product === 'Turin')) return 'minTcb'
  return undefined
}

const bitsOf = (littleEndian: string): bigint =>
  u64le(fromHex(littleEndian, 8) ?? new Uint8Array(8), 0)
