/** @module A transaction's cell as the money side reads it. */
import {
  type Address,
  type Cell,
  loadMessage,
  loadTransaction,
  type Transaction,
  type TransactionDescription,
} from '@ton/core'
import type { InMessage, OutMessage, Tx } from './port.ts'
import { normHash, rawMessages } from './raw-messages.ts'

/** Throws a foreign parser's error for a cell that is no transaction. */
export function parseTx(account: Address, raw: Cell): Tx {
  const parsed = loadTransaction(raw.beginParse())
  const messages = rawMessages(raw)
  return {
    account,
    lt: parsed.lt,
    hash: raw.hash().toString('hex'),
    prevLt: parsed.prevTransactionLt,
    prevHash: parsed.prevTransactionHash.toString(16).padStart(64, '0'),
    utime: parsed.now,
    ...phases(parsed),
    totalFeesNano: parsed.totalFees.coins,
    in: messages.in && incoming(messages.in),
    out: messages.out.map(outgoing),
    raw,
  }
}

type Phases = Pick<Tx, 'exitCode' | 'skipped' | 'gasUsed' | 'actionCode' | 'ok'>

function phases({ description }: Transaction): Phases {
  const compute = computePhase(description)
  if (!compute) return { gasUsed: 0n, ok: description.type === 'storage' }
  const action = 'actionPhase' in description ? description.actionPhase : undefined
  const isAborted = 'aborted' in description && description.aborted
  const code = action ? { actionCode: action.resultCode } : {}
  if (compute.type === 'skipped')
    return { skipped: compute.reason, gasUsed: 0n, ok: false, ...code }
  return {
    exitCode: compute.exitCode,
    gasUsed: compute.gasUsed,
    ok: !isAborted && compute.success && (action?.success ?? true),
    ...code,
  }
}

function computePhase(description: TransactionDescription) {
  return description.type === 'generic' || description.type === 'tick-tock'
    ? description.computePhase
    : undefined
}

function incoming(cell: Cell): InMessage {
  const message = loadMessage(cell.beginParse())
  const { info, body } = message
  const hash = cell.hash().toString('hex')
  const norm = normHash(message)
  if (info.type !== 'internal') {
    const outside = { kind: 'external', source: null, valueNano: 0n, isBounced: false } as const
    return { ...outside, body, createdLt: 0n, hash, ...(norm !== undefined && { normHash: norm }) }
  }
  return {
    kind: 'internal',
    source: info.src,
    valueNano: info.value.coins,
    isBounced: info.bounced,
    body,
    createdLt: info.createdLt,
    hash,
  }
}

function outgoing(cell: Cell): OutMessage {
  const { info, body } = loadMessage(cell.beginParse())
  const hash = cell.hash().toString('hex')
  if (info.type === 'internal')
    return {
      kind: 'internal',
      to: info.dest,
      topic: null,
      valueNano: info.value.coins,
      bounce: info.bounce,
      body,
      createdLt: info.createdLt,
      hash,
    }
  const isEvent = info.type === 'external-out'
  return {
    kind: 'external',
    to: null,
    topic: (isEvent && info.dest) || null,
    valueNano: 0n,
    bounce: false,
    body,
    createdLt: isEvent ? info.createdLt : 0n,
    hash,
  }
}
