/** @module What a local chain remembers: accounts by block, transactions by account, messages on their way. Changed by whole blocks only. */
import { type Address, Cell, loadTransaction } from '@ton/core'

/** A transaction with what is looked up by; `boc` in base64. Hashes: 64 hex characters. */
export interface TxRecord {
  readonly account: string
  readonly lt: bigint
  readonly hash: string
  readonly prevLt: bigint
  readonly prevHash: string
  readonly utime: number
  readonly seqno: number
  readonly boc: string
}

/** A message that waits for a block of at least the number `notBefore`. */
export interface Pending {
  readonly boc: string
  readonly notBefore: number
}

/** One block with something in it. Accounts by raw address (`0:hex`), as base64 BoC of the ShardAccount. */
export interface Block {
  readonly seqno: number
  /** Chain time, milliseconds since 1970. */
  readonly ms: number
  readonly lt: bigint
  readonly transactions: readonly string[]
  readonly accounts: ReadonlyMap<string, string>
  readonly pending: readonly Pending[]
}

interface Version {
  readonly seqno: number
  readonly account: string
}

interface BlockTime {
  readonly seqno: number
  readonly ms: number
}

/** How many blocks back a lagging node may be asked. */
export const maxLag = 256
/** Of one account: a vault of 30 000 payees has some four million characters. */
const maxVersionsChars = 32 * 1024 * 1024

export class ChainState {
  #times: BlockTime[]
  #lt = 0n
  readonly #versions = new Map<string, Version[]>()
  readonly #history = new Map<string, TxRecord[]>()
  readonly #blocks = new Map<number, readonly TxRecord[]>()
  #pending: readonly Pending[] = []

  constructor(first: BlockTime) {
    this.#times = [first]
  }

  get lt(): bigint {
    return this.#lt
  }
  get pending(): readonly Pending[] {
    return this.#pending
  }
  get accounts(): readonly string[] {
    return [...this.#versions.keys()]
  }

  /** The block that a node which is `lag` blocks behind has as its newest. */
  head(lag = 0): BlockTime {
    const newest = this.#times.at(-1)
    if (!newest) throw new RangeError('a chain has a first block')
    const wanted = newest.seqno - lag
    return this.#times.findLast(({ seqno }) => seqno <= wanted) ?? this.#times[0] ?? newest
  }

  /** As of block `seqno`; undefined when the account was not there then. */
  account(raw: string, seqno: number): string | undefined {
    return this.#versions.get(raw)?.findLast((it) => it.seqno <= seqno)?.account
  }

  /** Ascending by lt, of blocks up to `seqno`. */
  history(raw: string, seqno: number): readonly TxRecord[] {
    const all = this.#history.get(raw) ?? []
    return (all.at(-1)?.seqno ?? 0) <= seqno ? all : all.filter((it) => it.seqno <= seqno)
  }

  block(seqno: number): readonly TxRecord[] {
    return this.#blocks.get(seqno) ?? []
  }

  /** The newest transactions of all accounts, newest first. */
  newest(count: number): readonly TxRecord[] {
    const found: TxRecord[] = []
    for (const records of [...this.#blocks.values()].toReversed()) {
      found.push(...records.toReversed())
      if (found.length >= count) break
    }
    return found.slice(0, count)
  }

  wait(pending: readonly Pending[]): void {
    this.#pending = [...this.#pending, ...pending]
  }

  /** A block with nothing in it: time goes on. */
  tick(time: BlockTime): void {
    this.#times.push(time)
    if (this.#times.length > 2 * maxLag) this.#times = this.#times.slice(-maxLag)
  }

  apply(block: Block): void {
    const { seqno, ms } = block
    if (seqno > this.head().seqno) this.tick({ seqno, ms })
    this.#lt = block.lt
    this.#pending = [...block.pending]
    for (const [raw, account] of block.accounts) this.#setAccount(raw, { seqno, account })
    const records = block.transactions.map((boc) => record(boc, seqno))
    for (const it of records) {
      const before = this.#history.get(it.account)
      if (before) before.push(it)
      else this.#history.set(it.account, [it])
    }
    if (records.length > 0)
      this.#blocks.set(seqno, [...(this.#blocks.get(seqno) ?? []), ...records])
  }

  /** The same state as blocks, the last of which has all accounts: what a new process needs. */
  toBlocks(): Block[] {
    const { seqno, ms } = this.head()
    const history = [...this.#blocks].map(([number, records]) => ({
      seqno: number,
      ms: (records[0]?.utime ?? 0) * 1000,
      lt: this.#lt,
      transactions: records.map(({ boc }) => boc),
      accounts: new Map<string, string>(),
      pending: [],
    }))
    const accounts = new Map<string, string>()
    for (const [raw, versions] of this.#versions) {
      const newest = versions.at(-1)
      if (newest) accounts.set(raw, newest.account)
    }
    const last = { seqno, ms, lt: this.#lt, transactions: [], accounts, pending: this.#pending }
    return [...history, last]
  }

  #setAccount(raw: string, version: Version): void {
    const versions = this.#versions.get(raw) ?? []
    const needed = versions.findLastIndex(({ seqno }) => seqno <= version.seqno - maxLag)
    const most = Math.max(1, Math.floor(maxVersionsChars / version.account.length))
    const kept = versions.slice(Math.max(needed, 0)).filter((it) => it.seqno !== version.seqno)
    this.#versions.set(raw, [...kept.slice(-most), version])
  }
}

const hex256 = (value: bigint): string => value.toString(16).padStart(64, '0')

function record(boc: string, seqno: number): TxRecord {
  const cell = Cell.fromBase64(boc)
  const parsed = loadTransaction(cell.beginParse())
  return {
    // Contracts of this system live in the base chain; the masterchain has none here.
    account: `0:${hex256(parsed.address)}`,
    lt: parsed.lt,
    hash: cell.hash().toString('hex'),
    prevLt: parsed.prevTransactionLt,
    prevHash: hex256(parsed.prevTransactionHash),
    utime: parsed.now,
    seqno,
    boc,
  }
}

/** `0:hex`, the key of everything here. */
export const rawOf = (address: Address): string =>
  `${String(address.workChain)}:${address.hash.toString('hex')}`
