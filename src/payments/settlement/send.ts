/** @module Sends messages from a wallet of ours by hand: deployments and the owner's orders, to their end on chain. */
import type { Address, MessageRelaxed } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { ChainPort, Tx } from '../chain/port.ts'
import { lookAtWallet, type Wallet } from './wallet.ts'

/** What became of one message. Absent code: it did not run. */
export interface Arrival {
  readonly to: Address
  readonly tx: Tx
}

interface SendDeps {
  readonly chain: ChainPort
  readonly clock: Clock
  readonly signal: AbortSignal
}

const lifeS = 120
const resendMs = 2000
const lookMs = 200

/**
 * Sends all of `messages` in one order of `wallet` and waits until each has arrived. Throws `chain.unavailable` when the
 * order was not taken in time, or one of its messages was left out (the wallet had too little).
 */
export async function sendFrom(
  wallet: Wallet,
  messages: readonly MessageRelaxed[],
  { chain, clock, signal }: SendDeps,
): Promise<readonly Arrival[]> {
  const { seqno, isNew, lastLt } = await lookAtWallet(chain, wallet.address)
  const validUntil = (await chain.head()).utime + lifeS
  const { message, normHash } = await wallet.sign({ seqno, validUntil, messages, isNew })
  let sentMs = Number.NEGATIVE_INFINITY
  let taken: Tx | null = null
  while (!taken) {
    signal.throwIfAborted()
    if ((await chain.head()).utime > validUntil + 30) throw new AppError('chain.unavailable')
    if (clock.now() - sentMs >= resendMs) {
      sentMs = clock.now()
      // The answer says nothing: what counts is the wallet's transaction.
      await chain.send(Buffer.from(message)).catch(() => undefined)
    }
    taken = await chain.findByNormHash(wallet.address, normHash, lastLt)
    if (!taken) await clock.sleep(lookMs, signal)
  }
  if (taken.out.length < messages.length) throw new AppError('chain.unavailable')
  const arrivals: Arrival[] = []
  for (const { to, createdLt } of taken.out) {
    if (!to) continue
    let tx: Tx | null = null
    while (!tx) {
      tx = await chain.resultOf(wallet.address, to, createdLt)
      if (!tx) await clock.sleep(lookMs, signal)
    }
    arrivals.push({ to, tx })
  }
  return arrivals
}

/** Throws `chain.exit` with the code of the first message that was refused. */
export function throwIfRefused(arrivals: readonly Arrival[]): void {
  for (const { tx } of arrivals) {
    const exit = tx.exitCode ?? -1
    if (tx.ok) continue
    throw new AppError('chain.exit', { exit: exit === 0 ? (tx.actionCode ?? 0) : exit })
  }
}
