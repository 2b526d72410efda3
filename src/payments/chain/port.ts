/** @module What the money side sees of a chain: finalised state and complete, ordered transactions. Adapters: `ton-client.ts`. */
import type { Address, Cell, ExternalAddress, TupleItem, TupleReader } from '@ton/core'
import type { FeeTable } from '../contracts/fee-tables.ts'

/** The newest masterchain block. `utime`: its `gen_utime`, seconds since 1970; the only clock that deadlines on chain count by. */
interface Head {
  readonly seqno: number
  readonly utime: number
}

/** One account as of `seenAt`. */
export interface Account {
  readonly balanceNano: bigint
  readonly state: 'active' | 'uninit' | 'frozen'
  /** Present while active. */
  readonly code: Cell | null
  readonly data: Cell | null
  /** The last transaction: 0n and `''` for an account that has none; `lastHash` is 64 lower-case hex characters. */
  readonly lastLt: bigint
  readonly lastHash: string
  /** Seconds since 1970 at which the provider's node was in step with the chain. */
  readonly seenAt: number
}

/** A message that came in. External ones have no source and no value. */
export interface InMessage {
  readonly kind: 'internal' | 'external'
  readonly source: Address | null
  readonly valueNano: bigint
  readonly isBounced: boolean
  readonly body: Cell
  /** Logical time at which its sender made it; 0n for an external one. */
  readonly createdLt: bigint
  /** Hash of the message cell as it is in the transaction, hex. */
  readonly hash: string
  /** TEP-467 hash of an external message, hex, for correlation only; absent for internal ones. */
  readonly normHash?: string
}

/** A message that went out: to an account, or (external) an event for whoever reads. */
export interface OutMessage {
  readonly kind: 'internal' | 'external'
  /** The account of an internal message. */
  readonly to: Address | null
  /** The address of an external one: 256 bits `00 ‖ topic:248` for our contracts' events. */
  readonly topic: ExternalAddress | null
  readonly valueNano: bigint
  readonly bounce: boolean
  readonly body: Cell
  readonly createdLt: bigint
  readonly hash: string
}

/**
 * One transaction of one account. Booked only when `exitCode`, `actionCode` **and** the out-messages are as expected.
 */
export interface Tx {
  readonly account: Address
  readonly lt: bigint
  /** 64 lower-case hex characters. */
  readonly hash: string
  readonly prevLt: bigint
  readonly prevHash: string
  /** Time of its block, seconds since 1970. What the port gives is finalised: in a masterchain block. */
  readonly utime: number
  /** The compute phase: 0 and 1 are success; absent: the phase was skipped (`skipped` says why) or there is none. */
  readonly exitCode?: number
  readonly skipped?: 'no-state' | 'bad-state' | 'no-gas' | 'suspended'
  readonly gasUsed: bigint
  /** The action phase: 0 is success; absent: there was none because the compute phase failed or was skipped. */
  readonly actionCode?: number
  /** Neither aborted nor destroyed nor failed in a phase: its effects stand. */
  readonly ok: boolean
  readonly totalFeesNano: bigint
  readonly in: InMessage | null
  /** In the order they were sent. */
  readonly out: readonly OutMessage[]
  /** The transaction's cell. */
  readonly raw: Cell
}

/** What a getter left on the stack. */
interface GetterAnswer {
  readonly stack: TupleReader
  readonly gasUsed: bigint
}

/**
 * Reads and sends. Every method throws `chain.unavailable` when the provider does not answer properly, after its own
 * retries; so does `get` where the provider sees no contract, since it may lag behind one. `get` throws `chain.exit`
 * with `exit` in the details; `transactions` throws `chain.gap` when what the provider gave does not hang together.
 */
export interface ChainPort {
  head(): Promise<Head>
  account(address: Address): Promise<Account>
  get(address: Address, method: string, args?: readonly TupleItem[]): Promise<GetterAnswer>
  /**
   * Hands a message to the provider once, without retrying. That it resolves means nothing: truth is contract state.
   * Throws `chain.refused` when the provider says that the account would not accept it (with `exit` if it says so).
   */
  send(boc: Buffer): Promise<void>
  /**
   * The oldest transactions above `afterLt`, ascending and without a hole: the first one's predecessor is at or below
   * `afterLt`, each next one names the one before it by lt and hash. At most `limit` (default 100).
   */
  transactions(
    address: Address,
    range: { readonly afterLt: bigint; readonly limit?: number },
  ): Promise<readonly Tx[]>
  /** The transaction above `afterLt` whose external in-message has this TEP-467 hash (hex). */
  findByNormHash(address: Address, normHash: string, afterLt: bigint): Promise<Tx | null>
  /** Where a message sent at `createdLt` by `source` ended; null while it has not arrived. */
  resultOf(source: Address, destination: Address, createdLt: bigint): Promise<Tx | null>
  /** Prices of the base chain that hold now: ConfigParams 18, 21 and 25. */
  fees(): Promise<FeeTable>
  /** The cell of one config parameter. */
  config(id: number): Promise<Cell>
}
