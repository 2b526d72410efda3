/** @module Earnings that a database lost and a person honours: booked as what they cost, with a row that says where a payee's totals jump (PAY §3, §4). */
import type { Tx } from '../../db/database.ts'
import { post } from './ledger-store.ts'
import { earn, payeeTotals, payLines, refOf } from './payee-store.ts'

export interface Correction {
  readonly vault: string
  readonly payee: string
  /** What is missing; above 0. */
  readonly missingNano: bigint
  /** The total that shows it: with vault and payee it is booked once. */
  readonly signedNano: bigint
  readonly atMs: number
}

/** A jump of a payee's earned total that no receipt explains. */
export interface BookedCorrection {
  readonly beforeNano: bigint
  readonly amountNano: bigint
  readonly atMs: number
}

/** Adds what is missing to what the payee earned, once; false when it is booked. Does not ask whether it is owed. */
export async function bookCorrection(tx: Tx, correction: Correction): Promise<boolean> {
  const { vault, payee, missingNano, signedNano, atMs } = correction
  const id = await post(tx, {
    reason: 'pay-correction',
    ref: refOf(vault, payee, signedNano.toString()),
    atMs,
    postings: payLines(payee, missingNano),
  })
  if (id === undefined) return false
  const after = await earn(tx, { payee, payNano: missingNano, atMs })
  await tx.payCorrection.create({
    data: {
      tx: id,
      payee,
      beforeNano: after - missingNano,
      amountNano: missingNano,
      at: new Date(atMs),
    },
  })
  if ((await payeeTotals(tx, payee))?.vault === undefined)
    await tx.payee.update({ where: { payee }, data: { vault } })
  return true
}

/** Oldest first. */
export async function correctionsOf(tx: Tx, payee: string): Promise<readonly BookedCorrection[]> {
  const rows = await tx.payCorrection.findMany({
    where: { payee },
    orderBy: { beforeNano: 'asc' },
  })
  return rows.map(({ beforeNano, amountNano, at }) => ({
    beforeNano,
    amountNano,
    atMs: at.getTime(),
  }))
}
