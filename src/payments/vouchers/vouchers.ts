/** @module Vouchers as a gateway hands them out: terms for each payee, signatures over committed totals, and an eye on those that workers show (PAY §4). */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { PayTerms, Voucher } from '../../core/voucher.ts'
import type { Database, Tx } from '../../db/database.ts'
import type { CellSigner } from '../contracts/sign.ts'
import { checkVoucher, signVoucher } from './voucher.ts'
import { keepHigher, type PayeeStanding, standingsOf } from './voucher-store.ts'

/** The vault that new payees get, as the settlement reads it from the chain. */
export interface VaultFacts {
  /** Global id of the chain. */
  readonly globalId: number
  /** Raw form. */
  readonly address: string
  readonly keyEpoch: number
  /** The key before, hex, while its vouchers are still honoured. */
  readonly previousKey?: string
  /** What it could pay out now: balance without the reserve for its storage. */
  readonly freeNano?: bigint
}

export interface Vouchers {
  /** What a worker of this payee pins; undefined while there is no vault, or for a payee of another one. */
  terms(payee: string): Promise<PayTerms | undefined>
  /** A voucher for a total that is committed; undefined when the terms are no longer those of the key at hand. */
  sign(terms: PayTerms, totalNano: bigint): Voucher | undefined
  /** What the database knows of payees. */
  standings(payees: readonly string[]): Promise<ReadonlyMap<string, PayeeStanding>>
  /** What the vault could pay out now, if that was read. */
  freeNano(): bigint | undefined
  /**
   * Looks at the newest voucher of a worker: one of ours above the database means that the database lost commits. The
   * total is kept as owed, and `onRollback` is called.
   */
  shown(voucher: Voucher): Promise<void>
}

export function createVouchers(deps: {
  readonly db: Database
  readonly key: CellSigner
  readonly vault: () => VaultFacts | undefined
  /** Nothing may be settled from now on, before a person has decided; called in the transaction that keeps the total. */
  readonly onRollback: (tx: Tx) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}): Vouchers {
  const { db, key, clock, log } = deps
  const publicKey = key.publicKey.toString('hex')
  const termsOf = (payee: string, { globalId, address, keyEpoch }: VaultFacts): PayTerms => ({
    net: globalId,
    vault: address,
    key: publicKey,
    epoch: keyEpoch,
    payee,
  })
  const isOurs = (voucher: Voucher, vault: VaultFacts): boolean => {
    const now = termsOf(voucher.payee, vault)
    const { previousKey } = vault
    const before = previousKey && { ...now, key: previousKey, epoch: vault.keyEpoch - 1 }
    return [now, before].some((terms) => terms && isSigned(voucher, terms))
  }

  return {
    standings: (payees) => standingsOf(db.rows, payees),
    freeNano: () => deps.vault()?.freeNano,
    terms: async (payee) => {
      const vault = deps.vault()
      if (!vault) return undefined
      const own = (await standingsOf(db.rows, [payee])).get(payee)?.vault
      return own === undefined || vault.address === `0:${own}` ? termsOf(payee, vault) : undefined
    },
    sign: (terms, totalNano) => {
      const vault = deps.vault()
      if (!vault || terms.epoch !== vault.keyEpoch || terms.vault !== vault.address)
        return undefined
      if (terms.key !== publicKey) return undefined
      return signVoucher(key, { ...terms, totalNano })
    },
    shown: async (voucher) => {
      const vault = deps.vault()
      if (!vault || !isOurs(voucher, vault)) return
      const { payee } = voucher
      const totalNano = BigInt(voucher.total)
      const knownNano = (await standingsOf(db.rows, [payee])).get(payee)?.earnedNano ?? 0n
      if (totalNano <= knownNano) return
      const higher = {
        vault: vault.address.slice(2),
        payee,
        totalNano,
        knownNano,
        keyEpoch: voucher.epoch,
        sig: voucher.sig,
      }
      const isOpen = await db.transaction(async (tx) => {
        if (!(await keepHigher(tx, higher, clock.now()))) return false
        await deps.onRollback(tx)
        return true
      })
      if (isOpen) log.error('ledger.rolled-back', { missingNano: totalNano - knownNano })
    },
  }
}

function isSigned(voucher: Voucher, terms: PayTerms): boolean {
  try {
    checkVoucher(voucher, terms)
    return true
  } catch {
    return false
  }
}
