/** @module AMD's own extensions of a VCEK or VLEK certificate (AMD 57230, §3.1 and §4). */
import { sameBytes } from '../../../core/bytes.ts'
import type { SnpProduct, SnpTcb } from './tcb.ts'

/** What an endorsement certificate says about the chip it was issued for. */
export interface AmdExtensions {
  readonly product: SnpProduct | undefined
  /** Undefined when a number is missing or is none of 0 to 255. */
  readonly tcb: SnpTcb | undefined
  /** 64 bytes, on Turin 8; undefined in a VLEK, which names a cloud instead. */
  readonly hardwareId: Uint8Array | undefined
}

const ARC = '1.3.6.1.4.1.3704.1.'
const parts = { bl: '3.1', tee: '3.2', snp: '3.3', ucode: '3.8' } as const
const FMC = '3.9'

/** `extension` gives the value of an extension by its identifier. Malformed ones count as absent. */
export function amdExtensions(extension: (oid: string) => Uint8Array | undefined): AmdExtensions {
  const value = (place: string): Uint8Array | undefined => extension(ARC + place)
  const product = productOf(value('2'))
  const numbers = Object.entries(product === 'Turin' ? { ...parts, fmc: FMC } : parts).map(
    ([part, place]): [string, number | undefined] => [part, smallInteger(value(place))],
  )
  const read = numbers.filter((one): one is [string, number] => one[1] !== undefined)
  return {
    product,
    tcb: read.length === numbers.length ? Object.fromEntries(read) : undefined,
    hardwareId: hardwareIdOf(value('4')),
  }
}

/** IA5String such as `Milan-B0`: product, then a stepping that does not matter here. */
function productOf(value: Uint8Array | undefined): SnpProduct | undefined {
  if (!value || value[0] !== 0x16 || value[1] !== value.length - 2) return undefined
  const name = String.fromCharCode(...value.subarray(2)).split('-')[0]
  return (['Milan', 'Genoa', 'Turin'] as const).find((one) => one === name)
}

/** DER INTEGER of 0 to 255. */
function smallInteger(value: Uint8Array | undefined): number | undefined {
  const [tag, length, first = 0, second = 0] = value ?? []
  if (tag !== 0x02 || value?.length !== 2 + (length ?? 0)) return undefined
  if (length === 1 && first < 0x80) return first
  return length === 2 && first === 0 && second >= 0x80 ? second : undefined
}

/** The key service writes the bytes bare; other issuers wrap them into an OCTET STRING. */
function hardwareIdOf(value: Uint8Array | undefined): Uint8Array | undefined {
  if (!value || value.length === 64 || value.length === 8) return value
  return [64, 8].includes(value.length - 2) && value[0] === 0x04 && value[1] === value.length - 2
    ? value.subarray(2)
    : undefined
}

/** Turin's certificates name 8 bytes, the first of the report's 64. */
export const sameChip = (hardwareId: Uint8Array, chipId: Uint8Array): boolean =>
  sameBytes(hardwareId, chipId.subarray(0, hardwareId.length))
