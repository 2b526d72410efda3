/** @module The methods of toncenter's HTTP API v2 over a local chain: those that `TonClient` calls, and those it lacks. */
import {
  Address,
  beginCell,
  Cell,
  Dictionary,
  external,
  loadTransaction,
  storeMessage,
  type TupleItem,
} from '@ton/core'
import { z } from 'zod'
import { destination, type LocalChain } from './chain.ts'
import { type FaultBook, faultKinds } from './faults.ts'
import { rawOf, type TxRecord } from './state.ts'
import { blockId, hashOf, stackJson, transactionId, transactionJson } from './toncenter-json.ts'
import { unpackAccount } from './vm.ts'

/** A refusal with the HTTP status and the words it is answered with. */
export class Refused extends Error {
  readonly status: number

  constructor(status: number, words: string) {
    super(words)
    this.status = status
  }
}

type Method = (params: unknown) => Promise<unknown>

export const addressSchema = z.string().transform((text, context) => {
  try {
    return Address.parse(text)
  } catch {
    context.addIssue('Incorrect address')
    return z.NEVER
  }
})
const bocSchema = z.string().transform((text, context) => {
  try {
    return Cell.fromBase64(text)
  } catch {
    context.addIssue('Failed to parse BoC')
    return z.NEVER
  }
})
const whole = z.union([z.int(), z.string().regex(/^\d{1,20}$/)]).transform(BigInt)
const seqno = z.coerce.number().int().positive()

const accountParams = z.object({ address: addressSchema })
const historyParams = z.object({
  address: addressSchema,
  limit: z.coerce.number().int().min(1).max(100).default(10),
  lt: whole.optional(),
  hash: z.string().optional(),
  to_lt: whole.default(0n),
})
const stackItem = z.tuple([z.string(), z.string()])
const getterParams = z.object({
  address: addressSchema,
  method: z.union([z.string(), z.int()]),
  stack: z.array(stackItem).default([]),
})
const sendParams = z.object({ boc: bocSchema })
const configParams = z.object({ config_id: z.coerce.number().int() })
const feeParams = z.object({
  address: addressSchema,
  body: bocSchema,
  init_code: z.string().default(''),
  init_data: z.string().default(''),
  ignore_chksig: z.boolean().nullish(),
})
const locateParams = z.object({
  source: addressSchema,
  destination: addressSchema,
  created_lt: whole,
})
const blockParams = z.object({
  workchain: z.coerce.number().int(),
  shard: z.string(),
  seqno,
})

