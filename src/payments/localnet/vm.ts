/** @module The real TVM (compiled to WebAssembly) behind two calls. Loaded only where a local network runs. */
import {
  type Address,
  beginCell,
  Cell,
  getMethodId,
  loadShardAccount,
  parseTuple,
  type ShardAccount,
  storeShardAccount,
  type TupleItem,
} from '@ton/core'

/** A run on one account. `account`: its ShardAccount as base64 BoC; undefined for one that never was. */
interface Run {
  readonly account: string | undefined
  readonly to: Address
  readonly message: Cell
  /** Seconds since 1970. */
  readonly utime: number
  readonly lt: bigint
  /** The whole config as base64 BoC. */
  readonly config: string
  readonly ignoreSignature?: boolean
}

/** `transaction` and `account` as base64 BoC. Refused: an external message that the account did not accept. */
export type Ran =
  | { readonly done: true; readonly transaction: string; readonly account: string }
  | { readonly done: false; readonly error: string; readonly exit?: number }

export interface Ask {
  readonly account: string
  readonly at: Address
  readonly method: string | number
  readonly stack: TupleItem[]
  readonly utime: number
  readonly config: string
}

export interface Answer {
  readonly exit: number
  readonly gasUsed: number
  readonly stack: readonly TupleItem[]
}

/** Nothing of a run is kept: what follows from it is the caller's. */
export interface Vm {
  run(run: Run): Promise<Ran>
  /** On an account without code: exit −13, as the public servers answer. */
  ask(ask: Ask): Promise<Answer>
}

/** Getters of contracts with many rows need more than the million of a transaction. */
const getterGas = 10_000_000n
const noCode: Answer = { exit: -13, gasUsed: 0, stack: [] }
/** Contracts that ask for randomness get the same in every run: a test that failed fails again. */
const seed = Buffer.alloc(32)

/** Ready at once; the machine is compiled meanwhile, and the first run waits for it. */
export function openVmSoon(): Vm {
  const opened = openVm()
  // Whoever runs something is told; nobody else needs to be.
  opened.catch(() => undefined)
  return {
    run: async (run) => (await opened).run(run),
    ask: async (ask) => (await opened).ask(ask),
  }
}

/** Compiles the machine: about half a second, once a process. */
export async function openVm(): Promise<Vm> {
  // The package's door loads its debugger and coverage tools as well.
  const { Executor } = await import('@ton/sandbox/dist/executor/Executor.js')
  const executor = await Executor.create()
  return {
    run: async ({ account, to, message, utime, lt, config, ignoreSignature }) => {
      const { result } = await executor.runTransaction({
        config,
        libs: null,
        verbosity: 'short',
        shardAccount: account ?? packAccount(emptyAccount(to)),
        now: utime,
        lt,
        randomSeed: seed,
        ignoreChksig: ignoreSignature ?? false,
        debugEnabled: false,
        message,
      })
      if (result.success)
        return { done: true, transaction: result.transaction, account: result.shardAccount }
      const exit = result.vmResults?.vmExitCode
      return { done: false, error: result.error, ...(exit !== undefined && { exit }) }
    },
    ask: async ({ account, at, method, stack, utime, config }) => {
      const held = unpackAccount(account)?.storage
      if (held?.state.type !== 'active') return noCode
      const { code, data } = held.state.state
      if (!code || !data) return noCode
      const { output } = await executor.runGetMethod({
        code,
        data,
        methodId: typeof method === 'number' ? method : getMethodId(method),
        stack,
        config,
        verbosity: 'short',
        address: at,
        unixTime: utime,
        balance: held.balance.coins,
        randomSeed: seed,
        gasLimit: getterGas,
        debugEnabled: false,
      })
      if (!output.success) return { ...noCode, exit: -14 }
      return {
        exit: output.vm_exit_code,
        gasUsed: Number(output.gas_used),
        stack: parseTuple(Cell.fromBase64(output.stack)),
      }
    },
  }
}

/** An account that nobody has sent anything to yet. */
const emptyAccount = (addr: Address): ShardAccount => ({
  account: {
    addr,
    storage: { lastTransLt: 0n, balance: { coins: 0n }, state: { type: 'uninit' } },
    storageStats: { used: { cells: 0n, bits: 0n }, lastPaid: 0, storageExtra: null },
  },
  lastTransactionLt: 0n,
  lastTransactionHash: 0n,
})

const packAccount = (account: ShardAccount): string =>
  beginCell().store(storeShardAccount(account)).endCell().toBoc().toString('base64')

/** Undefined for an account that does not exist (any more). */
export const unpackAccount = (account: string): ShardAccount['account'] | undefined =>
  loadShardAccount(Cell.fromBase64(account).beginParse()).account ?? undefined
