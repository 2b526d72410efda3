/** @module The one path on which a payout is booked: the vault's own transactions, read in order, each once (PAY §7). */
import type { Address } from '@ton/core'
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Tx as DbTx } from '../../db/database.ts'
import type { ChainPort, Tx } from '../chain/port.ts'
import type { VaultStore } from './vault-store.ts'
import { readTraffic } from './vault-traffic.ts'

/** What the ledger does with what was seen; called inside the transaction that moves the cursor. */
interface Books {
  bookPayout(
    tx: DbTx,
    seen: { vault: string; lt: bigint; payee: string; amountNano: bigint; atMs: number },
  ): Promise<unknown>
  bookTopUp(
    tx: DbTx,
    seen: { vault: string; lt: bigint; amountNano: bigint; atMs: number },
  ): Promise<unknown>
}

export interface Watcher {
  /** Reads and books what is new; returns how far it came. Throws `chain.unavailable`, `chain.gap`. */
  catchUp(): Promise<{ readonly cursorLt: bigint }>
}

export interface WatcherDeps {
  readonly chain: Pick<ChainPort, 'transactions'>
  readonly address: Address
  readonly vault: string
  readonly store: VaultStore
  readonly books: Books
  /** The vault took published liabilities of this epoch. */
  readonly committed: (tx: DbTx, epoch: number, lt: bigint) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

const pageSize = 50

export function createWatcher(deps: WatcherDeps): Watcher {
  const { chain, address, vault, store } = deps
  return {
    catchUp: async () => {
      let { cursorLt, cursorHash } = await store.progress(vault)
      for (;;) {
        const page = await chain.transactions(address, { afterLt: cursorLt, limit: pageSize })
        for (const tx of page) {
          // The port promises a chain without holes; a hole before the first one would be a payout nobody books.
          if (tx.prevLt !== cursorLt || (cursorHash !== undefined && tx.prevHash !== cursorHash))
            throw new AppError('chain.gap', { lt: String(tx.lt) })
          if (!(await book(deps, tx, cursorLt))) return deps.store.progress(vault)
          cursorLt = tx.lt
          cursorHash = tx.hash
        }
        if (page.length < pageSize) return { cursorLt }
      }
    },
  }
}

async function book(deps: WatcherDeps, tx: Tx, from: bigint): Promise<boolean> {
  const { vault, store, books, log } = deps
  const { payouts, batch, commitEpoch, topUpNano } = readTraffic(tx)
  const atMs = tx.utime * 1000
  const isBooked = await store.advance({
    vault,
    from,
    to: { lt: tx.lt, hash: tx.hash },
    payouts: payouts.map((payout) => ({
      ...payout,
      vault,
      lt: tx.lt,
      txHash: tx.hash,
      batch: batch ?? null,
      atMs,
    })),
    work: async (db) => {
      for (const { payee, amountNano } of payouts)
        await books.bookPayout(db, { vault, lt: tx.lt, payee, amountNano, atMs })
      if (topUpNano !== undefined && topUpNano > 0n)
        await books.bookTopUp(db, { vault, lt: tx.lt, amountNano: topUpNano, atMs })
      if (commitEpoch !== undefined) await deps.committed(db, commitEpoch, tx.lt)
    },
  })
  if (isBooked && payouts.length > 0) {
    const nano = payouts.reduce((sum, it) => sum + it.amountNano, 0n)
    log.info('payouts.booked', { payees: payouts.length, nano })
  }
  return isBooked
}
