/** @module The watcher's rows: how far a vault was read, which payouts were seen, what holds sending back (PAY §7). */
import type { Database, Tx as DbTx } from '../../db/database.ts'

export interface VaultProgress {
  readonly cursorLt: bigint
  /** Absent before the first transaction. */
  readonly cursorHash?: string
  readonly chunkSize: number
  readonly valueFactor: number
  readonly failures: number
  readonly wait?: { readonly untilMs: number; readonly code: string }
  readonly halt?: { readonly atMs: number; readonly code: string }
  readonly seqnoFloor?: number
  /** Absent while the vault was never read. */
  readonly keyEpoch?: number
}

interface PayoutRow {
  readonly vault: string
  readonly lt: bigint
  readonly payee: string
  readonly txHash: string
  readonly amountNano: bigint
  readonly totalNano: bigint
  /** Null: a claim of the payee's own. */
  readonly batch: bigint | null
  readonly atMs: number
}

export interface VaultStore {
  progress(vault: string): Promise<VaultProgress>
  /**
   * Moves the cursor from `from` to this transaction, with whatever `work` writes, or not at all; false when another
   * process has moved it. One booking for each transaction of the chain follows from it.
   */
  advance(step: {
    readonly vault: string
    readonly from: bigint
    readonly to: { readonly lt: bigint; readonly hash: string }
    readonly payouts: readonly PayoutRow[]
    readonly work: (tx: DbTx) => Promise<void>
  }): Promise<boolean>
  learn(
    vault: string,
    change: {
      readonly chunkSize?: number
      readonly valueFactor?: number
      readonly failures?: number
      readonly keyEpoch?: number
      readonly wait?: { readonly untilMs: number; readonly code: string } | null
    },
  ): Promise<void>
  /** The first reason stays. */
  halt(vault: string, code: string, atMs: number): Promise<void>
  haltIn(
    tx: DbTx,
    vault: string,
    halt: { readonly code: string; readonly atMs: number },
  ): Promise<void>
  /** In a transaction that holds `lockVault`. */
  resumeIn(tx: DbTx, vault: string, seqnoFloor?: number): Promise<void>
  payouts(payee: string, limit: number): Promise<readonly PayoutRow[]>
  payoutsOf(batch: bigint): Promise<readonly PayoutRow[]>
}

/**
 * Whether a vault is halted; nobody halts or resumes it until the transaction ends. What goes on only while it is not halted
 * is written in such a transaction.
 */
export async function lockVault(tx: DbTx, vault: string): Promise<'halted' | 'free'> {
  await tx.$executeRaw`INSERT INTO vault_states (vault) VALUES (${vault}) ON CONFLICT DO NOTHING`
  const [row] = await tx.$queryRaw<{ halted: boolean }[]>`
    SELECT halted_at IS NOT NULL AS halted FROM vault_states WHERE vault = ${vault} FOR UPDATE`
  return row?.halted ? 'halted' : 'free'
}

async function haltIn(
  tx: DbTx,
  vault: string,
  { code, atMs }: { readonly code: string; readonly atMs: number },
): Promise<void> {
  if ((await lockVault(tx, vault)) === 'halted') return
  await tx.vaultState.update({
    where: { vault },
    data: { haltedAt: new Date(atMs), haltCode: code },
  })
}

export function createVaultStore(db: Database): VaultStore {
  const ensure = async (vault: string) =>
    db.rows.vaultState.upsert({ where: { vault }, create: { vault }, update: {} })
  return {
    progress: async (vault) => shown(await ensure(vault)),
    advance: ({ vault, from, to, payouts, work }) =>
      db.transaction(async (tx) => {
        const { count } = await tx.vaultState.updateMany({
          where: { vault, cursorLt: from },
          data: { cursorLt: to.lt, cursorHash: to.hash },
        })
        if (count === 0) return false
        await tx.payout.createMany({
          data: payouts.map(({ atMs, ...row }) => ({ ...row, at: new Date(atMs) })),
        })
        await work(tx)
        return true
      }),
    learn: async (vault, { wait, ...change }) => {
      await ensure(vault)
      await db.rows.vaultState.update({
        where: { vault },
        data: {
          ...change,
          ...(wait === null && { waitUntil: null, waitCode: null }),
          ...(wait && { waitUntil: new Date(wait.untilMs), waitCode: wait.code }),
        },
      })
    },
    halt: (vault, code, atMs) => db.transaction((tx) => haltIn(tx, vault, { code, atMs })),
    haltIn,
    resumeIn: async (tx, vault, seqnoFloor) => {
      await tx.vaultState.update({
        where: { vault },
        data: {
          haltedAt: null,
          haltCode: null,
          waitUntil: null,
          waitCode: null,
          failures: 0,
          ...(seqnoFloor !== undefined && { seqnoFloor }),
        },
      })
    },
    payouts: async (payee, take) =>
      (await db.rows.payout.findMany({ where: { payee }, orderBy: { lt: 'desc' }, take })).map(
        payoutOf,
      ),
    payoutsOf: async (batch) =>
      (await db.rows.payout.findMany({ where: { batch }, orderBy: { payee: 'asc' } })).map(
        payoutOf,
      ),
  }
}

type PayoutRecord = Awaited<ReturnType<Database['rows']['payout']['findMany']>>[number]
type StateRecord = NonNullable<Awaited<ReturnType<Database['rows']['vaultState']['findUnique']>>>

const payoutOf = ({ at, ...row }: PayoutRecord): PayoutRow => ({ ...row, atMs: at.getTime() })

const shown = (row: StateRecord): VaultProgress => ({
  cursorLt: row.cursorLt,
  chunkSize: row.chunkSize,
  valueFactor: row.valueFactor,
  failures: row.failures,
  ...(row.cursorHash !== null && { cursorHash: row.cursorHash }),
  ...(row.waitUntil && { wait: { untilMs: row.waitUntil.getTime(), code: row.waitCode ?? '' } }),
  ...(row.haltedAt && { halt: { atMs: row.haltedAt.getTime(), code: row.haltCode ?? '' } }),
  ...(row.seqnoFloor !== null && { seqnoFloor: row.seqnoFloor }),
  ...(row.keyEpoch !== null && { keyEpoch: row.keyEpoch }),
})
