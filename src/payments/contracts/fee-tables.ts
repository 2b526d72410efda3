/** @module The network's prices as configuration parameters, and those of PAY §11 as configurations for an emulator. */
import { beginCell, Cell, Dictionary } from '@ton/core'

/** Prices of the base chain; gas, bit and cell prices of messages in 1/65536 nano. */
export interface FeeTable {
  readonly storage: { readonly since: number; readonly bit: bigint; readonly cell: bigint }
  readonly gas: { readonly flatLimit: bigint; readonly flatPrice: bigint; readonly price: bigint }
  readonly messages: { readonly lump: bigint; readonly bit: bigint; readonly cell: bigint }
}

/** Mainnet's prices since April 2026, and those before, which emulators still have. */
export const FEE_TABLES = {
  'august-2026': {
    storage: { since: 1_777_500_000, bit: 0n, cell: 135n },
    gas: { flatLimit: 100n, flatPrice: 6667n, price: 4_369_067n },
    messages: { lump: 66_667n, bit: 4_369_067n, cell: 436_906_667n },
  },
  'pre-april-2026': {
    storage: { since: 0, bit: 1n, cell: 500n },
    gas: { flatLimit: 100n, flatPrice: 40_000n, price: 26_214_400n },
    messages: { lump: 400_000n, bit: 26_214_400n, cell: 2_621_440_000n },
  },
} as const satisfies Record<string, FeeTable>
export type FeeTableName = keyof typeof FEE_TABLES

/** A time at which every table's storage price holds. */
export const FEES_HOLD_FROM = 1_777_500_000

const masterchainStorage = { bit: 1000n, cell: 500_000n }
const storageSince2020 = 0

/** Replaces the parameters 18, 21 and 25 of a whole configuration (`globalId`: 19 too) and keeps the rest. */
function withFees(config: Cell, table: FeeTable, globalId?: number): Cell {
  const params = Dictionary.loadDirect(
    Dictionary.Keys.Int(32),
    Dictionary.Values.Cell(),
    config.beginParse(),
  )
  params.set(18, storagePrices(table))
  params.set(21, gasPrices(table))
  params.set(25, messagePrices(table))
  if (globalId !== undefined) params.set(19, beginCell().storeInt(globalId, 32).endCell())
  return beginCell().storeDictDirect(params).endCell()
}

/** The configuration of a named table over the base64 of an emulator's own. */
export const feeConfig = (base: string, name: FeeTableName, globalId?: number): Cell =>
  withFees(Cell.fromBase64(base), FEE_TABLES[name], globalId)

/** ConfigParam 18: a dictionary of prices by the second they hold from, which is also the key. */
function storagePrices({ storage }: FeeTable): Cell {
  const old = { since: storageSince2020, bit: 1n, cell: 500n }
  const all = storage.since === storageSince2020 ? [storage] : [old, storage]
  const dict = Dictionary.empty(Dictionary.Keys.Uint(32), {
    serialize: (row: FeeTable['storage'], builder) => {
      builder
        .storeUint(0xcc, 8)
        .storeUint(row.since, 32)
        .storeUint(row.bit, 64)
        .storeUint(row.cell, 64)
        .storeUint(masterchainStorage.bit, 64)
        .storeUint(masterchainStorage.cell, 64)
    },
    parse: () => {
      throw new RangeError('prices are written here, not read')
    },
  })
  for (const row of all) dict.set(row.since, row)
  return beginCell().storeDictDirect(dict).endCell()
}

/** ConfigParam 21: `gas_flat_pfx#d1` around `gas_prices_ext#de`. */
const gasPrices = ({ gas }: FeeTable): Cell =>
  beginCell()
    .storeUint(0xd1, 8)
    .storeUint(gas.flatLimit, 64)
    .storeUint(gas.flatPrice, 64)
    .storeUint(0xde, 8)
    .storeUint(gas.price, 64)
    .storeUint(1_000_000, 64)
    .storeUint(1_000_000, 64)
    .storeUint(10_000, 64)
    .storeUint(10_000_000, 64)
    .storeUint(100_000_000, 64)
    .storeUint(1_000_000_000, 64)
    .endCell()

/** ConfigParam 25: `msg_forward_prices#ea`. */
const messagePrices = ({ messages }: FeeTable): Cell =>
  beginCell()
    .storeUint(0xea, 8)
    .storeUint(messages.lump, 64)
    .storeUint(messages.bit, 64)
    .storeUint(messages.cell, 64)
    .storeUint(98_304, 32)
    .storeUint(21_845, 16)
    .storeUint(21_845, 16)
    .endCell()
