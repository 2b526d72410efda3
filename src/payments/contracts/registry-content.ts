/** @module What the registry holds, as cells and as values (contracts/registry/registry.tlb, PAY §6). */
import {
  type Address,
  beginCell,
  type Cell,
  Dictionary,
  type DictionaryKey,
  type Slice,
} from '@ton/core'

export const ENTRY_KINDS = { 'worker-image': 1, 'gateway-image': 2, model: 3 } as const
export type EntryKind = keyof typeof ENTRY_KINDS
const STATUSES = { active: 1, deprecated: 2, revoked: 3 } as const
type Status = keyof typeof STATUSES

/** An image or a model. Times in unix seconds, hashes 64 hex characters. */
export interface RegistryEntry {
  readonly kind: EntryKind
  readonly status: Status
  readonly validFrom: number
  readonly validUntil: number
  readonly sourceHash: string
  readonly buildHash: string
}

export interface RegistryGateway {
  readonly status: Status
  readonly validFrom: number
  readonly validUntil: number
  /** Raw public key of its identity, 64 hex characters. */
  readonly identity: string
  readonly url: string
}

export interface RegistryVault {
  readonly vault: Address
  readonly validFrom: number
}

export interface RegistryPrices {
  readonly hash: string
  readonly validFrom: number
  /** What the sender says of the change; readers compare it with the tables. */
  readonly customerUp: boolean
  readonly workerDown: boolean
}

export interface RegistryContent {
  /** Key: 64 hex characters, the measurement or the hash of the weights. */
  readonly entries: ReadonlyMap<string, RegistryEntry>
  readonly gateways: ReadonlyMap<number, RegistryGateway>
  readonly vaults: ReadonlyMap<number, RegistryVault>
  readonly prices: ReadonlyMap<number, RegistryPrices>
  /** SHA-256 of the attestation policy, 64 hex characters. */
  readonly policyHash: string
}

export function contentCell(content: RegistryContent): Cell {
  const entries = new Map(
    [...content.entries].map(([key, entry]) => [BigInt(`0x${key}`), entryCell(entry)]),
  )
  return beginCell()
    .storeDict(cells(Dictionary.Keys.BigUint(256), entries))
    .storeDict(cells(Dictionary.Keys.Uint(32), mapValues(content.gateways, gatewayCell)))
    .storeDict(cells(Dictionary.Keys.Uint(32), mapValues(content.vaults, vaultRefCell)))
    .storeDict(cells(Dictionary.Keys.Uint(32), mapValues(content.prices, priceRefCell)))
    .storeBuffer(Buffer.from(content.policyHash, 'hex'), 32)
    .storeUint(content.entries.size, 16)
    .storeUint(content.gateways.size, 16)
    .storeUint(content.vaults.size, 16)
    .storeUint(content.prices.size, 16)
    .endCell()
}

/** Reads a content cell of version 1. Throws RangeError for a kind or status that is not known. */
export function readContent(cell: Cell): RegistryContent {
  const slice = cell.beginParse()
  const values = Dictionary.Values.Cell()
  const entries = slice.loadDict(Dictionary.Keys.BigUint(256), values)
  const gateways = slice.loadDict(Dictionary.Keys.Uint(32), values)
  const vaults = slice.loadDict(Dictionary.Keys.Uint(32), values)
  const prices = slice.loadDict(Dictionary.Keys.Uint(32), values)
  return {
    entries: new Map(
      [...entries].map(([key, entry]) => [hex256(key), readEntry(entry.beginParse())]),
    ),
    gateways: mapValues(gateways, (gateway) => readGateway(gateway.beginParse())),
    vaults: mapValues(vaults, (vault) => readVaultRef(vault.beginParse())),
    prices: mapValues(prices, (row) => readPriceRef(row.beginParse())),
    policyHash: hex32(slice),
  }
}

export const EMPTY_CONTENT: RegistryContent = {
  entries: new Map(),
  gateways: new Map(),
  vaults: new Map(),
  prices: new Map(),
  policyHash: '0'.repeat(64),
}

export const entryCell = (entry: RegistryEntry): Cell =>
  beginCell()
    .storeUint(ENTRY_KINDS[entry.kind], 8)
    .storeUint(STATUSES[entry.status], 8)
    .storeUint(entry.validFrom, 32)
    .storeUint(entry.validUntil, 32)
    .storeBuffer(Buffer.from(entry.sourceHash, 'hex'), 32)
    .storeBuffer(Buffer.from(entry.buildHash, 'hex'), 32)
    .endCell()

export const gatewayCell = (gateway: RegistryGateway): Cell =>
  beginCell()
    .storeUint(STATUSES[gateway.status], 8)
    .storeUint(gateway.validFrom, 32)
    .storeUint(gateway.validUntil, 32)
    .storeBuffer(Buffer.from(gateway.identity, 'hex'), 32)
    .storeStringRefTail(gateway.url)
    .endCell()

export const vaultRefCell = (ref: RegistryVault): Cell =>
  beginCell().storeAddress(ref.vault).storeUint(ref.validFrom, 32).endCell()

const priceRefCell = (prices: RegistryPrices): Cell =>
  beginCell()
    .storeBuffer(Buffer.from(prices.hash, 'hex'), 32)
    .storeUint(prices.validFrom, 32)
    .storeBit(prices.customerUp)
    .storeBit(prices.workerDown)
    .endCell()

export const readEntry = (slice: Slice): RegistryEntry => ({
  kind: nameOf(ENTRY_KINDS, slice.loadUint(8)),
  status: nameOf(STATUSES, slice.loadUint(8)),
  validFrom: slice.loadUint(32),
  validUntil: slice.loadUint(32),
  sourceHash: hex32(slice),
  buildHash: hex32(slice),
})

export const readGateway = (slice: Slice): RegistryGateway => ({
  status: nameOf(STATUSES, slice.loadUint(8)),
  validFrom: slice.loadUint(32),
  validUntil: slice.loadUint(32),
  identity: hex32(slice),
  url: slice.loadStringRefTail(),
})

export const readVaultRef = (slice: Slice): RegistryVault => ({
  vault: slice.loadAddress(),
  validFrom: slice.loadUint(32),
})

export const readPriceRef = (slice: Slice): RegistryPrices => ({
  hash: hex32(slice),
  validFrom: slice.loadUint(32),
  customerUp: slice.loadBit(),
  workerDown: slice.loadBit(),
})

function nameOf<Name extends string>(numbers: Readonly<Record<Name, number>>, value: number): Name {
  const isName = (name: string): name is Name => name in numbers
  for (const [name, number] of Object.entries(numbers)) {
    if (number === value && isName(name)) return name
  }
  throw new RangeError('number without a name')
}

function cells<K extends bigint | number>(
  key: DictionaryKey<K>,
  values: ReadonlyMap<K, Cell>,
): Dictionary<K, Cell> {
  const dict = Dictionary.empty(key, Dictionary.Values.Cell())
  for (const [at, cell] of values) dict.set(at, cell)
  return dict
}

const mapValues = <K, V, W>(from: Iterable<[K, V]>, to: (value: V) => W): Map<K, W> =>
  new Map([...from].map(([key, value]) => [key, to(value)]))

const hex32 = (slice: Slice): string => slice.loadBuffer(32).toString('hex')
const hex256 = (value: bigint): string => value.toString(16).padStart(64, '0')
