/** @module What stands in a transaction, in the words of our contracts. */
import { Address, Cell, loadMessage, loadTransaction, type Slice } from '@ton/core'
import { showCoin } from '../../core/coin.ts'
import { parseTx } from '../chain/parse.ts'
import type { InMessage, OutMessage, Tx } from '../chain/port.ts'
import { rawMessages } from '../chain/raw-messages.ts'
import {
  exitName,
  REGISTRY_EVENTS,
  REGISTRY_OPS,
  VAULT_EVENTS,
  VAULT_OPS,
  VAULT_OUT,
} from '../contracts/opcodes.ts'
import { readVaultOut } from '../contracts/vault-reading.ts'
import type { TxRecord } from './state.ts'

/** A message as the page shows it. Addresses raw, amounts as people read them. */
interface ShownMessage {
  readonly op: string
  readonly comment?: string
  /** The other side; absent for an event and for what came from outside. */
  readonly peer?: string
  readonly value?: string
}

export interface ShownTx {
  readonly account: string
  readonly hash: string
  readonly lt: string
  /** Seconds since 1970. */
  readonly at: number
  readonly block: number
  readonly in: ShownMessage
  readonly out: readonly ShownMessage[]
  /** `credited`: coins came to an account where no code ran, which is well. */
  readonly result: 'ok' | 'credited' | 'failed'
  /** Why it failed, by name where our contracts have one; of `credited`: why no code ran. */
  readonly why?: string
  readonly fees: string
  /** A vault's batch that was paid by it: number, how many payouts, how much. */
  readonly batch?: readonly [string, number, string]
}

const names = (
  ...tables: readonly Readonly<Record<string, number>>[]
): ReadonlyMap<number, string> =>
  new Map(tables.flatMap((table) => Object.entries(table).map(([name, op]) => [op, name] as const)))
const ops = names(VAULT_OPS, VAULT_OUT, REGISTRY_OPS)
const events = names(VAULT_EVENTS, REGISTRY_EVENTS)

const longestComment = 120

export function shownTx(record: TxRecord): ShownTx {
  const raw = Cell.fromBase64(record.boc)
  const tx = parseTx(Address.parseRaw(record.account), raw)
  const why = reason(tx) ?? (isCredited(tx) ? withoutCode(raw) : undefined)
  const batch = batchOf(raw)
  return {
    account: record.account,
    hash: record.hash,
    lt: record.lt.toString(),
    at: record.utime,
    block: record.seqno,
    in: shownIn(tx.in),
    out: tx.out.map(shownOut),
    result: tx.ok ? 'ok' : isCredited(tx) ? 'credited' : 'failed',
    ...(why !== undefined && { why }),
    fees: showCoin(tx.totalFeesNano),
    ...(batch && { batch }),
  }
}

function batchOf(transaction: Cell): ShownTx['batch'] {
  for (const cell of rawMessages(transaction).out) {
    const message = loadMessage(cell.beginParse())
    if (message.info.type !== 'external-out') continue
    const event = readVaultOut(message)
    if (event?.kind === 'settled') return [String(event.batch), event.payouts, showCoin(event.paid)]
  }
  return undefined
}

/** Why no code ran where coins arrived: what a person takes for a fault is how a new wallet receives. */
const withoutCode = (transaction: Cell): string =>
  loadTransaction(transaction.beginParse()).endStatus === 'active'
    ? 'too little to run its code'
    : 'wallet not deployed yet'

/** No code ran, and nothing went back: there is none, or the sum is below what a run costs. */
const isCredited = ({ skipped, out, in: message }: Tx): boolean =>
  skipped !== undefined && out.length === 0 && (message?.valueNano ?? 0n) > 0n

function reason(tx: Tx): string | undefined {
  if (tx.ok || isCredited(tx)) return undefined
  if (tx.skipped !== undefined) return tx.skipped
  const { exitCode: exit = 0, actionCode: action = 0 } = tx
  if (exit > 1) return `exit ${String(exit)} ${exitName(exit) ?? ''}`.trim()
  return `action ${String(action)}`
}

function shownIn(message: InMessage | null): ShownMessage {
  if (!message) return { op: 'tick' }
  if (message.kind === 'external') return { op: 'signed message' }
  const peer = message.source?.toRawString()
  return {
    ...(message.isBounced ? { op: 'bounced' } : meaning(message.body)),
    ...(peer !== undefined && { peer }),
    value: showCoin(message.valueNano),
  }
}

function shownOut(message: OutMessage): ShownMessage {
  if (message.kind === 'external') {
    const topic = Number(message.topic?.value ?? 0n)
    return { op: `event ${events.get(topic) ?? hexOf(topic)}` }
  }
  const peer = message.to?.toRawString()
  return {
    ...meaning(message.body),
    ...(peer !== undefined && { peer }),
    value: showCoin(message.valueNano),
  }
}

function meaning(body: Cell): Pick<ShownMessage, 'op' | 'comment'> {
  const slice = body.beginParse()
  if (slice.remainingBits < 32) return { op: 'transfer' }
  const op = slice.loadUint(32)
  if (op === 0) return { op: 'comment', comment: commentOf(slice) }
  return { op: ops.get(op) ?? hexOf(op) }
}

function commentOf(slice: Slice): string {
  try {
    return slice.loadStringTail().slice(0, longestComment)
  } catch {
    return ''
  }
}

const hexOf = (op: number): string => `0x${op.toString(16).padStart(8, '0')}`
