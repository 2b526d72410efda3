/** @module The three cells that the settlement key signs: voucher, settle payload and commitment (PAY §4, §5). */
import { type Address, type Builder, beginCell, type Cell } from '@ton/core'
import { SIGNED } from './opcodes.ts'

/** What binds a signed cell to one chain, one vault and one key. */
export interface SignedDomain {
  /** The chain's global id: mainnet -239, testnet -3. */
  readonly net: number
  readonly vault: Address
  /** Epoch of the settlement key, not of commitments. */
  readonly epoch: number
}

export interface Entry {
  /** Account hash in workchain 0, 64 lower-case hex characters. */
  readonly payee: string
  /** Lifetime total in nano. */
  readonly total: bigint
}

export interface SettlePayload {
  /** Unix seconds of chain time. */
  readonly validUntil: number
  readonly batch: bigint
  readonly entries: readonly Entry[]
}

export interface CommitPayload {
  readonly commitEpoch: number
  readonly total: bigint
  /** 32 bytes as 64 hex characters. */
  readonly root: string
}

/** Three entries fit a cell only while each total's length byte and digits stay within 4 + 72 bits. */
export const MAX_ENTRY_TOTAL = 2n ** 72n - 1n

const entriesPerCell = 3

/** 64 hex characters to the number they are. Throws RangeError for anything else, which says nothing of the text. */
export function parsePayee(payee: string): bigint {
  if (!/^[0-9a-f]{64}$/.test(payee)) throw new RangeError('malformed payee')
  return BigInt(`0x${payee}`)
}

/** `voucher#43485631 net:int32 vault:MsgAddressInt payee:uint256 total:Coins epoch:uint32`: at most 743 bits, no reference. */
export const voucherCell = (domain: SignedDomain, entry: Entry): Cell =>
  head(SIGNED.Voucher, domain)
    .storeUint(parsePayee(entry.payee), 256)
    .storeCoins(entry.total)
    .storeUint(domain.epoch, 32)
    .endCell()

/** `settle#43485331 net vault epoch valid_until:uint32 batch:uint64 list:(Maybe ^Entries)`. Throws RangeError for a total of 2^72 and above. */
export const settleCell = (domain: SignedDomain, payload: SettlePayload): Cell =>
  head(SIGNED.Settle, domain)
    .storeUint(domain.epoch, 32)
    .storeUint(payload.validUntil, 32)
    .storeUint(payload.batch, 64)
    .storeMaybeRef(entryList(payload.entries))
    .endCell()

/** `commit#43484c31 net vault epoch commit_epoch:uint32 total:Coins root:bits256`. */
export const commitCell = (domain: SignedDomain, payload: CommitPayload): Cell =>
  head(SIGNED.Commit, domain)
    .storeUint(domain.epoch, 32)
    .storeUint(payload.commitEpoch, 32)
    .storeCoins(payload.total)
    .storeUint(BigInt(`0x${payload.root}`), 256)
    .endCell()

const head = (magic: number, domain: SignedDomain): Builder =>
  beginCell().storeUint(magic, 32).storeInt(domain.net, 32).storeAddress(domain.vault)

/** `entries$_ next:(Maybe ^Entries) count:uint4 items:(count * Entry)`: the last cell first, since each holds its successor. */
function entryList(entries: readonly Entry[]): Cell | null {
  let next: Cell | null = null
  const cells = Math.ceil(entries.length / entriesPerCell)
  for (let index = cells - 1; index >= 0; index--) {
    const items = entries.slice(index * entriesPerCell, (index + 1) * entriesPerCell)
    const cell = beginCell().storeMaybeRef(next).storeUint(items.length, 4)
    for (const item of items) {
      if (item.total > MAX_ENTRY_TOTAL) throw new RangeError('entry total of 2^72 nano or more')
      cell.storeUint(parsePayee(item.payee), 256).storeCoins(item.total)
    }
    next = cell.endCell()
  }
  return next
}
