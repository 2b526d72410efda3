/** @module The chain through `TonClient` of `@ton/ton`, i.e. toncenter's HTTP API v2: its traps handled in one place (PAY §8). */
import { Cell } from '@ton/core'
import { TonClient } from '@ton/ton'
import { z } from 'zod'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import { feeTable } from './fees.ts'
import { createHistory, type ReadPage } from './history.ts'
import { parseTx } from './parse.ts'
import type { Account, ChainPort, Tx } from './port.ts'
import { withRetries } from './retry.ts'
import { createTransport, type Provider } from './transport.ts'

export interface TonChainSetup {
  readonly provider: Provider
  readonly clock: Clock
  /** Of each read, the first one included: 6 by default, within about 10 s. */
  readonly tries?: number
}

const defaultTries = 6
const firstWaitMs = 300
const defaultLimit = 100

const infoSchema = z.object({ last: z.object({ seqno: z.int().positive(), shard: z.string() }) })
const headerSchema = z.object({ gen_utime: z.int().positive() })
const configSchema = z.object({ config: z.object({ bytes: z.string() }) })
/** A getter's success: 0, or 1 for one that ended by an implicit jump. */
const goodExits: readonly number[] = [0, 1]
/** No contract stands there in the block the provider looked at: that may be an older one than the contract. */
const noContractExit = -13

export function createTonChain({
  provider,
  clock,
  tries = defaultTries,
}: TonChainSetup): ChainPort {
  const transport = createTransport(provider, clock)
  const client = new TonClient({
    endpoint: provider.endpoint,
    // Its requests go our way, so that rate, deadline and errors are the same for all calls.
    httpAdapter: async (config) => {
      const data = await transport.post(String(config.data))
      return { data, status: 200, statusText: 'OK', headers: {}, config }
    },
  })
  const patience = { clock, tries, firstWaitMs }
  const read = <T>(ask: () => Promise<T>): Promise<T> => withRetries(patience, ask)

  const readPage: ReadPage = ({ address, from, aboveLt, limit }) =>
    read(async () => {
      // A fresh object each time: the client deletes a field of what it is given.
      const range = {
        limit,
        inclusive: true,
        ...(aboveLt > 0n && { to_lt: aboveLt.toString() }),
        ...(from && {
          lt: from.lt.toString(),
          hash: Buffer.from(from.hash, 'hex').toString('base64'),
        }),
      }
      const page = await client.getTransactions(address, range)
      return page.map(({ raw }) => parseTx(address, raw)).filter(({ lt }) => lt > aboveLt)
    })
  const history = createHistory(readPage)

  const config = (id: number): Promise<Cell> =>
    read(async () => {
      const answer = configSchema.parse(await transport.call('getConfigParam', { config_id: id }))
      return Cell.fromBase64(answer.config.bytes)
    })

  return {
    head: () =>
      read(async () => {
        const { last } = infoSchema.parse(await transport.call('getMasterchainInfo', {}))
        const block = { workchain: -1, shard: last.shard, seqno: last.seqno }
        const header = headerSchema.parse(await transport.call('getBlockHeader', block))
        return { seqno: last.seqno, utime: header.gen_utime }
      }),
    account: (address) => read(async () => accountOf(await client.getContractState(address))),
    get: (address, method, args = []) =>
      read(async () => {
        const answer = await client.runMethodWithError(address, method, [...args])
        if (answer.exit_code === noContractExit) throw new AppError('chain.unavailable')
        if (!goodExits.includes(answer.exit_code))
          throw new AppError('chain.exit', { exit: answer.exit_code })
        return { stack: answer.stack, gasUsed: BigInt(answer.gas_used) }
      }),
    send: (boc) => withRetries({ ...patience, tries: 1 }, () => client.sendFile(boc)),
    transactions: (address, { afterLt, limit = defaultLimit }) =>
      history.oldest(address, afterLt, limit),
    findByNormHash: (address, normHash, afterLt) =>
      find(history.walk(address, afterLt), (tx) => tx.in?.normHash === normHash),
    resultOf: (source, destination, createdLt) =>
      find(history.walk(destination, createdLt), ({ in: message }) =>
        Boolean(message?.createdLt === createdLt && message.source?.equals(source)),
      ),
    fees: async () => {
      const params = {
        storage: await config(18),
        gas: await config(21),
        messages: await config(25),
      }
      return feeTable(params, Math.floor(clock.now() / 1000))
    },
    config,
  }
}

const find = async (
  pages: AsyncGenerator<readonly Tx[]>,
  isIt: (tx: Tx) => boolean,
): Promise<Tx | null> => {
  for await (const page of pages) {
    const found = page.find(isIt)
    if (found) return found
  }
  return null
}

type State = Awaited<ReturnType<TonClient['getContractState']>>

function accountOf({ balance, state, code, data, lastTransaction, timestampt }: State): Account {
  return {
    balanceNano: balance,
    state: state === 'uninitialized' ? 'uninit' : state,
    code: code && rootOf(code),
    data: data && rootOf(data),
    lastLt: BigInt(lastTransaction?.lt ?? 0),
    lastHash: lastTransaction ? Buffer.from(lastTransaction.hash, 'base64').toString('hex') : '',
    seenAt: timestampt,
  }
}

function rootOf(boc: Buffer): Cell {
  const [root] = Cell.fromBoc(boc)
  if (!root) throw new RangeError('a bag without a cell')
  return root
}
