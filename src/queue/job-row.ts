/** @module What rows of `jobs` look like outside the stores: parsed ids and content-free facts. */
import { isErrorCode } from '../core/app-error.ts'
import type { Asset } from '../core/coin.ts'
import type { ErrorCode } from '../core/errors.ts'
import {
  type FrontId,
  isFrontId,
  isJobId,
  isKid,
  isLeaseId,
  isModelId,
  isOwnerId,
  type JobId,
  type Kid,
  type LeaseId,
  type ModelId,
  type OwnerId,
  parseId,
} from '../core/ids.ts'
import { poolOf, type Tier, tierSchema } from '../core/tier.ts'
import type { JobClass, JobFacts } from './desk-port.ts'
import type { Place } from './fairness.ts'

/** What the queue needs of an open job. */
export interface OpenJob {
  readonly job: JobId
  readonly front: FrontId
  readonly task: string
  readonly place: Place
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly isRunning: boolean
  /** Of the last attempt, 0 before the first. */
  readonly attempt: number
  readonly blobId: string | null
}

/** Columns that `toOpenJob` reads. */
export const openColumns = {
  id: true,
  front: true,
  owner: true,
  task: true,
  model: true,
  tier: true,
  class: true,
  state: true,
  attempt: true,
  createdAt: true,
  expiresAt: true,
  blobId: true,
} as const

interface OpenRow {
  readonly id: string
  readonly front: string
  readonly owner: string
  readonly task: string
  readonly model: string
  readonly tier: string
  readonly class: JobClass
  readonly state: string
  readonly attempt: number
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly blobId: string | null
}

export const jobOf = (id: string): JobId => parseId(id, isJobId)
export const frontOf = (front: string): FrontId => parseId(front, isFrontId)
const ownerOf = (owner: string): OwnerId => parseId(owner, isOwnerId)
const modelOf = (model: string): ModelId => parseId(model, isModelId)
const tierOf = (tier: string): Tier => tierSchema.parse(tier)
export const kidOfRow = (kid: string): Kid => parseId(kid, isKid)
export const leaseOf = (lease: string): LeaseId => parseId(lease, isLeaseId)
export const codeOfRow = (code: string | null): ErrorCode =>
  code !== null && isErrorCode(code) ? code : 'internal.error'

export function toOpenJob(row: OpenRow): OpenJob {
  const pool = poolOf(modelOf(row.model), tierOf(row.tier))
  return {
    job: jobOf(row.id),
    front: frontOf(row.front),
    task: row.task,
    place: { pool, owner: ownerOf(row.owner), class: row.class },
    createdAtMs: row.createdAt.getTime(),
    expiresAtMs: row.expiresAt.getTime(),
    isRunning: row.state === 'running',
    attempt: row.attempt,
    blobId: row.blobId,
  }
}

interface FactsRow {
  readonly id: string
  readonly task: string
  readonly model: string
  readonly weights: string | null
  readonly tier: string
  readonly inTokens: bigint
  readonly cachedTokens: bigint
  readonly outTokens: bigint
  readonly audioMs: bigint
  readonly priceAsset: Asset | null
  readonly priceAmount: bigint | null
  readonly priceFree: boolean
  readonly attempt: number
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly settledAt: Date | null
}

export function toFacts(row: FactsRow): JobFacts {
  const created = row.createdAt.getTime()
  const settled = row.settledAt?.getTime() ?? created
  const started = row.startedAt?.getTime() ?? settled
  return {
    job: jobOf(row.id),
    task: row.task,
    model: modelOf(row.model),
    ...(row.weights !== null && { weights: row.weights }),
    tier: tierOf(row.tier),
    units: {
      inTokens: Number(row.inTokens),
      cachedTokens: Number(row.cachedTokens),
      outTokens: Number(row.outTokens),
      audioMs: Number(row.audioMs),
    },
    ...(row.priceAsset &&
      row.priceAmount !== null && {
        price: { asset: row.priceAsset, amount: row.priceAmount, isFree: row.priceFree },
      }),
    attempts: row.attempt,
    timings: {
      waitedMs: started - created,
      ranMs: settled - started,
      totalMs: settled - created,
    },
  }
}
