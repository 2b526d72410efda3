/** @module Rows of transfers from a deposit wallet to the vault whose end is not known yet. */
import type { Database, Tx } from '../../db/database.ts'

export interface OpenSweep {
  /** Account hashes, 64 hex characters. */
  readonly wallet: string
  readonly vault: string
  readonly amountNano: bigint
  /** The signed external message. */
  readonly message: Uint8Array
  readonly normHash: string
  /** The wallet's last transaction when it was signed. */
  readonly afterLt: bigint
  /** Unix seconds of the chain. */
  readonly validUntil: number
}

export function createSweepStore({ db }: { db: Database }) {
  return {
    open: async (wallet: string): Promise<OpenSweep | undefined> => {
      const row = await db.rows.depositSweep.findUnique({ where: { wallet } })
      return row === null ? undefined : { ...row, validUntil: Number(row.validUntil) }
    },
    /** False when this wallet has one open already. */
    add: async (sweep: OpenSweep): Promise<boolean> => {
      const message = Uint8Array.from(sweep.message)
      const data = [{ ...sweep, message, validUntil: BigInt(sweep.validUntil) }]
      const { count } = await db.rows.depositSweep.createMany({ data, skipDuplicates: true })
      return count > 0
    },
    /** Ends it, with what `work` writes; false when another process did. */
    end: ({ wallet, normHash }: OpenSweep, work?: (tx: Tx) => Promise<unknown>): Promise<boolean> =>
      db.transaction(async (tx) => {
        const { count } = await tx.depositSweep.deleteMany({ where: { wallet, normHash } })
        if (count > 0) await work?.(tx)
        return count > 0
      }),
  }
}
