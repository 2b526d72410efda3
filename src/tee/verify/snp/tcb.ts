/** @module AMD's security version numbers: which byte means what on which product, and their order (AMD 56860 §2.2, 57230 §3.1). */
import type { AnchorSet } from '../anchors.ts'

export type SnpProduct = AnchorSet['amd'][number]['product']

/** Security version numbers by part: boot loader, TEE (PSP OS), SNP firmware, microcode; `fmc` on Turin only. */
export type SnpTcb = Readonly<Record<string, number>>

/** Place of each part in the 8 bytes; the others are reserved and zero. */
export const TCB_LAYOUTS = {
  Milan: { bl: 0, tee: 1, snp: 6, ucode: 7 },
  Genoa: { bl: 0, tee: 1, snp: 6, ucode: 7 },
  Turin: { fmc: 0, bl: 1, tee: 2, snp: 3, ucode: 7 },
} as const

export function tcbOf(product: SnpProduct, bytes: Uint8Array): SnpTcb {
  return Object.fromEntries(
    Object.entries(TCB_LAYOUTS[product]).map(([part, place]) => [part, bytes[place] ?? 0]),
  )
}

/** True when a byte is set that means nothing on this product. */
export function tcbHasReserved(product: SnpProduct, bytes: Uint8Array): boolean {
  const known: ReadonlySet<number> = new Set(Object.values(TCB_LAYOUTS[product]))
  return bytes.some((byte, place) => byte !== 0 && !known.has(place))
}

/**
 * Every part of `least` is reached. A part that `least` does not name is not looked at; one that `tcb` does not have
 * is not reached. Not a comparison of the 8 bytes as one number: a new microcode does not make up for an old boot loader.
 */
const tcbAtLeast = (tcb: SnpTcb, least: SnpTcb): boolean =>
  Object.entries(least).every(([part, number]) => (tcb[part] ?? -1) >= number)

export const sameTcb = (a: SnpTcb, b: SnpTcb): boolean => tcbAtLeast(a, b) && tcbAtLeast(b, a)
