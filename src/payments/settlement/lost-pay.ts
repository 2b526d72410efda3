/** @module Pay that an older database does not know and the settlement key signed for: what is missing, and what a person decides (PAY §4). */
import type { Tx } from '../../db/database.ts'
import { bookCorrection } from '../ledger/correction-store.ts'
import { allPayees } from '../ledger/payee-store.ts'
import { decideHigher, higherVouchers } from '../vouchers/voucher-store.ts'

/** One payee's. Amounts in nano. */
export interface LostPay {
  readonly payee: string
  /** Earned, as the database had it when the higher total was seen. */
  readonly knownNano: bigint
  readonly signedNano: bigint
  readonly missingNano: bigint
  /** Where the higher total was seen: on a worker's voucher, or in what the vault has paid already. */
  readonly by: 'voucher' | 'vault'
}

/**
 * About exactly these; whatever was seen since waits for another decision. `honour`: it is owed, and booked. `dismiss`: the
 * vouchers are not ours (the key was stolen); nothing is booked, and what the vault has paid cannot be dismissed.
 */
export interface LostDecision {
  readonly how: 'honour' | 'dismiss'
  readonly lost: readonly Pick<LostPay, 'payee' | 'signedNano'>[]
}

/** What nobody has decided about, by payee. */
export async function lostPay(tx: Tx, vault: string): Promise<readonly LostPay[]> {
  const payees = (await allPayees(tx)).filter((it) => (it.vault ?? vault) === vault)
  const lost = new Map<string, LostPay>()
  for (const { payee, earnedNano, paidNano } of payees) {
    const missingNano = paidNano - earnedNano
    if (missingNano <= 0n) continue
    lost.set(payee, {
      payee,
      knownNano: earnedNano,
      signedNano: paidNano,
      missingNano,
      by: 'vault',
    })
  }
  for (const { payee, knownNano, totalNano, ...voucher } of await higherVouchers(tx)) {
    const missingNano = totalNano - knownNano
    if (voucher.vault !== vault || missingNano < (lost.get(payee)?.missingNano ?? 0n)) continue
    lost.set(payee, { payee, knownNano, signedNano: totalNano, missingNano, by: 'voucher' })
  }
  return [...lost.values()].toSorted((a, b) => (a.payee < b.payee ? -1 : 1))
}

/**
 * Does what was decided, in the caller's transaction; a second time finds nothing. What payees have earned since the
 * backup stays theirs: only the missing part is added.
 */
export async function decideLost(
  tx: Tx,
  vault: string,
  { decision: { how, lost }, atMs }: { readonly decision: LostDecision; readonly atMs: number },
): Promise<void> {
  const decided = new Map(lost.map(({ payee, signedNano }) => [payee, signedNano]))
  for (const { payee, signedNano, missingNano } of await lostPay(tx, vault)) {
    if (decided.get(payee) !== signedNano) continue
    if (how === 'honour') await bookCorrection(tx, { vault, payee, signedNano, missingNano, atMs })
    await decideHigher(tx, { vault, payee }, atMs)
  }
}
