/** @module One contract in the emulator with named senders: what a message did, in numbers, and whether anything changed. */
import {
  Address,
  beginCell,
  Cell,
  type Contract,
  type ContractProvider,
  loadShardAccount,
  loadTransaction,
  type Message,
  parseTuple,
  type ShardAccount,
  type StateInit,
  storeMessage,
  type Transaction,
  type TupleItem,
  TupleReader,
} from '@ton/core'
import { createShardAccount, defaultConfig, Executor } from '@ton/sandbox'
import {
  FEE_TABLES,
  FEES_HOLD_FROM,
  type FeeTable,
  type FeeTableName,
  feeConfig,
} from '../../src/payments/contracts/fee-tables.ts'
import { readVaultOut, type VaultOut } from '../../src/payments/contracts/vault-reading.ts'
import { internalMessage, shardAccountBoc } from './raw-chain.ts'

export const TABLES = ['august-2026', 'pre-april-2026'] as const satisfies readonly FeeTableName[]
export const START = FEES_HOLD_FROM + 1_000_000
export const HOUR = 3600
export const DAY = 24 * HOUR

/** Whole coins in nano. */
export const coins = (amount: number): bigint => BigInt(Math.round(amount * 1e9))

/** Accounts that exist by name only. */
export const party = (name: string): Address =>
  new Address(0, beginCell().storeStringTail(`party ${name}`).endCell().hash())

export interface Outcome {
  /** Exit code of the compute phase, or -1 when it was skipped. */
  readonly exit: number
  readonly action: number | undefined
  readonly gas: bigint
  readonly payouts: readonly Extract<VaultOut, { kind: 'payout' }>[]
  readonly events: readonly VaultOut[]
  /** What came back to the sender, as excess or as a bounce. */
  readonly returned: bigint
  readonly bounced: boolean
  /** Change of the contract's balance, rent not counted. */
  readonly delta: bigint
  readonly transaction: Transaction
}

export interface ContractWorld {
  readonly address: Address
  readonly fees: FeeTable
  now(): number
  /** Moves the clock forward by seconds. */
  pass(seconds: number): void
  balance(): bigint
  setBalance(amount: bigint): void
  /** The contract's data cell. */
  data(): Promise<Cell>
  code(): Promise<Cell>
  /** Delivers a message as if `from` had sent it. */
  send(from: Address, body: Cell, value?: bigint): Promise<Outcome>
  deliver(message: Message): Promise<Outcome>
  /** Remembers account and clock; the function given back puts them back, as often as it is called. */
  snapshot(): () => void
  /** Enough of a provider for the getters of a wrapper. */
  readonly getters: ContractProvider
}

export interface WorldOptions {
  readonly table?: FeeTableName
  /** Code under test; the built one when not given. */
  readonly code?: Cell
  readonly balance?: bigint
  /** Gets the virtual machine's log of every run; makes runs slow. */
  readonly onLog?: (log: string) => void
}

const shared: { executor?: Promise<Executor>; readonly configs: Map<FeeTableName, string> } = {
  configs: new Map(),
}

const sharedExecutor = (): Promise<Executor> => {
  shared.executor ??= Executor.create()
  return shared.executor
}

function configOf(table: FeeTableName): string {
  const known =
    shared.configs.get(table) ?? feeConfig(defaultConfig, table).toBoc().toString('base64')
  shared.configs.set(table, known)
  return known
}

