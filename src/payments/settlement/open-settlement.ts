/** @module A settlement over its stores: the one place that puts its parts together. */
import type { Address } from '@ton/core'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Database, Tx } from '../../db/database.ts'
import type { ChainPort } from '../chain/port.ts'
import type { CellSigner } from '../contracts/sign.ts'
import {
  allPayees,
  assignNew,
  bookFees,
  bookPayout,
  bookTopUp,
  owed,
  type PayeeTotals,
} from '../ledger/payee-store.ts'
import { closeEpoch } from '../statements/close-epoch.ts'
import { type BatchStore, createBatchStore } from './batch-store.ts'
import { createCommitStore } from './commit-store.ts'
import { createDemandStore } from './demand-store.ts'
import type { Owed } from './due.ts'
import { createLeaseStore } from './lease-store.ts'
import { decideLost, lostPay } from './lost-pay.ts'
import { createPayloads } from './payloads.ts'
import { createSender } from './sender-lease.ts'
import { createSettlement, type Settlement } from './settlement.ts'
import { lookAtVault } from './vault-sight.ts'
import { createVaultStore, lockVault, type VaultStore } from './vault-store.ts'
import { lookAtWallet, type Wallet } from './wallet.ts'
import { createWatcher } from './watcher.ts'

export interface SettlementSetup {
  readonly db: Database
  readonly chain: ChainPort
  /** A second provider, asked before much is paid. */
  readonly witness?: ChainPort
  /** Global id of the chain. */
  readonly net: number
  readonly vault: Address
  readonly key: CellSigner
  readonly relayer: Wallet
  readonly clock: Clock
  readonly log: Log
  readonly pauseMs?: number
  /** Tests put what dies between two steps around these. */
  readonly batches?: BatchStore
  readonly vaults?: VaultStore
}

const dayMs = 86_400_000

/** `close` gives the sender lease up, so that the next process need not wait for its end. */
export function openSettlement(
  setup: SettlementSetup,
): Settlement & { readonly vaults: VaultStore; readonly close: () => Promise<void> } {
  const { db, chain, net, key, relayer, clock, log } = setup
  const vault = { id: setup.vault.hash.toString('hex'), address: setup.vault }
  const batches = setup.batches ?? createBatchStore(db)
  const vaults = setup.vaults ?? createVaultStore(db)
  const commits = createCommitStore(db)
  const demands = createDemandStore(db)
  const sender = createSender({ store: createLeaseStore(db), wallet: relayer.id, clock })
  const watcher = createWatcher({
    chain,
    address: vault.address,
    vault: vault.id,
    store: vaults,
    books: { bookPayout, bookTopUp },
    committed: (tx, epoch, lt) => commits.seen(tx, vault.id, { epoch, lt }),
    clock,
    log,
  })
  const read = async (
    rowsOf: (tx: Tx) => Promise<readonly PayeeTotals[]>,
  ): Promise<readonly Owed[]> => {
    const asked = await demands.all()
    const rows = await db.transaction(rowsOf)
    return rows
      .filter((row) => row.vault === undefined || row.vault === vault.id)
      .map((row) => {
        const askedAtMs = asked.get(row.payee)
        return {
          payee: row.payee,
          earnedNano: row.earnedNano,
          paidNano: row.paidNano,
          sinceMs: row.createdAtMs,
          ...(row.paidAtMs !== undefined && { lastPaidAtMs: row.paidAtMs }),
          ...(askedAtMs !== undefined && { askedAtMs }),
        }
      })
  }
  const settlement = createSettlement({
    chain,
    ...(setup.witness && { witness: setup.witness }),
    vault,
    relayer,
    payloads: createPayloads({ chain, net, vault: vault.address, key, commits }),
    batches,
    vaults,
    watcher,
    commits,
    lease: () => sender.keep(),
    payees: () => read(allPayees),
    unpaid: () => read(owed),
    bindNew: () => assignNew(db.rows, vault.id),
    closeEpoch: async (isNow) => {
      if (await commits.waiting(vault.id)) return
      const lastMs = await commits.lastAtMs(vault.id)
      const isTime = lastMs === undefined || clock.now() - lastMs >= dayMs
      if (!(isTime || isNow) || !(await commits.hasNews(vault.id))) return
      await db.transaction((tx) => closeEpoch(tx, { vault: vault.id, atMs: clock.now() }))
    },
    bookFees: async (tx, { id, feesNano, plannedAtMs }) => {
      if (feesNano > 0n)
        await bookFees(tx, { ref: `batch:${id}`, amountNano: feesNano, atMs: plannedAtMs })
    },
    lost: () => db.transaction((tx) => lostPay(tx, vault.id)),
    resume: async ({ decision, seqnoFloor }) => {
      const { data, lastLt } = await lookAtVault(chain, vault.address)
      const { epoch, total: totalNano, root, at } = data.commit
      const taken = { epoch, totalNano, root, atMs: at * 1000, lt: lastLt }
      return db.transaction(async (tx) => {
        await lockVault(tx, vault.id)
        if (decision) await decideLost(tx, vault.id, { decision, atMs: clock.now() })
        if ((await lostPay(tx, vault.id)).length > 0) return false
        if (await commits.adopt(tx, vault.id, taken)) log.warn('commitments.lost', { epoch })
        await vaults.resumeIn(tx, vault.id, seqnoFloor)
        return true
      })
    },
    walletSeqno: async () => (await lookAtWallet(chain, relayer.address)).seqno,
    clock,
    log,
    ...(setup.pauseMs !== undefined && { pauseMs: setup.pauseMs }),
  })
  return { ...settlement, vaults, close: () => sender.release() }
}
