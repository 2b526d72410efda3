/** @module Published liabilities on their way to the vault: the rows are made with the trees, sent and marked here (PAY §15). */
import type { Database, Tx } from '../../db/database.ts'

export interface Commitment {
  readonly epoch: number
  readonly totalNano: bigint
  /** 64 hex characters. */
  readonly root: string
}

export interface CommitStore {
  /** The oldest one that the vault has not taken yet. */
  waiting(vault: string): Promise<Commitment | undefined>
  /** The one that a batch carries. */
  ofBatch(batch: bigint): Promise<Commitment | undefined>
  seen(tx: Tx, vault: string, seen: { epoch: number; lt: bigint }): Promise<void>
  /** Takes the vault's last commitment for ours where it is above all of them; false where it is not. What it published stays unknown. */
  adopt(
    tx: Tx,
    vault: string,
    taken: Commitment & { readonly atMs: number; readonly lt: bigint },
  ): Promise<boolean>
  /** The highest epoch there is; 0: none. */
  last(vault: string): Promise<number>
  /** When the last one was made; undefined: none was. */
  lastAtMs(vault: string): Promise<number | undefined>
  /** Whether something was earned that no epoch holds. */
  hasNews(vault: string): Promise<boolean>
}

export const createCommitStore = (db: Database): CommitStore => ({
  waiting: async (vault) =>
    shown(
      await db.rows.commitEpoch.findFirst({
        where: { vault, seenLt: null },
        orderBy: { epoch: 'asc' },
      }),
    ),
  ofBatch: async (batch) => shown(await db.rows.commitEpoch.findFirst({ where: { batch } })),
  seen: async (tx, vault, { epoch, lt }) => {
    await tx.commitEpoch.updateMany({ where: { vault, epoch, seenLt: null }, data: { seenLt: lt } })
  },
  adopt: async (tx, vault, { epoch, totalNano, root, atMs, lt }) => {
    const later = await tx.commitEpoch.count({ where: { vault, epoch: { gte: epoch } } })
    if (epoch === 0 || later > 0) return false
    await tx.commitEpoch.create({
      data: { vault, epoch, totalNano, root, at: new Date(atMs), seenLt: lt },
    })
    return true
  },
  last: async (vault) => {
    const row = await db.rows.commitEpoch.findFirst({
      where: { vault },
      orderBy: { epoch: 'desc' },
    })
    return row?.epoch ?? 0
  },
  lastAtMs: async (vault) => {
    const row = await db.rows.commitEpoch.findFirst({
      where: { vault },
      orderBy: { epoch: 'desc' },
    })
    return row?.at.getTime()
  },
  hasNews: async (vault) => {
    const [row] = await db.rows.$queryRaw<{ found: boolean }[]>`
      SELECT EXISTS (
        SELECT 1 FROM pay_receipts r JOIN payees p ON p.payee = r.payee
        WHERE r.commit_epoch IS NULL AND r.pay > 0 AND p.vault = ${vault}
      ) AS found`
    return row?.found === true
  },
})

const shown = (
  row: { epoch: number; totalNano: bigint; root: string } | null,
): Commitment | undefined =>
  row ? { epoch: row.epoch, totalNano: row.totalNano, root: row.root } : undefined