/** Method name → call. Parameters that do not read are refused with 422, in the words of the first fault. */
export function toncenterMethods(
  chain: LocalChain,
  faults: FaultBook,
): ReadonlyMap<string, Method> {
  /** How far behind the node is that answers this call. */
  const lagOf = (method: string, address?: Address): number =>
    faults.take({ method, account: address && rawOf(address) }, faultKinds.read)?.blocks ?? 0

  const information = (address: Address, lag: number) => {
    const packed = chain.account(address, lag)
    const account = packed === undefined ? undefined : unpackAccount(packed)
    const state = account?.storage.state
    const last = chain.history(address, lag).at(-1)
    const { seqno: newest, ms } = chain.head(lag)
    const active = state?.type === 'active' ? state.state : undefined
    return {
      '@type': 'raw.fullAccountState',
      balance: (account?.storage.balance.coins ?? 0n).toString(),
      extra_currencies: [],
      code: active?.code?.toBoc().toString('base64') ?? '',
      data: active?.data?.toBoc().toString('base64') ?? '',
      last_transaction_id: last
        ? transactionId(last.lt, last.hash)
        : transactionId(0n, '00'.repeat(32)),
      block_id: blockId(newest),
      frozen_hash: '',
      sync_utime: Math.floor(ms / 1000),
      state: state?.type === 'uninit' || !state ? 'uninitialized' : state.type,
    }
  }

  const send = async (message: Cell): Promise<void> => {
    const call = { method: 'sendBoc', account: rawOf(destination(message)) }
    if (faults.take(call, ['drop'])) return
    const ran = await chain.tryOut(message)
    if (!ran.done) throw new Refused(500, refusalWords(ran))
    const late = faults.take(call, ['late'])?.blocks ?? 0
    await chain.submit(message, late)
    if (faults.take(call, ['twice'])) await chain.submit(message, late + 1)
    if (faults.take(call, ['answer-error']))
      throw new Refused(500, 'LITE_SERVER_NETWORK: timeout for adnl query')
  }

  const methods: Record<string, Method> = {
    getMasterchainInfo: async () => {
      const { seqno: newest } = chain.head(lagOf('getMasterchainInfo'))
      return {
        '@type': 'blocks.masterchainInfo',
        last: blockId(newest),
        state_root_hash: hashOf(`state ${String(newest)}`),
        init: blockId(0),
      }
    },
    getBlockHeader: taking(blockParams, async (block) => ({
      '@type': 'blocks.header',
      id: blockId(block.seqno, block.workchain),
      gen_utime: Math.floor(chain.timeOf(block.seqno) / 1000),
    })),
    getAddressInformation: taking(accountParams, async ({ address }) =>
      information(address, lagOf('getAddressInformation', address)),
    ),
    getAddressBalance: taking(
      accountParams,
      async ({ address }) => information(address, lagOf('getAddressBalance', address)).balance,
    ),
    getAddressState: taking(
      accountParams,
      async ({ address }) => information(address, lagOf('getAddressState', address)).state,
    ),
    getTransactions: taking(historyParams, async (range) => {
      const all = chain.history(range.address, lagOf('getTransactions', range.address))
      return pageOf(all, range).map(transactionJson)
    }),
    runGetMethod: taking(getterParams, async ({ address, method, stack }) => {
      const answer = await chain.ask(
        { at: address, method, stack: stack.map(stackItemOf) },
        lagOf('runGetMethod', address),
      )
      return {
        '@type': 'smc.runResult',
        gas_used: answer.gasUsed,
        exit_code: answer.exit,
        stack: answer.stack.map(stackJson),
      }
    }),
    sendBoc: taking(sendParams, async ({ boc }) => {
      await send(boc)
      return { '@type': 'ok' }
    }),
    sendBocReturnHash: taking(sendParams, async ({ boc }) => {
      await send(boc)
      return { '@type': 'raw.extMessageInfo', hash: boc.hash().toString('base64') }
    }),
    getConfigParam: taking(configParams, async ({ config_id }) => {
      const cell = paramOf(chain.config, config_id)
      if (!cell) throw new Refused(500, 'LITE_SERVER_UNKNOWN: no such configuration parameter')
      const bytes = cell.toBoc().toString('base64')
      return { '@type': 'configInfo', config: { '@type': 'tvm.cell', bytes } }
    }),
    estimateFee: taking(feeParams, async (ask) => estimate(chain, ask)),
    tryLocateResultTx: taking(locateParams, async ({ source, destination: to, created_lt }) => {
      const found = chain.history(to).find((it) => {
        const info = loadTransaction(Cell.fromBase64(it.boc).beginParse()).inMessage?.info
        return info?.type === 'internal' && info.createdLt === created_lt && info.src.equals(source)
      })
      return located(found)
    }),
    tryLocateSourceTx: taking(locateParams, async ({ source, destination: to, created_lt }) => {
      const found = chain.history(source).find((it) => {
        const sent = loadTransaction(Cell.fromBase64(it.boc).beginParse()).outMessages.values()
        return sent.some(
          ({ info }) =>
            info.type === 'internal' && info.createdLt === created_lt && info.dest.equals(to),
        )
      })
      return located(found)
    }),
    shards: taking(z.object({ seqno }), async ({ seqno: wanted }) => ({
      '@type': 'blocks.shards',
      shards: [blockId(wanted, 0)],
    })),
    getBlockTransactions: taking(blockParams, async (block) => {
      const records = block.workchain === 0 ? chain.transactionsIn(block.seqno) : []
      return {
        '@type': 'blocks.transactions',
        id: blockId(block.seqno, block.workchain),
        req_count: records.length,
        incomplete: false,
        transactions: records.map(({ account, lt, hash }) => ({
          '@type': 'blocks.shortTxId',
          mode: 135,
          account,
          lt: lt.toString(),
          hash: Buffer.from(hash, 'hex').toString('base64'),
        })),
      }
    }),
  }
  return new Map(Object.entries(methods))
}

/** A method whose parameters are checked first. */
const taking =
  <S extends z.ZodType>(schema: S, call: (params: z.output<S>) => Promise<unknown>): Method =>
  (params) => {
    const { success, data, error } = schema.safeParse(params)
    if (success) return call(data)
    const [first] = error.issues
    throw new Refused(422, `${first?.path.join('.') ?? 'params'}: ${first?.message ?? 'invalid'}`)
  }

