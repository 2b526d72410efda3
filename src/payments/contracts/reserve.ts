/** @module How much of a vault's balance no payout may touch: the contract's own sum, for planning without a getter call. */
import type { FeeTable } from './fee-tables.ts'

const reservedSeconds = 2n * 365n * 24n * 3600n
const cellsPerPayee = 2n
const bitsPerPayee = 330n
const cellsOfContract = 100n
const bitsOfContract = 50_000n

/** Nano of two years' rent with `payees` payees; equals the vault's getter `getReserve` while no rent is due. */
export function storageReserve({ storage }: Pick<FeeTable, 'storage'>, payees: number): bigint {
  const count = BigInt(payees)
  const price =
    (bitsPerPayee * count + bitsOfContract) * storage.bit +
    (cellsPerPayee * count + cellsOfContract) * storage.cell
  const total = price * reservedSeconds
  return (total + 0xffffn) >> 16n
}
