/** @module Batches, their messages and lines as rows: every arrow of the outbox is one transaction here (PAY §7). */
import { AppError } from '../../core/app-error.ts'
import type { Database, Tx } from '../../db/database.ts'
import type { Batch, BatchState, Chunk, Outcome, Signed } from './batch.ts'
import type { Plan } from './plan.ts'
import { mayFollow } from './step.ts'
import { lockVault } from './vault-store.ts'

/** `commitEpoch`: the commitment that its chunk of kind `commit` carries. */
type Planned = Pick<Plan, 'lines' | 'chunks'> & { readonly commitEpoch?: number }

export interface BatchStore {
  /** The open batch of a vault, if there is one. */
  open(vault: string): Promise<Batch | undefined>
  find(id: bigint): Promise<Batch | undefined>
  /** Freezes the totals. Undefined when another batch of this vault is open already, or the vault is halted. */
  plan(vault: string, plan: Planned, atMs: number): Promise<Batch | undefined>
  /** `planned → signed`, only while `fence` is the lease's number and the vault is not halted; false: it is not signed. */
  sign(id: bigint, signed: Signed): Promise<boolean>
  /** `signed | broadcast → broadcast`: written before each sending; false while the vault is halted. */
  broadcast(id: bigint, atMs: number): Promise<boolean>
  /** `→ seen`: the wallet took the message. */
  see(id: bigint, seen: { readonly walletLt: bigint; readonly walletTx: string }): Promise<void>
  /** What became of one message. */
  outcome(id: bigint, chunk: number, outcome: Outcome): Promise<void>
  finalize(id: bigint, feesNano: bigint): Promise<void>
  /** `finalized → closed`, with what `work` writes. */
  close(id: bigint, atMs: number, work: (tx: Tx) => Promise<void>): Promise<void>
  /** `→ expired | failed`. */
  end(
    id: bigint,
    end: { readonly state: 'expired' | 'failed'; readonly reason: string; readonly atMs: number },
  ): Promise<void>
  /** One above the highest number with which a message of ours was taken; undefined: none was. */
  nextSeqno(wallet: string): Promise<number | undefined>
  /** Newest first. */
  recent(limit: number): Promise<readonly Batch[]>
}

export function createBatchStore(db: Database): BatchStore {
  const read = async (where: { id: bigint } | { vault: string }): Promise<Batch | undefined> => {
    const row = await db.rows.batch.findFirst({
      where: 'id' in where ? where : { ...where, state: { in: openStates } },
    })
    return row ? withParts(db, row) : undefined
  }
  const step = (id: bigint, to: { state: BatchState } & Changes): Promise<void> =>
    db.transaction((tx) => move(tx, id, to))

  return {
    open: (vault) => read({ vault }),
    find: (id) => read({ id }),
    plan: (vault, { lines, chunks, commitEpoch }, atMs) =>
      db.transaction(async (tx) => {
        // The partial unique index is the last word; asking first spares the log an error.
        const other = await tx.batch.findFirst({ where: { vault, state: { in: openStates } } })
        if (other || (await lockVault(tx, vault)) === 'halted') return undefined
        const row = await tx.batch.create({ data: { vault, plannedAt: new Date(atMs) } })
        await tx.batchChunk.createMany({
          data: chunks.map(({ chunk, kind, valueNano }) => ({
            batch: row.id,
            chunk,
            kind,
            valueNano,
          })),
        })
        await tx.batchLine.createMany({ data: lines.map((line) => ({ batch: row.id, ...line })) })
        if (commitEpoch !== undefined)
          await tx.commitEpoch.update({
            where: { vault_epoch: { vault, epoch: commitEpoch } },
            data: { batch: row.id },
          })
        return { ...shown(row), lines, chunks }
      }),
    sign: (id, { message, ...signed }) =>
      db.transaction(async (tx) => {
        const [lease] = await tx.$queryRaw<{ fence: bigint }[]>`
          SELECT fence FROM sender_leases WHERE wallet = ${signed.wallet} FOR UPDATE`
        if (lease?.fence !== signed.fence || (await isHalted(tx, id))) return false
        await move(tx, id, { state: 'signed', ...signed, message: Uint8Array.from(message) })
        return true
      }),
    broadcast: (id, atMs) =>
      db.transaction(async (tx) => {
        if (await isHalted(tx, id)) return false
        const sent = { sentAt: new Date(atMs), tries: { increment: 1 } }
        await move(tx, id, { state: 'broadcast', ...sent })
        return true
      }),
    see: (id, seen) => step(id, { state: 'seen', ...seen }),
    outcome: async (batch, chunk, outcome) => {
      await db.rows.batchChunk.update({
        where: { batch_chunk: { batch, chunk } },
        data: {
          vaultLt: outcome.vaultLt ?? null,
          exitCode: outcome.exitCode ?? null,
          actionCode: outcome.actionCode ?? null,
          outMessages: outcome.outMessages ?? null,
        },
      })
    },
    finalize: (id, feesNano) => step(id, { state: 'finalized', feesNano }),
    close: (id, atMs, work) =>
      db.transaction(async (tx) => {
        await move(tx, id, { state: 'closed', endedAt: new Date(atMs) })
        await work(tx)
      }),
    end: (id, { state, reason, atMs }) => step(id, { state, reason, endedAt: new Date(atMs) }),
    nextSeqno: async (wallet) => {
      const row = await db.rows.batch.findFirst({
        where: { wallet, walletTx: { not: null } },
        orderBy: { seqno: 'desc' },
        select: { seqno: true },
      })
      return row?.seqno === undefined || row.seqno === null ? undefined : row.seqno + 1
    },
    recent: async (take) => {
      const rows = await db.rows.batch.findMany({ orderBy: { id: 'desc' }, take })
      return Promise.all(rows.map((row) => withParts(db, row)))
    },
  }
}

