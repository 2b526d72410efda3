/** @module Rows behind vouchers: what payees have earned and were paid, and signed totals that are above what the database knows. */
import type { Tx } from '../../db/database.ts'

export interface PayeeStanding {
  readonly earnedNano: bigint
  readonly paidNano: bigint
  /** Account hash of its vault, once it has one. */
  readonly vault: string | undefined
}

/** Those of the payees that have a row. */
export async function standingsOf(
  tx: Tx,
  payees: readonly string[],
): Promise<ReadonlyMap<string, PayeeStanding>> {
  const found = await tx.payee.findMany({ where: { payee: { in: [...payees] } } })
  return new Map(
    found.map(({ payee, vault, earnedTotal, paidTotal }) => [
      payee,
      { earnedNano: earnedTotal, paidNano: paidTotal, vault: vault ?? undefined },
    ]),
  )
}

/** A signed total that was committed once and is not in this database. */
export interface HigherVoucher {
  /** Account hashes. */
  readonly vault: string
  readonly payee: string
  readonly totalNano: bigint
  readonly knownNano: bigint
  readonly keyEpoch: number
  readonly sig: string
}

/**
 * Keeps the highest total of a payee, and the least that was known while nobody has decided: what was earned since the backup
 * is not what is missing. A decision about a lower total does not cover it. False for a total that a person has decided about.
 */
export async function keepHigher(
  tx: Tx,
  { vault, payee, totalNano, knownNano, keyEpoch, sig }: HigherVoucher,
  nowMs: number,
): Promise<boolean> {
  const at = new Date(nowMs)
  await tx.$executeRaw`
    INSERT INTO higher_vouchers AS h (vault, payee, total_nano, known_nano, key_epoch, sig, seen_at)
    VALUES (${vault}, ${payee}, ${totalNano}::bigint, ${knownNano}::bigint, ${keyEpoch}::bigint, ${sig},
      ${at}::timestamptz)
    ON CONFLICT (vault, payee) DO UPDATE SET total_nano = EXCLUDED.total_nano,
      known_nano = CASE WHEN h.decided_at IS NULL THEN LEAST(h.known_nano, EXCLUDED.known_nano) ELSE EXCLUDED.known_nano END,
      key_epoch = EXCLUDED.key_epoch, sig = EXCLUDED.sig, seen_at = EXCLUDED.seen_at, decided_at = NULL
    WHERE h.total_nano < EXCLUDED.total_nano`
  const row = await tx.higherVoucher.findUnique({ where: { vault_payee: { vault, payee } } })
  return row?.decidedAt === null
}

/** Those that nobody has decided about: while there is one, nothing is settled. */
export async function higherVouchers(tx: Tx): Promise<readonly HigherVoucher[]> {
  const found = await tx.higherVoucher.findMany({
    where: { decidedAt: null },
    orderBy: [{ vault: 'asc' }, { payee: 'asc' }],
  })
  return found.map((row) => ({
    vault: row.vault,
    payee: row.payee,
    totalNano: row.totalNano,
    knownNano: row.knownNano,
    keyEpoch: Number(row.keyEpoch),
    sig: row.sig,
  }))
}

/** A person has decided about a payee's, if there is one. */
export async function decideHigher(
  tx: Tx,
  { vault, payee }: { readonly vault: string; readonly payee: string },
  nowMs: number,
): Promise<void> {
  await tx.higherVoucher.updateMany({
    where: { vault, payee, decidedAt: null },
    data: { decidedAt: new Date(nowMs) },
  })
}
