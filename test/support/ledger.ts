/** A ledger over a test's own database, with prices that are easy to add up. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../src/core/clock.ts'
import { isJobId, isKid, isModelId, newJobId, parseId } from '../../src/core/ids.ts'
import type { CaptureRequest, HoldRequest } from '../../src/core/money.ts'
import { noUnits, type Units } from '../../src/core/units.ts'
import type { Database } from '../../src/db/database.ts'
import type { AllowanceLimits } from '../../src/payments/ledger/allowance-store.ts'
import { post } from '../../src/payments/ledger/ledger-store.ts'
import { createMoney } from '../../src/payments/ledger/money.ts'
import { openPrices } from '../../src/payments/prices/prices.ts'
import { type PriceWorld, readTable } from '../../src/payments/prices/table.ts'
import { keptLog } from './stores.ts'

export const testModel = parseId('echo-text', isModelId)
export const testWorld: PriceWorld = {
  tasks: new Map([['translate', 'llm']]),
  models: new Map([[testModel, 'llm']]),
}

const million = (rate: number): string => String(rate * 1_000_000)
const rates = (each: number): Record<string, string> => ({
  job: million(each * 10),
  inTok: million(each),
  cachedTok: million(each),
  outTok: million(each),
})

/** Customers pay 10 a token and 100 a job in both assets, workers get 9 and 90 nano. */
export const testTable = (version = 1, each = 10): string =>
  JSON.stringify({
    v: 1,
    version,
    rows: [
      {
        task: 'translate',
        model: testModel,
        tier: 'simulated',
        nano: rates(each),
        ustar: rates(each),
        worker: rates(each - 1),
      },
    ],
  })

export const tokens = (inTokens: number, outTokens: number): Units => ({
  ...noUnits,
  inTokens,
  outTokens,
})

export const digest = (): string => randomBytes(32).toString('hex')
const testKid = parseId('a'.repeat(32), isKid)
export const testPayee = 'b'.repeat(64)

export async function openTestMoney(options: {
  readonly db: Database
  readonly clock: Clock
  readonly allowance?: AllowanceLimits
}) {
  const { db, clock, allowance } = options
  const { log, lines } = keptLog()
  const prices = await openPrices({
    db,
    clock,
    world: testWorld,
    first: readTable(testTable(), testWorld),
  })
  const money = createMoney({ prices, clock, log, ...(allowance && { allowance }) })
  return {
    money,
    prices,
    lines,
    /** Gives a customer so many ustar, bought for Stars. */
    fund: (account: string, ustar: bigint, asset: 'ustar' | 'nano' = 'ustar') =>
      db.transaction((tx) =>
        post(tx, {
          reason: 'test-funds',
          ref: digest(),
          atMs: clock.now(),
          postings: [
            { account: asset === 'ustar' ? 'stars' : 'treasury', asset, amount: -ustar },
            { account, asset, amount: ustar },
          ],
        }),
      ),
    hold: (request: HoldRequest) => db.transaction((tx) => money.hold(tx, request)),
    capture: (request: CaptureRequest) => db.transaction((tx) => money.capture(tx, request)),
    release: (job: string, how: 'released' | 'expired' = 'released') =>
      db.transaction((tx) => money.release(tx, parseId(job, isJobId), how)),
  }
}

export type TestMoney = Awaited<ReturnType<typeof openTestMoney>>

/** A hold of up to 50 tokens in and 40 out: 1000 ustar at the test's prices. */
export const holdOf = (change: Partial<HoldRequest> = {}): HoldRequest => ({
  job: newJobId(),
  payer: { account: 'customer:anna', asset: 'ustar' },
  task: 'translate',
  model: testModel,
  tier: 'simulated',
  bound: tokens(50, 40),
  closesAtMs: 2_000_000_000_000,
  ...change,
})

/** The capture of an answer of 50 tokens in and 20 out: 800 ustar, 720 nano for the worker. */
export const captureOf = (
  job: HoldRequest['job'],
  change: Partial<CaptureRequest> = {},
): CaptureRequest => ({
  job,
  kid: testKid,
  payee: testPayee,
  receiptDigest: digest(),
  evidenceId: 'e'.repeat(64),
  weights: `sha256:${'f'.repeat(64)}`,
  reported: tokens(50, 20),
  recounted: tokens(50, 20),
  isCharged: true,
  ...change,
})
