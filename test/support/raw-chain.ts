/** @module The emulator with accounts as bytes: for states so large that parsing them between messages would take longer than running them. */
import {
  type Address,
  beginCell,
  Cell,
  loadTransaction,
  type Message,
  type ShardAccount,
  storeMessage,
  storeShardAccount,
  type Transaction,
} from '@ton/core'
import { createEmptyShardAccount, Executor } from '@ton/sandbox'

export interface RawChain {
  /** Unix seconds of the next block. */
  now: number
  /** Base64 of the ShardAccount cell. */
  put(address: Address, account: string): void
  /** The account's bytes as they are now, to be put back later. */
  account(address: Address): string
  /** Delivers a message and everything that follows from it, in order. */
  send(message: Message): Promise<readonly Transaction[]>
}

export async function createRawChain(config: Cell, now: number): Promise<RawChain> {
  const executor = await Executor.create()
  const accounts = new Map<string, string>()
  const configText = config.toBoc().toString('base64')
  let lt = 1_000_000n
  const account = (address: Address): string =>
    accounts.get(address.toRawString()) ?? shardAccountBoc(createEmptyShardAccount(address))

  const run = async (message: Message): Promise<Transaction> => {
    const address = message.info.dest
    if (message.info.type === 'external-out' || !address) throw new RangeError('not for an account')
    lt += 1_000_000n
    const { result } = await executor.runTransaction({
      config: configText,
      libs: null,
      verbosity: 'short',
      shardAccount: account(address as Address),
      now: chain.now,
      lt,
      randomSeed: Buffer.alloc(32),
      ignoreChksig: false,
      debugEnabled: false,
      message: beginCell().store(storeMessage(message)).endCell(),
    })
    if (!result.success) throw new Error(result.error)
    accounts.set((address as Address).toRawString(), result.shardAccount)
    return loadTransaction(Cell.fromBase64(result.transaction).beginParse())
  }

  const chain: RawChain = {
    now,
    put: (address, raw) => {
      accounts.set(address.toRawString(), raw)
    },
    account,
    send: async (message) => {
      const done: Transaction[] = []
      const queue = [message]
      for (let next = queue.shift(); next; next = queue.shift()) {
        const transaction = await run(next)
        done.push(transaction)
        queue.push(
          ...transaction.outMessages.values().filter((out) => out.info.type === 'internal'),
        )
      }
      return done
    },
  }
  return chain
}

export const shardAccountBoc = (account: ShardAccount): string =>
  beginCell().store(storeShardAccount(account)).endCell().toBoc().toString('base64')

export const internalMessage = (message: {
  from: Address
  to: Address
  value: bigint
  body: Cell
  bounce?: boolean
}): Message => ({
  info: {
    type: 'internal',
    ihrDisabled: true,
    bounce: message.bounce ?? true,
    bounced: false,
    src: message.from,
    dest: message.to,
    value: { coins: message.value },
    ihrFee: 0n,
    forwardFee: 0n,
    createdLt: 0n,
    createdAt: 0,
  },
  body: message.body,
})

/** What the network keeps of a cascade: fees of its transactions and of the messages between them. */
export function lostTo(transactions: readonly Transaction[]): bigint {
  let lost = 0n
  for (const transaction of transactions) {
    lost += transaction.totalFees.coins
    const inbound = transaction.inMessage?.info
    if (inbound?.type === 'internal') lost += inbound.forwardFee
  }
  return lost
}
