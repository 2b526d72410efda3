/** @module Our rows against the vault's own: at every start, after every failure, each night; what does not agree stops all sending (PAY §7). */
import type { Address } from '@ton/core'
import type { ErrorCode } from '../../core/errors.ts'
import type { ChainPort } from '../chain/port.ts'
import type { BatchStore } from './batch-store.ts'
import type { CommitStore } from './commit-store.ts'
import type { Owed } from './due.ts'
import { sightOf, type VaultSight } from './vault-sight.ts'
import type { VaultStore } from './vault-store.ts'
import { lookAtWallet, type Wallet } from './wallet.ts'
import type { Watcher } from './watcher.ts'

export type Reconciled =
  | { readonly kind: 'agreed'; readonly sight: VaultSight }
  /** The vault is not there, or the provider lags behind what we have read already. */
  | { readonly kind: 'unseen' }
  | { readonly kind: 'drift'; readonly code: ErrorCode; readonly driftNano: bigint }

export interface ReconcileDeps {
  readonly chain: Pick<ChainPort, 'account' | 'transactions'>
  readonly vault: { readonly id: string; readonly address: Address }
  readonly relayer: Wallet
  readonly watcher: Watcher
  readonly batches: BatchStore
  readonly vaults: VaultStore
  readonly commits: CommitStore
  readonly owed: () => Promise<readonly Owed[]>
}

/** Reads the vault's data cell once, at exactly the transaction up to which everything is booked. */
export async function reconcile(deps: ReconcileDeps): Promise<Reconciled> {
  const sight = await readTogether(deps)
  if (!sight) return { kind: 'unseen' }
  const found = compare(await deps.owed(), sight)
  if (found) return { kind: 'drift', ...found }
  if (sight.data.commit.epoch > (await deps.commits.last(deps.vault.id)))
    return { kind: 'drift', code: 'ledger.rollback', driftNano: 0n }
  return (await isForeign(deps))
    ? { kind: 'drift', code: 'settlement.foreign_use', driftNano: 0n }
    : { kind: 'agreed', sight }
}

const tries = 5

async function readTogether(deps: ReconcileDeps): Promise<VaultSight | undefined> {
  for (let count = 0; count < tries; count++) {
    const { cursorLt } = await deps.watcher.catchUp()
    const sight = sightOf(await deps.chain.account(deps.vault.address))
    if (sight?.lastLt === cursorLt) return sight
  }
  return undefined
}

/**
 * Where ledger and vault part. Paid above earned: the rows are older than the chain (a backup was restored). Otherwise
 * a payout was booked that never was, or one was not booked although all were read.
 */
function compare(
  owed: readonly Owed[],
  sight: Pick<VaultSight, 'paidTo'> & { readonly data: Pick<VaultSight['data'], 'paid'> },
): { readonly code: ErrorCode; readonly driftNano: bigint } | undefined {
  const known = new Set(owed.map(({ payee }) => payee))
  let driftNano = 0n
  let isOlder = [...sight.data.paid.keys()].some((payee) => !known.has(payee))
  for (const { payee, earnedNano, paidNano } of owed) {
    const drift = sight.paidTo(payee) - paidNano
    driftNano += drift < 0n ? -drift : drift
    if (paidNano > earnedNano || sight.paidTo(payee) > earnedNano) isOlder = true
  }
  if (isOlder) return { code: 'ledger.rollback', driftNano }
  return driftNano === 0n ? undefined : { code: 'settlement.drift', driftNano }
}

/** A number that no row of ours explains, and no open batch of ours may have used. */
async function isForeign({
  chain,
  relayer,
  vault,
  batches,
  vaults,
}: ReconcileDeps): Promise<boolean> {
  const open = await batches.open(vault.id)
  // An open batch that was sent answers the question itself, by its hash.
  if (open?.signed) return false
  const { seqnoFloor = 0 } = await vaults.progress(vault.id)
  const expected = Math.max((await batches.nextSeqno(relayer.id)) ?? 0, seqnoFloor)
  return (await lookAtWallet(chain, relayer.address)).seqno > expected
}