const openStates: BatchState[] = ['planned', 'signed', 'broadcast', 'seen', 'finalized']

interface Changes {
  readonly wallet?: string
  readonly fence?: bigint
  readonly seqno?: number
  readonly validUntil?: bigint
  readonly message?: Uint8Array<ArrayBuffer>
  readonly normHash?: string
  readonly walletLt?: bigint
  readonly walletTx?: string
  readonly tries?: { increment: number }
  readonly sentAt?: Date
  readonly feesNano?: bigint
  readonly reason?: string
  readonly endedAt?: Date
}

/** As it is until the transaction ends. */
async function isHalted(tx: Tx, id: bigint): Promise<boolean> {
  const { vault } = await tx.batch.findUniqueOrThrow({ where: { id }, select: { vault: true } })
  return (await lockVault(tx, vault)) === 'halted'
}

async function move(tx: Tx, id: bigint, to: { state: BatchState } & Changes): Promise<void> {
  const from = await tx.batch.findUniqueOrThrow({ where: { id }, select: { state: true } })
  if (!mayFollow(from.state, to.state))
    throw new AppError('settlement.order', { batch: String(id) })
  const { count } = await tx.batch.updateMany({ where: { id, state: from.state }, data: to })
  if (count !== 1) throw new AppError('settlement.order', { batch: String(id) })
}

type Row = NonNullable<Awaited<ReturnType<Database['rows']['batch']['findUnique']>>>

async function withParts(db: Database, row: Row): Promise<Batch> {
  const order = { orderBy: { chunk: 'asc' } } as const
  const chunks = await db.rows.batchChunk.findMany({ where: { batch: row.id }, ...order })
  const lines = await db.rows.batchLine.findMany({
    where: { batch: row.id },
    orderBy: [{ chunk: 'asc' }, { payee: 'asc' }],
  })
  return {
    ...shown(row),
    lines: lines.map(({ payee, chunk, paidBefore, target }) => ({
      payee,
      chunk,
      paidBefore,
      target,
    })),
    chunks: chunks.map(chunkOf),
  }
}

type ChunkRow = Awaited<ReturnType<Database['rows']['batchChunk']['findMany']>>[number]

const chunkOf = (row: ChunkRow): Chunk => ({
  chunk: row.chunk,
  kind: row.kind,
  valueNano: row.valueNano,
  ...(row.vaultLt !== null && { vaultLt: row.vaultLt }),
  ...(row.exitCode !== null && { exitCode: row.exitCode }),
  ...(row.actionCode !== null && { actionCode: row.actionCode }),
  ...(row.outMessages !== null && { outMessages: row.outMessages }),
})

function shown(row: Row): Omit<Batch, 'lines' | 'chunks'> {
  const { id, vault, state, tries, message, normHash, wallet, fence, seqno, validUntil, walletLt } =
    row
  const isSigned =
    message !== null && normHash !== null && wallet !== null && fence !== null && seqno !== null
  return {
    id,
    vault,
    state,
    plannedAtMs: row.plannedAt.getTime(),
    tries,
    feesNano: row.feesNano,
    ...(isSigned &&
      validUntil !== null && {
        signed: { wallet, fence, seqno, validUntil, message, normHash, walletLt: walletLt ?? 0n },
      }),
    ...(row.sentAt && { sentAtMs: row.sentAt.getTime() }),
    ...(row.walletTx !== null && { walletTx: row.walletTx }),
    ...(row.reason !== null && { reason: row.reason }),
  }
}