/** Puts `init` at its own address with `balance`. Other accounts are names: what is sent to them is read, not run. */
export async function contractWorld(
  contract: Contract & { readonly init: StateInit | undefined },
  options: WorldOptions,
): Promise<ContractWorld> {
  const { init, address } = contract
  if (!init?.code || !init.data) throw new RangeError('nothing to deploy')
  const executor = await sharedExecutor()
  const config = configOf(options.table ?? 'august-2026')
  const verbosity = options.onLog ? 'full_location_stack_verbose' : 'short'
  const created = createShardAccount({
    address,
    code: init.code,
    data: init.data,
    balance: options.balance ?? coins(10_000),
  })
  if (created.account) created.account.storageStats.lastPaid = START
  let account = shardAccountBoc(created)
  let now = START
  let lt = 1_000_000n
  const read = (): ShardAccount => loadShardAccount(Cell.fromBase64(account).beginParse())
  const active = () => {
    const state = read().account?.storage.state
    if (state?.type !== 'active') throw new Error('contract is not active')
    return state.state
  }
  const balance = (): bigint => read().account?.storage.balance.coins ?? 0n

  const deliver = async (message: Message): Promise<Outcome> => {
    lt += 1_000_000n
    const before = balance()
    const { result } = await executor.runTransaction({
      config,
      libs: null,
      verbosity,
      shardAccount: account,
      now,
      lt,
      randomSeed: Buffer.alloc(32),
      ignoreChksig: false,
      debugEnabled: false,
      message: beginCell().store(storeMessage(message)).endCell(),
    })
    if (!result.success) {
      // An external message that nobody accepts leaves no transaction.
      if (result.vmResults) options.onLog?.(result.vmResults.vmLog)
      throw new Error('not accepted')
    }
    options.onLog?.(result.vmLog)
    account = result.shardAccount
    const transaction = loadTransaction(Cell.fromBase64(result.transaction).beginParse())
    return outcomeOf(transaction, balance() - before)
  }
  const get = async (method: string | number, stack: TupleItem[] = []) => {
    const { code, data } = active()
    const { output } = await executor.runGetMethod({
      code: code ?? new Cell(),
      data: data ?? new Cell(),
      methodId: crc16(String(method)) | 0x10000,
      stack,
      config,
      verbosity,
      address,
      unixTime: now,
      balance: balance(),
      randomSeed: Buffer.alloc(32),
      gasLimit: 10_000_000n,
      debugEnabled: false,
    })
    if (!output.success) throw new Error(output.error)
    options.onLog?.(output.vm_log)
    if (output.vm_exit_code > 1) throw new Error(`getter exit ${output.vm_exit_code}`)
    return { stack: new TupleReader(parseTuple(Cell.fromBase64(output.stack))) }
  }
  return {
    address,
    fees: FEE_TABLES[options.table ?? 'august-2026'],
    now: () => now,
    pass: (seconds) => {
      now += seconds
    },
    balance,
    setBalance: (amount) => {
      const changed = read()
      if (changed.account) changed.account.storage.balance.coins = amount
      account = shardAccountBoc(changed)
    },
    data: async () => active().data ?? new Cell(),
    code: async () => active().code ?? new Cell(),
    deliver,
    send: (from, body, value = coins(1)) =>
      deliver(internalMessage({ from, to: address, value, body })),
    snapshot: () => {
      const kept = { account, now }
      return () => {
        ;({ account, now } = kept)
      }
    },
    getters: { get } as unknown as ContractProvider,
  }
}

/** CRC-16/XMODEM: the number of a getter follows from its name. */
function crc16(name: string): number {
  let crc = 0
  for (const byte of Buffer.from(name)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
    crc &= 0xffff
  }
  return crc
}

function outcomeOf(first: Transaction, change: bigint): Outcome {
  const { description } = first
  if (description.type !== 'generic') throw new Error('not a message')
  const compute = description.computePhase
  const outs = [...first.outMessages.values()]
  const read = outs.flatMap((out) => readVaultOut(out) ?? [])
  const from = first.inMessage?.info.src
  const back = outs.filter(
    (out) =>
      out.info.type === 'internal' &&
      from instanceof Address &&
      out.info.dest.equals(from) &&
      (out.info.bounced || isExcesses(out)),
  )
  return {
    exit: compute.type === 'vm' ? compute.exitCode : -1,
    action: description.actionPhase?.resultCode,
    gas: compute.type === 'vm' ? compute.gasUsed : 0n,
    payouts: read.filter((out) => out.kind === 'payout'),
    events: read.filter((out) => out.kind !== 'payout' && out.kind !== 'excesses'),
    returned: back.reduce((sum, out) => sum + coinsOf(out), 0n),
    bounced: outs.some((out) => out.info.type === 'internal' && out.info.bounced),
    delta: change + (description.storagePhase?.storageFeesCollected ?? 0n),
    transaction: first,
  }
}

const isExcesses = (out: Message): boolean =>
  out.body.bits.length >= 32 && out.body.beginParse().loadUint(32) === 0x43480181

const coinsOf = (out: Message): bigint => (out.info.type === 'internal' ? out.info.value.coins : 0n)

/** The same message as an external one. */
export const externalMessage = (to: Address, body: Cell): Message => ({
  info: { type: 'external-in', dest: to, importFee: 0n },
  body,
})
