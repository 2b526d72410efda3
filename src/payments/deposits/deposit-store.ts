/** @module Rows of deposits and of the codes that name their receivers. */
import type { Database, Tx } from '../../db/database.ts'

export type DepositReason = 'small' | 'no-memo' | 'unknown-memo' | 'encrypted' | 'other' | 'failed'

export interface DepositRow {
  /** Hash of the wallet that took it. */
  readonly wallet: string
  readonly lt: bigint
  readonly hash: string
  /** `0:<hex>` of the sender. */
  readonly source: string
  readonly nano: bigint
  readonly atMs: number
  readonly state: 'credited' | 'suspense'
  readonly reason?: DepositReason
  readonly code?: string
}

export function createDepositStore({ db }: { db: Database }) {
  const { rows } = db
  return {
    codeOf: async (account: string): Promise<string | undefined> =>
      (await rows.depositCode.findUnique({ where: { account } }))?.code,
    /** False when the code or the account has its row already. */
    addCode: async (code: string, account: string, atMs: number): Promise<boolean> => {
      const data = [{ code, account, createdAt: new Date(atMs) }]
      return (await rows.depositCode.createMany({ data, skipDuplicates: true })).count > 0
    },
    accountOf: async (code: string): Promise<string | undefined> =>
      (await rows.depositCode.findUnique({ where: { code } }))?.account,
    /** The newest one's place in the wallet's history; 0 before the first. */
    lastLt: async (wallet: string): Promise<bigint> =>
      (await rows.deposit.findFirst({ where: { wallet }, orderBy: { lt: 'desc' } }))?.lt ?? 0n,
    /** False when it is known. */
    add: async (tx: Tx, row: DepositRow): Promise<boolean> => {
      const { atMs, reason = null, code = null, ...rest } = row
      const data = [{ ...rest, reason, code, at: new Date(atMs) }]
      return (await tx.deposit.createMany({ data, skipDuplicates: true })).count > 0
    },
    /** False unless it is in suspense: only one caller gets it. */
    takeFromSuspense: async (tx: Tx, key: { wallet: string; lt: bigint }): Promise<boolean> => {
      const { count } = await tx.deposit.updateMany({
        where: { ...key, state: 'suspense' },
        data: { state: 'credited' },
      })
      return count > 0
    },
    find: async (tx: Tx, key: { wallet: string; lt: bigint }): Promise<DepositRow | undefined> => {
      const row = await tx.deposit.findUnique({ where: { wallet_lt: key } })
      return row === null ? undefined : read(row)
    },
    list: async (wallet: string, limit: number): Promise<readonly DepositRow[]> => {
      const newest = { orderBy: { lt: 'desc' }, take: limit } as const
      const waiting = await rows.deposit.findMany({
        where: { wallet, state: 'suspense' },
        ...newest,
      })
      const credited = await rows.deposit.findMany({
        where: { wallet, state: 'credited' },
        ...newest,
      })
      return [...waiting, ...credited].toSorted((a, b) => (a.lt < b.lt ? 1 : -1)).map(read)
    },
    suspense: async (wallet: string): Promise<readonly DepositRow[]> => {
      const found = await rows.deposit.findMany({
        where: { wallet, state: 'suspense' },
        orderBy: { lt: 'asc' },
      })
      return found.map(read)
    },
  }
}

type Row = Awaited<ReturnType<Tx['deposit']['findMany']>>[number]

const reasons: readonly DepositReason[] = [
  'small',
  'no-memo',
  'unknown-memo',
  'encrypted',
  'other',
  'failed',
]

function read({ wallet, lt, hash, source, nano, at, state, reason, code }: Row): DepositRow {
  const known = reasons.find((it) => it === reason)
  return {
    wallet,
    lt,
    hash,
    source,
    nano,
    atMs: at.getTime(),
    state,
    ...(known !== undefined && { reason: known }),
    ...(code !== null && { code }),
  }
}