/** Newest first; `lt` inclusive, `to_lt` exclusive. */
function pageOf(
  all: readonly TxRecord[],
  { lt, hash, to_lt, limit }: z.output<typeof historyParams>,
): readonly TxRecord[] {
  if (lt === undefined) return within(all, to_lt).slice(0, limit)
  const from = all.findLast((it) => it.lt === lt)
  if (!from || (hash !== undefined && !isSameHash(hash, from.hash)))
    throw new Refused(
      500,
      'LITE_SERVER_UNKNOWN: cannot locate transaction in block with specified logical time',
    )
  return within(all.slice(0, all.indexOf(from) + 1), to_lt).slice(0, limit)
}

const within = (all: readonly TxRecord[], toLt: bigint): TxRecord[] =>
  all.filter((it) => it.lt > toLt).toReversed()

/** Hashes come as hex or base64. */
const isSameHash = (given: string, hex: string): boolean =>
  given.toLowerCase() === hex || Buffer.from(given, 'base64').toString('hex') === hex

function stackItemOf([type, value]: readonly [string, string]): TupleItem {
  switch (type) {
    case 'num':
      return { type: 'int', value: BigInt(value) }
    case 'cell':
    case 'tvm.Cell':
      return { type: 'cell', cell: Cell.fromBase64(value) }
    case 'slice':
    case 'tvm.Slice':
      return { type: 'slice', cell: Cell.fromBase64(value) }
    default:
      throw new Refused(422, 'stack: unsupported item')
  }
}

function paramOf(config: string, id: number): Cell | undefined {
  const slice = Cell.fromBase64(config).beginParse()
  return Dictionary.loadDirect(Dictionary.Keys.Int(32), Dictionary.Values.Cell(), slice).get(id)
}

/** As the public servers pass on what a lite server said. */
const refusalWords = ({
  exit,
  error,
}: {
  readonly exit?: number
  readonly error: string
}): string =>
  exit === undefined
    ? `LITE_SERVER_UNKNOWN: cannot apply external message to current state : ${error}`
    : `LITE_SERVER_UNKNOWN: cannot apply external message to current state : External message was not accepted\nCannot run message on account: inbound external message rejected by transaction: exitcode=${String(exit)}`

async function estimate(chain: LocalChain, ask: z.output<typeof feeParams>) {
  const code = ask.init_code === '' ? undefined : Cell.fromBase64(ask.init_code)
  const data = ask.init_data === '' ? undefined : Cell.fromBase64(ask.init_data)
  const init = code && data ? { code, data } : undefined
  const message = external({ to: ask.address, body: ask.body, ...(init && { init }) })
  const cell = beginCell().store(storeMessage(message)).endCell()
  const ran = await chain.tryOut(cell, ask.ignore_chksig ?? true)
  if (!ran.done) throw new Refused(500, refusalWords(ran))
  const { description, totalFees } = loadTransaction(Cell.fromBase64(ran.transaction).beginParse())
  const generic = description.type === 'generic' ? description : undefined
  const storage = generic?.storagePhase?.storageFeesCollected ?? 0n
  const gas = generic?.computePhase.type === 'vm' ? generic.computePhase.gasFees : 0n
  const action = generic?.actionPhase?.totalActionFees ?? 0n
  return {
    '@type': 'query.fees',
    source_fees: {
      '@type': 'fees',
      in_fwd_fee: Number(totalFees.coins - storage - gas - action),
      storage_fee: Number(storage),
      gas_fee: Number(gas),
      fwd_fee: Number(generic?.actionPhase?.totalFwdFees ?? 0n),
    },
    destination_fees: [],
  }
}

function located(found: TxRecord | undefined) {
  if (!found) throw new Refused(404, 'Tx not found')
  return transactionJson(found)
}

/** The account a call is about, for faults: named in its parameters, or the receiver of what it sends. */
export function accountOf(params: unknown): string | undefined {
  const { address, boc } = subject.safeParse(params).data ?? {}
  if (address) return rawOf(address)
  if (!boc) return undefined
  try {
    return rawOf(destination(boc))
  } catch {
    return undefined
  }
}
const subject = z.object({ address: addressSchema.optional(), boc: bocSchema.optional() })
