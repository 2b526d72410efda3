/** @module The table of certificates that an SNP host hands to its guest (GHCB specification, §4.1.8.1; `auxblob` of configfs-tsm). */
import { allZero, toHex, u32le } from '../../../core/bytes.ts'

/** GUID → what it names. A host lists either VCEK or VLEK. */
const kinds = {
  '63da758de6644564adc5f4b93be8accd': 'leaf',
  a8074bc2a25a483eaae639c045a0b8a1: 'leaf',
  '4ab7b379bbac4fe4a02f05aef327c782': 'intermediate',
  c0b406a4a803495297433fb6014cd0ae: 'root',
  '92f81bc358114d3d97ffd19f88dc67ea': 'crl',
} as const
type Kind = (typeof kinds)[keyof typeof kinds]

const ENTRY_BYTES = 24
const MAX_ENTRIES = 16

export interface HandedOut {
  /** DER, leaf first; whatever of leaf, intermediate and root is there. */
  readonly chain: readonly Uint8Array[]
  readonly crl?: Uint8Array
}

/** Entries of (GUID 16, offset u32, length u32), ended by one of zeros; undefined when `table` is no such table. Unknown kinds are left out. */
export function derInTable(table: Uint8Array): HandedOut | undefined {
  const found = new Map<Kind, Uint8Array>()
  for (let at = 0; ; at += ENTRY_BYTES) {
    if (at + ENTRY_BYTES > table.length || at >= MAX_ENTRIES * ENTRY_BYTES) return undefined
    const entry = table.subarray(at, at + ENTRY_BYTES)
    if (allZero(entry)) break
    const start = u32le(entry, 16)
    const end = start + u32le(entry, 20)
    if (start < ENTRY_BYTES || end > table.length) return undefined
    const kind = kindOf(entry.subarray(0, 16))
    if (kind && found.has(kind)) return undefined
    if (kind) found.set(kind, table.subarray(start, end))
  }
  const chain = [found.get('leaf'), found.get('intermediate'), found.get('root')]
  const crl = found.get('crl')
  return { chain: chain.filter((der) => der !== undefined), ...(crl ? { crl } : {}) }
}

/** Hosts write a GUID as its text reads, or with its first three numbers little-endian. */
function kindOf(guid: Uint8Array): Kind | undefined {
  const swapped = Uint8Array.from([3, 2, 1, 0, 5, 4, 7, 6], (place) => guid[place] ?? 0)
  const texts = [toHex(guid), toHex(swapped) + toHex(guid.subarray(8))]
  return Object.entries(kinds).find(([name]) => texts.includes(name))?.[1]
}
