/** @module The rows of holds and pay receipts: one of each a job, a hold closed once (PAY §3). */
import type { Asset } from '../../core/coin.ts'
import type { JobId, Kid } from '../../core/ids.ts'
import type { Units } from '../../core/units.ts'
import type { Tx } from '../../db/database.ts'

export interface HoldRow {
  readonly job: string
  readonly account: string
  readonly asset: Asset
  readonly isFree: boolean
  readonly priceVersion: number
  readonly task: string
  readonly model: string
  readonly tier: string
  readonly bound: Units
  readonly amount: bigint
  readonly atMs: number
  readonly closesAtMs: number
}

export type HoldState = 'open' | 'captured' | 'released' | 'expired'

/** False when the job has a hold already. */
export async function insertHold(tx: Tx, hold: HoldRow): Promise<boolean> {
  const { bound, atMs, closesAtMs, ...fields } = hold
  const { count } = await tx.hold.createMany({
    data: [
      {
        ...fields,
        ...toColumns(bound),
        at: new Date(atMs),
        closesAt: new Date(closesAtMs),
      },
    ],
    skipDuplicates: true,
  })
  return count === 1
}

/** The hold of a job, locked until the transaction ends. */
export async function lockHold(
  tx: Tx,
  job: JobId,
): Promise<(HoldRow & { readonly state: HoldState }) | undefined> {
  // Prisma has no row lock: the lock first, then its own reading of the row.
  const locked = await tx.$queryRaw<
    { job: string }[]
  >`SELECT job FROM holds WHERE job = ${job} FOR UPDATE`
  return locked.length === 0 ? undefined : findHold(tx, job)
}

export async function findHold(
  tx: Tx,
  job: JobId,
): Promise<(HoldRow & { readonly state: HoldState }) | undefined> {
  const row = await tx.hold.findUnique({ where: { job } })
  if (!row) return undefined
  return {
    job: row.job,
    account: row.account,
    asset: row.asset,
    isFree: row.isFree,
    priceVersion: row.priceVersion,
    task: row.task,
    model: row.model,
    tier: row.tier,
    bound: toUnits(row),
    amount: row.amount,
    atMs: row.at.getTime(),
    closesAtMs: row.closesAt.getTime(),
    state: row.state,
  }
}

/** Gives an open hold up; undefined when there is none. */
export async function closeHold(
  tx: Tx,
  { job, state, atMs }: { job: JobId; state: 'released' | 'expired'; atMs: number },
): Promise<
  { readonly account: string; readonly asset: Asset; readonly amount: bigint } | undefined
> {
  const [row] = await tx.hold.updateManyAndReturn({
    where: { job, state: 'open' },
    data: { state, closedAt: new Date(atMs) },
    select: { account: true, asset: true, amount: true },
  })
  return row
}

/** Marks a locked, open hold as captured. */
export async function captureHold(
  tx: Tx,
  { job, charge, atMs }: { job: JobId; charge: bigint; atMs: number },
): Promise<void> {
  await tx.hold.update({
    where: { job },
    data: { state: 'captured', charge, closedAt: new Date(atMs) },
    select: { job: true },
  })
}

/** Jobs whose hold is open after its time, oldest first. */
export async function overdueHolds(
  tx: Tx,
  nowMs: number,
  limit: number,
): Promise<readonly { readonly job: string }[]> {
  return tx.hold.findMany({
    where: { state: 'open', closesAt: { lte: new Date(nowMs) } },
    orderBy: { closesAt: 'asc' },
    take: limit,
    select: { job: true },
  })
}

export interface PayReceiptRow {
  readonly job: JobId
  readonly digest: string
  readonly kid: Kid
  readonly evidenceId: string
  readonly task: string
  readonly model: string
  readonly tier: string
  readonly weights: string
  readonly payee: string | undefined
  readonly pay: bigint
  readonly totalAfter: bigint
  readonly asset: Asset
  readonly charge: bigint
  readonly isFree: boolean
  readonly priceVersion: number
  readonly units: Units
  readonly said: Units
  readonly seen: Units | undefined
  readonly isReviewed: boolean
  readonly atMs: number
}

/** The payee's row must be locked, so that its receipts are numbered in the order of its totals. */
export async function insertReceipt(tx: Tx, receipt: PayReceiptRow): Promise<void> {
  const { units, said, seen, atMs, payee, ...fields } = receipt
  await tx.payReceipt.create({
    data: {
      ...fields,
      payee: payee ?? null,
      ...toColumns(units),
      saidInTokens: BigInt(said.inTokens),
      saidCachedTokens: BigInt(said.cachedTokens),
      saidOutTokens: BigInt(said.outTokens),
      saidAudioMs: BigInt(said.audioMs),
      isRecounted: seen !== undefined,
      seenInTokens: BigInt(seen?.inTokens ?? 0),
      seenCachedTokens: BigInt(seen?.cachedTokens ?? 0),
      seenOutTokens: BigInt(seen?.outTokens ?? 0),
      seenAudioMs: BigInt(seen?.audioMs ?? 0),
      at: new Date(atMs),
    },
    select: { job: true },
  })
}

/** What a job cost and paid, once it is captured. */
export async function findReceipt(tx: Tx, job: JobId) {
  const row = await tx.payReceipt.findUnique({ where: { job } })
  if (!row) return undefined
  const { digest, asset, charge, isFree, pay, totalAfter, priceVersion } = row
  return { digest, asset, charge, isFree, pay, totalAfter, priceVersion, units: toUnits(row) }
}

/** A worker's count was not ours: somebody should look. */
export async function addReview(
  tx: Tx,
  kid: Kid,
  about: { job: JobId; atMs: number },
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO worker_reviews AS r (kid, times, job, at)
    VALUES (${kid}, 1, ${about.job}, ${new Date(about.atMs)}::timestamptz)
    ON CONFLICT (kid) DO UPDATE SET times = r.times + 1, job = EXCLUDED.job, at = EXCLUDED.at`
}

const toColumns = (units: Units) => ({
  inTokens: BigInt(units.inTokens),
  cachedTokens: BigInt(units.cachedTokens),
  outTokens: BigInt(units.outTokens),
  audioMs: BigInt(units.audioMs),
})

const toUnits = (row: {
  inTokens: bigint
  cachedTokens: bigint
  outTokens: bigint
  audioMs: bigint
}): Units => ({
  inTokens: Number(row.inTokens),
  cachedTokens: Number(row.cachedTokens),
  outTokens: Number(row.outTokens),
  audioMs: Number(row.audioMs),
})
