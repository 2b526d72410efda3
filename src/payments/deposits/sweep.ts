/**
 * @module What developers paid in, from the deposit wallet to the vault (PAY §13). The vault's watcher books the money when
 * the vault has it, as it does any top-up; here only the fees are booked, once, under the message's hash.
 */
import { type Address, internal, loadTransaction } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Database } from '../../db/database.ts'
import type { ChainPort, Tx } from '../chain/port.ts'
import { topUpBody } from '../contracts/vault-messages.ts'
import { bookFees } from '../ledger/payee-store.ts'
import { lookAtWallet, type Wallet } from '../settlement/wallet.ts'
import { createSweepStore, type OpenSweep } from './sweep-store.ts'

export interface SweepDeps {
  readonly db: Database
  readonly chain: ChainPort
  /** Undefined where its key is the operator's alone: nothing can be sent from here. */
  readonly signer: () => Wallet | undefined
  readonly wallet: Address
  readonly vault: Address
  readonly clock: Clock
  readonly log: Log
}

interface SweepPlan {
  readonly wallet: Address
  readonly vault: Address
  readonly balanceNano: bigint
  /** 0: there is too little to be worth a transfer. */
  readonly amountNano: bigint
}

/** `unfinished`: what an earlier call sent had not come to its end. */
interface SweepReport extends SweepPlan {
  readonly outcome: 'nothing' | 'swept' | 'unfinished-swept' | 'refused'
}

export interface Sweep {
  /** `keepNano` stays in the wallet: for its fees, and to give unspent rests back from. */
  preview(keepNano: bigint): Promise<SweepPlan>
  /**
   * Sends what is above `keepNano` and waits until the vault has it; harmless twice and at once. What an earlier call left
   * open is brought to its end first, and then nothing else is sent. Throws `deposit.signer` where the wallet's key is not
   * here, `chain.unavailable`.
   */
  run(keepNano: bigint, signal: AbortSignal): Promise<SweepReport>
}

/** Below it a transfer is not worth its fees. */
const leastSweepNano = 100_000_000n
const lifeS = 120
const graceS = 30
const resendMs = 2000
const lookMs = 200

export function createSweep(deps: SweepDeps): Sweep {
  const { chain, wallet, vault } = deps
  const store = createSweepStore(deps)
  const name = wallet.hash.toString('hex')

  const plan = async (keepNano: bigint): Promise<SweepPlan> => {
    const { balanceNano } = await chain.account(wallet)
    const spare = balanceNano - keepNano
    return { wallet, vault, balanceNano, amountNano: spare < leastSweepNano ? 0n : spare }
  }

  /** Undefined when there is nothing to send; the row of another process when that was first. */
  const sign = async (keepNano: bigint): Promise<OpenSweep | undefined> => {
    const signer = deps.signer()
    if (!signer?.address.equals(wallet)) throw new AppError('deposit.signer')
    const { amountNano } = await plan(keepNano)
    if (amountNano === 0n) return undefined
    const { seqno, isNew, lastLt } = await lookAtWallet(chain, wallet)
    const validUntil = (await chain.head()).utime + lifeS
    const body = topUpBody()
    const messages = [internal({ to: vault, value: amountNano, bounce: true, body })]
    const { message, normHash } = await signer.sign({ seqno, validUntil, messages, isNew })
    const vaultName = vault.hash.toString('hex')
    const order = { amountNano, message, normHash, afterLt: lastLt, validUntil }
    await store.add({ wallet: name, vault: vaultName, ...order })
    return store.open(name)
  }

  return {
    preview: plan,
    run: async (keepNano, signal) => {
      const before = await store.open(name)
      const report = (amountNano: bigint, outcome: SweepReport['outcome']) =>
        plan(keepNano).then((now) => ({ ...now, amountNano, outcome }))
      if (before) {
        const end = await follow(deps, before, signal)
        if (end !== 'expired')
          return report(before.amountNano, end === 'swept' ? 'unfinished-swept' : end)
      }
      const order = await sign(keepNano)
      if (!order) return report(0n, 'nothing')
      const end = await follow(deps, order, signal)
      if (end === 'expired') throw new AppError('chain.unavailable')
      return report(order.amountNano, end)
    },
  }
}

/** Sends one and the same message until the wallet took it or it is too old, then waits for its arrival, and ends its row. */
async function follow(
  deps: SweepDeps,
  order: OpenSweep,
  signal: AbortSignal,
): Promise<'swept' | 'refused' | 'expired'> {
  const { chain, wallet, clock, log } = deps
  const store = createSweepStore(deps)
  const taken = await takenBy(deps, order, signal)
  if (!taken) {
    await store.end(order)
    log.warn('sweep.expired', { nano: order.amountNano })
    return 'expired'
  }
  const [sent] = taken.out
  let arrived: Tx | null = null
  if (sent?.to)
    for (;;) {
      arrived = await chain.resultOf(wallet, sent.to, sent.createdLt)
      if (arrived) break
      await clock.sleep(lookMs, signal)
    }
  const amountNano = feesOf(taken) + (arrived?.totalFeesNano ?? 0n)
  const ref = `sweep:${order.normHash}`
  const isEnded = await store.end(order, (tx) =>
    bookFees(tx, { ref, amountNano, atMs: taken.utime * 1000 }),
  )
  const isSwept = arrived?.ok === true
  if (isEnded && isSwept) log.info('deposits.swept', { nano: order.amountNano })
  else if (isEnded) log.error('sweep.refused', { nano: order.amountNano })
  return isSwept ? 'swept' : 'refused'
}

async function takenBy(
  { chain, wallet, clock }: SweepDeps,
  { message, normHash, afterLt, validUntil }: OpenSweep,
  signal: AbortSignal,
): Promise<Tx | undefined> {
  let sentMs = Number.NEGATIVE_INFINITY
  for (;;) {
    signal.throwIfAborted()
    // Read before the look: a message that is too old by then cannot be taken after it.
    const { utime } = await chain.head()
    const taken = await chain.findByNormHash(wallet, normHash, afterLt)
    if (taken) return taken
    if (utime > validUntil + graceS) return undefined
    if (clock.now() - sentMs >= resendMs) {
      sentMs = clock.now()
      // The answer says nothing: what counts is the wallet's transaction.
      await chain.send(Buffer.from(message)).catch(() => undefined)
    }
    await clock.sleep(lookMs, signal)
  }
}

/** What a wallet's transaction took from it beside the value of its messages. */
function feesOf({ raw }: Tx): bigint {
  const { totalFees, outMessages } = loadTransaction(raw.beginParse())
  let fees = totalFees.coins
  for (const { info } of outMessages.values()) if (info.type === 'internal') fees += info.forwardFee
  return fees
}
