/** @module How toncenter's HTTP API v2 writes blocks, accounts, messages and transactions. */
import { createHash } from 'node:crypto'
import { Cell, loadMessage, loadTransaction, type Message, type TupleItem } from '@ton/core'
import { rawMessages } from '../chain/raw-messages.ts'
import type { TxRecord } from './state.ts'

/** The one shard of each workchain here. */
const wholeShard = '-9223372036854775808'

/** The masterchain's block, or the base chain's of the same number. Hashes are made up of the number: nobody signs here. */
export const blockId = (seqno: number, workchain = -1) =>
  ({
    '@type': 'ton.blockIdExt',
    workchain,
    shard: wholeShard,
    seqno,
    root_hash: hashOf(`root ${String(workchain)} ${String(seqno)}`),
    file_hash: hashOf(`file ${String(workchain)} ${String(seqno)}`),
  }) as const

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64')

export const transactionId = (lt: bigint, hashHex: string) => ({
  '@type': 'internal.transactionId' as const,
  lt: lt.toString(),
  hash: Buffer.from(hashHex, 'hex').toString('base64'),
})

export function transactionJson(record: TxRecord) {
  const cell = Cell.fromBase64(record.boc)
  const parsed = loadTransaction(cell.beginParse())
  const messages = rawMessages(cell)
  const { description } = parsed
  const stored = description.type === 'generic' ? description.storagePhase : undefined
  const storageFee = stored?.storageFeesCollected ?? 0n
  const fee = parsed.totalFees.coins
  return {
    '@type': 'raw.transaction',
    data: record.boc,
    utime: record.utime,
    transaction_id: transactionId(record.lt, record.hash),
    fee: fee.toString(),
    storage_fee: storageFee.toString(),
    other_fee: (fee - storageFee).toString(),
    ...(messages.in && { in_msg: messageJson(messages.in) }),
    out_msgs: messages.out.map(messageJson),
  }
}

function messageJson(cell: Cell) {
  const message = loadMessage(cell.beginParse())
  return {
    '@type': 'raw.message',
    ...infoJson(message),
    ihr_fee: '0',
    hash: cell.hash().toString('base64'),
    body_hash: message.body.hash().toString('base64'),
    msg_data: {
      '@type': 'msg.dataRaw' as const,
      body: message.body.toBoc().toString('base64'),
      init_state: '',
    },
  }
}

function infoJson({ info }: Message) {
  switch (info.type) {
    case 'internal':
      return {
        source: info.src.toString(),
        destination: info.dest.toString(),
        value: info.value.coins.toString(),
        fwd_fee: info.forwardFee.toString(),
        created_lt: info.createdLt.toString(),
      }
    case 'external-in':
      return {
        source: '',
        destination: info.dest.toString(),
        value: '0',
        fwd_fee: '0',
        created_lt: '0',
      }
    case 'external-out':
      return {
        source: info.src.toString(),
        destination: '',
        value: '0',
        fwd_fee: '0',
        created_lt: info.createdLt.toString(),
      }
  }
}

/** One item of a getter's result; slices go out as cells, as the public servers do. */
export function stackJson(item: TupleItem): readonly [string, unknown] {
  switch (item.type) {
    case 'int':
      return ['num', hexNumber(item.value)]
    case 'null':
    case 'nan':
      return ['null', null]
    case 'cell':
    case 'slice':
      return ['cell', { bytes: item.cell.toBoc().toString('base64') }]
    case 'builder':
      return ['builder', { bytes: item.cell.toBoc().toString('base64') }]
    case 'tuple':
      return ['tuple', { '@type': 'tvm.tuple', elements: item.items.map(elementJson) }]
  }
}

/** An item inside a tuple. */
function elementJson(item: TupleItem): Record<string, unknown> {
  switch (item.type) {
    case 'int':
      return {
        '@type': 'tvm.stackEntryNumber',
        number: { '@type': 'tvm.numberDecimal', number: item.value.toString() },
      }
    case 'null':
    case 'nan':
      return { '@type': 'tvm.stackEntryList', list: { '@type': 'tvm.list', elements: [] } }
    case 'cell':
    case 'builder':
      return { '@type': 'tvm.stackEntryCell', cell: bytesJson('tvm.cell', item.cell) }
    case 'slice':
      return { '@type': 'tvm.stackEntrySlice', slice: bytesJson('tvm.slice', item.cell) }
    case 'tuple':
      return {
        '@type': 'tvm.stackEntryTuple',
        tuple: { '@type': 'tvm.tuple', elements: item.items.map(elementJson) },
      }
  }
}

const bytesJson = (type: string, cell: Cell) => ({
  '@type': type,
  bytes: cell.toBoc().toString('base64'),
})

const hexNumber = (value: bigint): string =>
  value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`
