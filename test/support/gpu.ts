/** @module GPU owners of tests: what `/gpu` needs, machines that come and go, tasks that were paid. */
import { createHash, randomBytes } from 'node:crypto'
import type { GpuPort } from '../../src/bot/gpu/port.ts'
import type { Clock } from '../../src/core/clock.ts'
import type { Database } from '../../src/db/database.ts'
import { createMachineStore, type MachineStore } from '../../src/gateway/machine-store.ts'
import { payeeOf, showPayout } from '../../src/payments/wallets/address.ts'
import { createPayouts } from '../../src/payments/wallets/wallets.ts'

/** A port over a real database; `asked` collects payees that want their payout now. */
export function testGpuPort(it: {
  db: Database
  clock: Clock
  walletPage?: (ticket: string) => string
}): GpuPort & { readonly asked: string[] } {
  const { db, clock, walletPage } = it
  const asked: string[] = []
  return {
    asked,
    ownerOf: (userId) => `tg-${userId}`,
    userOf: (owner) => Number(owner.slice(3)),
    payouts: createPayouts({ db, clock }),
    newToken: () => {
      const token = randomBytes(32).toString('base64url')
      return { token, hash: createHash('sha256').update(token).digest('hex') }
    },
    command: (token, payout) => `CHRYSALIS_JOIN=${token},${payout.slice(0, 8)} ./chrysalis worker`,
    payeeOf,
    show: (payout) => showPayout(payout, true),
    ...(walletPage && { walletPage }),
    payNow: async (payee) => void asked.push(payee),
  }
}

const tables = [
  'owner',
  'machine',
  'machineKey',
  'joinToken',
  'payoutChange',
  'walletTicket',
  'walletNonce',
  'ownerNotice',
  'payReceipt',
  'payee',
  'payout',
] as const

/** No owner, no machine, nothing earned. */
export async function emptyGpuTables(db: Database): Promise<void> {
  for (const table of tables) await (db.rows[table].deleteMany as () => Promise<unknown>)()
}

/** The machine's worker shows its token and is admitted, with its models loaded; `failed`: those that gave no answer. */
export async function bringOnline(
  db: Database,
  token: string,
  {
    nowMs,
    models = ['qwen2.5-coder-1.5b'],
    failed = [],
  }: { readonly nowMs: number } & Partial<Parameters<MachineStore['ready']>[1]>,
): Promise<string> {
  const kid = randomBytes(16).toString('hex')
  const machines = createMachineStore(db)
  const usedAt = new Date(nowMs)
  await db.rows.joinToken.updateMany({ where: { hash: token }, data: { usedAt } })
  const evidenceUntilMs = nowMs + 30 * 24 * 3_600_000
  await machines.admitted(token, { kid, tier: 'simulated', evidenceUntilMs, nowMs })
  await machines.ready(token, { models, failed }, nowMs)
  return kid
}

/** A task of the worker `kid` ended and was paid to `payee`. */
export async function payTask(
  db: Database,
  it: { kid: string; payee: string; payNano: bigint; nowMs: number; task?: string },
): Promise<void> {
  const at = new Date(it.nowMs)
  const units = { inTokens: 0n, cachedTokens: 0n, outTokens: 0n, audioMs: 0n }
  await db.transaction(async (tx) => {
    const payee = await tx.payee.upsert({
      where: { payee: it.payee },
      create: { payee: it.payee, earnedTotal: it.payNano, createdAt: at },
      update: { earnedTotal: { increment: it.payNano } },
    })
    await tx.payReceipt.create({
      data: {
        job: randomBytes(16).toString('hex'),
        digest: randomBytes(32).toString('hex'),
        kid: it.kid,
        evidenceId: 'e'.repeat(64),
        task: it.task ?? 'translate',
        model: 'qwen2.5-coder-1.5b',
        tier: 'simulated',
        weights: '',
        payee: it.payee,
        pay: it.payNano,
        totalAfter: payee.earnedTotal,
        asset: 'nano',
        charge: 0n,
        isFree: false,
        priceVersion: 1,
        ...units,
        saidInTokens: 0n,
        saidCachedTokens: 0n,
        saidOutTokens: 0n,
        saidAudioMs: 0n,
        seenInTokens: 0n,
        seenCachedTokens: 0n,
        seenOutTokens: 0n,
        seenAudioMs: 0n,
        isRecounted: false,
        isReviewed: false,
        at,
      },
    })
  })
}
