/** @module What one transaction of a vault says about money: payouts, a top-up, a commitment (PAY §5). Pure reading; nothing of it is believed before `tx.ok`. */
import type { Cell, Slice } from '@ton/core'
import type { OutMessage, Tx } from '../chain/port.ts'
import { VAULT_OPS, VAULT_OUT } from '../contracts/opcodes.ts'

/** All that one transaction paid to one payee. */
interface SeenPayout {
  readonly payee: string
  readonly amountNano: bigint
  /** The vault's own word on what it has paid to it in all. */
  readonly totalNano: bigint
}

export interface VaultTraffic {
  readonly payouts: readonly SeenPayout[]
  /** Of a settle message: the number that its signed payload carries. */
  readonly batch?: bigint
  /** The epoch of published liabilities that it took. */
  readonly commitEpoch?: number
  /** What came in to stay. */
  readonly topUpNano?: bigint
}

const none: VaultTraffic = { payouts: [] }

/** Throws nothing for what others send: a body that is none of ours says nothing. */
export function readTraffic(tx: Tx): VaultTraffic {
  if (!tx.ok) return none
  const payouts = new Map<string, SeenPayout>()
  for (const message of tx.out) {
    const found = payoutOf(message)
    if (!found) continue
    const before = payouts.get(found.payee)
    payouts.set(found.payee, {
      payee: found.payee,
      amountNano: found.amountNano + (before?.amountNano ?? 0n),
      totalNano: found.totalNano,
    })
  }
  return { payouts: [...payouts.values()], ...incoming(tx) }
}

function payoutOf({ kind, to, body, valueNano }: OutMessage): SeenPayout | undefined {
  if (kind !== 'internal' || !to) return undefined
  return read(body, (slice) => {
    if (slice.loadUint(32) !== VAULT_OUT.Payout) return undefined
    slice.skip(64)
    return { payee: to.hash.toString('hex'), amountNano: valueNano, totalNano: slice.loadCoins() }
  })
}

/** The signed payload behind queryId and signature, after its magic, net and vault. */
function afterDomain(message: Slice): Slice {
  const payload = message
    .skip(64 + 512)
    .loadRef()
    .beginParse()
    .skip(32 + 32)
  payload.loadAddress()
  return payload
}

function incoming(tx: Tx): Omit<VaultTraffic, 'payouts'> {
  const message = tx.in
  if (message?.kind !== 'internal') return {}
  const topUp = { topUpNano: message.valueNano - tx.totalFeesNano }
  if (message.body.bits.length === 0 || message.isBounced) return topUp
  return (
    read(message.body, (slice) => {
      const op = slice.loadUint(32)
      if (op === 0 || op === VAULT_OPS.TopUp) return topUp
      // In both the key's epoch comes first; then the end of a batch's life and the batch, or the commitment's number.
      if (op === VAULT_OPS.Settle)
        return {
          batch: afterDomain(slice)
            .skip(32 + 32)
            .loadUintBig(64),
        }
      if (op === VAULT_OPS.CommitLiability)
        return { commitEpoch: afterDomain(slice).skip(32).loadUint(32) }
      return {}
    }) ?? {}
  )
}

/** A malformed cell is somebody's bytes, not an error of ours. */
function read<T>(cell: Cell, parse: (slice: Slice) => T): T | undefined {
  try {
    return parse(cell.beginParse())
  } catch {
    return undefined
  }
}
