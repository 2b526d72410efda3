/** @module What the machines of an owner earned, by day and by machine. */
import type { Database } from '../../db/database.ts'

/** One task that was paid. */
interface PaidTask {
  readonly seq: bigint
  readonly task: string
  readonly payNano: bigint
  readonly atMs: number
}

export interface Earnings {
  readonly todayNano: bigint
  readonly weekNano: bigint
  readonly monthNano: bigint
  /** By token, today. */
  readonly machines: ReadonlyMap<string, { readonly tasks: number; readonly payNano: bigint }>
  /** Newest first. */
  readonly latest: readonly PaidTask[]
}

const dayMs = 24 * 3_600_000
const shownTasks = 3

interface SumRow {
  readonly token: string
  readonly tasks: bigint
  readonly today: string
  readonly week: string
  readonly month: string
}

/** By the keys of the owner's machines, the removed ones included. Days begin at midnight UTC. */
export async function earningsOf(
  { rows }: Database,
  owner: string,
  nowMs: number,
): Promise<Earnings> {
  const today = new Date(nowMs - (nowMs % dayMs))
  const week = new Date(today.getTime() - 6 * dayMs)
  const month = new Date(today.getTime() - 29 * dayMs)
  const sums = await rows.$queryRaw<SumRow[]>`
    SELECT m.token,
      count(*) FILTER (WHERE r.at >= ${today}) AS tasks,
      coalesce(sum(r.pay) FILTER (WHERE r.at >= ${today}), 0)::text AS today,
      coalesce(sum(r.pay) FILTER (WHERE r.at >= ${week}), 0)::text AS week,
      coalesce(sum(r.pay), 0)::text AS month
    FROM machines m JOIN machine_keys k ON k.token = m.token JOIN pay_receipts r ON r.kid = k.kid
    WHERE m.owner = ${owner} AND r.at >= ${month}
    GROUP BY m.token`
  const latest = await rows.$queryRaw<{ seq: bigint; task: string; pay: string; at: Date }[]>`
    SELECT r.seq, r.task, r.pay::text AS pay, r.at
    FROM machines m JOIN machine_keys k ON k.token = m.token JOIN pay_receipts r ON r.kid = k.kid
    WHERE m.owner = ${owner} AND r.at >= ${today}
    ORDER BY r.seq DESC LIMIT ${shownTasks}`
  const total = (of: 'today' | 'week' | 'month'): bigint =>
    sums.reduce((sum, row) => sum + BigInt(row[of]), 0n)
  return {
    todayNano: total('today'),
    weekNano: total('week'),
    monthNano: total('month'),
    machines: new Map(
      sums.map(({ token, tasks, today: pay }) => [
        token,
        { tasks: Number(tasks), payNano: BigInt(pay) },
      ]),
    ),
    latest: latest.map(({ seq, task, pay, at }) => ({
      seq,
      task,
      payNano: BigInt(pay),
      atMs: at.getTime(),
    })),
  }
}
