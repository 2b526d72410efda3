/** @module The network's prices: read from its configuration, and what a thing costs by them. */
import type { Cell } from '@ton/core'
import { configParse18, configParseGasLimitsPrices, configParseMsgPrices } from '@ton/ton'
import type { FeeTable } from '../contracts/fee-tables.ts'

/** ConfigParams 18, 21 and 25 as they hold at `utime` (seconds since 1970). Throws a foreign parser's error for other cells. */
export function feeTable(
  params: { readonly storage: Cell; readonly gas: Cell; readonly messages: Cell },
  utime: number,
): FeeTable {
  const rows = configParse18(params.storage.beginParse())
  const row = rows.findLast((it) => it.utime_since <= utime)
  if (!row) throw new RangeError('no storage price holds yet')
  const gas = configParseGasLimitsPrices(params.gas.beginParse())
  const messages = configParseMsgPrices(params.messages.beginParse())
  return {
    storage: { since: row.utime_since, bit: row.bit_price_ps, cell: row.cell_price_ps },
    gas: { flatLimit: gas.flatLimit, flatPrice: gas.flatGasPrice, price: gas.other.gasPrice },
    messages: { lump: messages.lumpPrice, bit: messages.bitPrice, cell: messages.cellPrice },
  }
}

/** Prices are in 1/65536 nano, and a started nano is a whole one. */
const nanoOf = (price: bigint): bigint => (price + 0xffffn) >> 16n

/** What `gas` units cost, nano. */
export const gasFeeNano = ({ gas }: FeeTable, used: bigint): bigint =>
  used <= gas.flatLimit ? gas.flatPrice : gas.flatPrice + nanoOf(gas.price * (used - gas.flatLimit))

/** What it costs to send a message, nano; its root cell counts in neither number. */
export const forwardFeeNano = (
  { messages }: FeeTable,
  size: { readonly cells: bigint; readonly bits: bigint },
): bigint => messages.lump + nanoOf(messages.bit * size.bits + messages.cell * size.cells)
