/** @module Rows in memory in place of a database, for what is measured without one. Knows only the statements of the job stores; delivered jobs are forgotten. */
import type { Database } from '../../src/db/database.ts'

type Row = Record<string, unknown>
interface Query {
  readonly where: Row
  readonly data: Row
  readonly take?: number
}

const jobDefaults: Row = {
  state: 'queued',
  clientHeld: false,
  code: null,
  lastCode: null,
  attempt: 0,
  lease: null,
  kid: null,
  evidenceId: null,
  startedAt: null,
  settledAt: null,
  deliveredAt: null,
  wrappedResult: null,
  sealedResult: null,
  blobId: null,
  receiptDigest: null,
  weights: null,
  inTokens: 0n,
  cachedTokens: 0n,
  outTokens: 0n,
  audioMs: 0n,
}

/** A `Database` whose every statement is done at once. No transaction is rolled back: nothing here fails. */
export function openMemoryRows(): Database {
  const jobs = new Map<string, Row>()
  const requests = new Map<string, Row>()
  const lastRelease: unknown[] = []

  const find = ({ where, take }: Pick<Query, 'where' | 'take'>): Row[] => {
    if (typeof where['id'] === 'string') return [jobs.get(where['id'])].filter(fitting(where))
    if (typeof where['requestKey'] === 'string')
      return [requests.get(where['requestKey'])].filter(fitting(where))
    return [...jobs.values()].filter(fitting(where)).slice(0, take)
  }
  const update = ({ where, data }: Query): Row[] => {
    const found = find({ where })
    for (const row of found) {
      for (const [column, value] of Object.entries(data))
        row[column] = isStep(value) ? Number(row[column]) + value.increment : value
      if (row['deliveredAt'] !== null) forget(row)
    }
    return found
  }
  const forget = (row: Row): void => {
    jobs.delete(String(row['id']))
    requests.delete(String(row['requestKey']))
  }
  const job = {
    fields: { maxAttempts: { column: 'maxAttempts' } },
    findUnique: async (query: Query) => find(query)[0] ?? null,
    findFirst: async (query: Query) => find(query)[0] ?? null,
    findMany: async (query: Query) => find(query),
    count: async (query: Query) => find(query).length,
    createMany: async ({ data }: { data: readonly Row[] }) => {
      for (const entry of data) {
        const row = { ...jobDefaults, ...entry }
        jobs.set(String(entry['id']), row)
        requests.set(String(entry['requestKey']), row)
      }
      return { count: data.length }
    },
    updateMany: async (query: Query) => ({ count: update(query).length }),
    updateManyAndReturn: async (query: Query) => update(query),
    deleteMany: async (query: Query) => {
      const found = find(query)
      for (const row of found) forget(row)
      return { count: found.length }
    },
  }
  /** The one statement that is written by hand: the fence moves and the release is logged (`lease-store.ts`). */
  const moveFence = async (_text: TemplateStringsArray, ...values: unknown[]): Promise<number> => {
    const [attempt, lease, kid, evidenceId, startedAt, wrappedResult, id, before, , ...entry] =
      values
    const data = { attempt, lease, kid, evidenceId, startedAt, wrappedResult, state: 'running' }
    const where = { id, attempt: before, state: { in: ['queued', 'running'] } }
    const count = update({ where, data }).length
    // The last entry of the log is kept: nothing here reads it.
    if (count > 0) lastRelease.splice(0, lastRelease.length, entry)
    return count
  }
  /** As above: the row is settled; its receipt is not kept. */
  const settle = async (_text: TemplateStringsArray, ...values: unknown[]): Promise<Row[]> => {
    const [settledAt, sealedResult, receiptDigest, weights, inTokens, cachedTokens] = values
    const [, , , , , , outTokens, audioMs, id, attempt, lease, kid] = values
    const units = { inTokens, cachedTokens, outTokens, audioMs }
    const data = { state: 'done', settledAt, sealedResult, receiptDigest, weights, ...units }
    const found = update({
      where: { id, state: 'running', attempt, lease, kid },
      data: { ...data, sealedEnvelope: null, wrappedCek: null },
    })
    return found.map(({ front }) => ({ front }))
  }
  const none = { findUnique: async () => null, deleteMany: async () => ({ count: 0 }) }
  const rows = {
    job,
    release: { ...none, groupBy: async () => [] },
    releaseHead: { findFirst: async () => null, createMany: async () => ({ count: 1 }) },
    receipt: none,
    $executeRaw: moveFence,
    $queryRaw: settle,
  } as unknown as Database['rows']
  return {
    kind: 'pglite',
    rows,
    transaction: (work) => work(rows),
    close: async () => undefined,
  }
}

const isStep = (value: unknown): value is { increment: number } =>
  typeof value === 'object' && value !== null && 'increment' in value

const fitting =
  (where: Row) =>
  (row: Row | undefined): row is Row =>
    row !== undefined &&
    Object.entries(where).every(([column, want]) => fits(row, row[column], want))

function fits(row: Row, value: unknown, want: unknown): boolean {
  if (want === undefined) return true
  if (want === null || typeof want !== 'object' || want instanceof Date) return value === want
  return Object.entries(want).every(([operation, operand]) => {
    const other = isColumn(operand) ? row[operand.column] : operand
    return compare(operation, value, other)
  })
}

const isColumn = (value: unknown): value is { column: string } =>
  typeof value === 'object' && value !== null && 'column' in value

function compare(operation: string, value: unknown, other: unknown): boolean {
  const [a, b] = [Number(value), Number(other)]
  if (operation === 'in') return (other as unknown[]).includes(value)
  if (operation === 'notIn') return !(other as unknown[]).includes(value)
  if (operation === 'not') return value !== other
  // As in SQL: nothing is smaller or larger than null.
  if (value === null) return false
  if (operation === 'gt') return typeof value === 'string' ? value > String(other) : a > b
  if (operation === 'lt') return a < b
  if (operation === 'lte') return a <= b
  if (operation === 'gte') return a >= b
  throw new Error(`unknown operation ${operation}`)
}
