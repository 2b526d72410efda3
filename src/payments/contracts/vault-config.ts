/** @module What a new vault is deployed with: roles, key, caps and delays, and the data cell they make (PAY §5). */
import { Address, beginCell, type Cell, Dictionary, type DictionaryValue } from '@ton/core'
import { COIN } from '../../core/coin.ts'

/** Amounts in nano, delays in seconds. */
export interface VaultCaps {
  readonly batchCap: bigint
  readonly dayCap: bigint
  readonly claimDayCap: bigint
  readonly claimFloor: bigint
  readonly withdrawDelay: number
  readonly capsDelay: number
  readonly keyDelay: number
  readonly codeDelay: number
  readonly minOverlap: number
}

export interface VaultConfig {
  /** Signs totals: raw Ed25519 public key, 32 bytes. */
  readonly settlementKey: Buffer
  /** multisig-v2 on mainnet; withdrawals go here and nowhere else. */
  readonly owner: Address
  readonly guardian: Address
  readonly caps: VaultCaps
  /** Unix seconds. Part of the address, so vaults of the same roles differ; liabilities may grow by one day's cap a day from here. */
  readonly createdAt: number
}

const hour = 3600
const day = 24 * hour
const coins = (whole: number): bigint => BigInt(whole) * 10n ** BigInt(COIN.decimals)

export const DEFAULT_CAPS: VaultCaps = {
  batchCap: coins(200),
  dayCap: coins(1000),
  claimDayCap: coins(200),
  claimFloor: coins(20),
  withdrawDelay: 48 * hour,
  capsDelay: 24 * hour,
  keyDelay: 24 * hour,
  codeDelay: 7 * day,
  minOverlap: 7 * day,
}

/** Least and most a delay may be, in seconds: the vault refuses others in a request, and this wrapper at deployment. */
const DELAY_BOUNDS = {
  withdrawDelay: [48 * hour, 90 * day],
  capsDelay: [24 * hour, 90 * day],
  // A key must be replaceable within one pause of 72 hours.
  keyDelay: [24 * hour, 72 * hour - 1],
  codeDelay: [7 * day, 90 * day],
  minOverlap: [7 * day, 30 * day],
} as const

const version = 1
const maxCap = 2n ** 100n

/** Throws RangeError naming the field that no vault may have. */
export function checkCaps(caps: VaultCaps): void {
  for (const [field, [least, most]] of Object.entries(DELAY_BOUNDS)) {
    const value = isDelay(field) ? caps[field] : 0
    if (!Number.isSafeInteger(value) || value < least || value > most) throw new RangeError(field)
  }
  for (const field of ['batchCap', 'dayCap', 'claimDayCap', 'claimFloor'] as const) {
    if (caps[field] <= 0n || caps[field] > maxCap) throw new RangeError(field)
  }
  if (caps.claimDayCap < caps.claimFloor) throw new RangeError('claimDayCap')
}

const isDelay = (field: string): field is keyof typeof DELAY_BOUNDS => field in DELAY_BOUNDS

/** Data of a vault that has paid nobody yet. Throws RangeError for caps out of bounds, a role outside the base chain or a bad key. */
export function vaultData(config: VaultConfig): Cell {
  checkCaps(config.caps)
  if (config.settlementKey.length !== 32) throw new RangeError('settlementKey')
  if (config.owner.workChain !== 0) throw new RangeError('owner')
  if (config.guardian.workChain !== 0) throw new RangeError('guardian')
  return vaultDataCell({
    keys: keysCell(config.settlementKey),
    caps: capsCell(config.caps),
    admin: adminCell(config),
    paid: Dictionary.empty(Dictionary.Keys.BigUint(256), coinsValue),
    totalPaid: 0n,
  })
}

/** A vault's root cell with windows that have not begun. Also what tests use to start with 30 000 payees. */
export const vaultDataCell = (parts: {
  keys: Cell
  caps: Cell
  admin: Cell
  paid: Dictionary<bigint, bigint>
  totalPaid: bigint
}): Cell =>
  beginCell()
    .storeUint(version, 8)
    .storeUint(0, 32)
    .storeUint(0, 32)
    .storeUint(0, 32)
    .storeCoins(0)
    .storeUint(0, 32)
    .storeCoins(0)
    .storeCoins(0)
    .storeCoins(parts.totalPaid)
    .storeUint(parts.paid.size, 32)
    .storeRef(parts.keys)
    .storeRef(parts.caps)
    .storeRef(parts.admin)
    .storeDict(parts.paid)
    .endCell()

export const keysCell = (settlementKey: Buffer): Cell =>
  beginCell()
    .storeBuffer(settlementKey, 32)
    .storeUint(1, 32)
    .storeUint(0, 256)
    .storeUint(0, 32)
    .endCell()

export const capsCell = (caps: VaultCaps): Cell =>
  beginCell()
    .storeCoins(caps.batchCap)
    .storeCoins(caps.dayCap)
    .storeCoins(caps.claimDayCap)
    .storeCoins(caps.claimFloor)
    .storeUint(caps.withdrawDelay, 32)
    .storeUint(caps.capsDelay, 32)
    .storeUint(caps.keyDelay, 32)
    .storeUint(caps.codeDelay, 32)
    .storeUint(caps.minOverlap, 32)
    .endCell()

export const adminCell = (config: VaultConfig): Cell =>
  beginCell()
    .storeAddress(config.owner)
    .storeAddress(config.guardian)
    .storeRef(
      beginCell()
        .storeUint(0, 32)
        .storeCoins(0)
        .storeUint(0, 256)
        .storeUint(config.createdAt, 32)
        .endCell(),
    )
    .storeDict(null)
    .endCell()

export const coinsValue: DictionaryValue<bigint> = {
  serialize: (amount, builder) => {
    builder.storeCoins(amount)
  },
  parse: (slice) => slice.loadCoins(),
}

/** Address of a payee's account, for display and for sending by hand. */
export const payeeAddress = (payee: string): Address => new Address(0, Buffer.from(payee, 'hex'))
