/** @module Q1–Q3: a sealed no-op job through everything against bare BullMQ, one and many in flight, on several stores. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { type RedisServer, startRedisServer } from '../../src/queue/redis-server.ts'
import { hasPostgres, startTestPostgres } from '../support/postgres.ts'
import { tempFolder } from '../support/stores.ts'
import { openBare, type Requester } from './bare.ts'
import type { BenchCase, BenchGround, BenchTable, Verdict } from './bench-case.ts'
import { type Line, messageText, openLine } from './line.ts'
import { openMemoryRows } from './memory-rows.ts'
import { isSteady, median, percentile, ratios, show } from './stats.ts'

const slots = 64
const inFlight = 64

export interface Stand {
  readonly redis: RedisServer
  readonly bare: Requester
  readonly line: Line
  readonly db: Database
}

/** Redis as `chrysalis start` runs it, bare BullMQ and the line, each with one worker process. */
export async function withStand<T>(
  db: Database,
  at: { slots: number; workers?: 'none' },
  use: (stand: Stand) => Promise<T>,
): Promise<T> {
  const dataDir = tempFolder('bench-redis')
  const log = createLog(
    'bench',
    () => undefined,
    () => systemClock.now(),
  )
  const redis = await startRedisServer({ dataDir, env: process.env, log, clock: systemClock })
  const abandoned = (): void => killRedis(dataDir)
  process.once('exit', abandoned)
  try {
    const bare = await openBare(redis.url, at.slots)
    const line = await openLine({ redisUrl: redis.url, db })
    if (!at.workers) await line.addEcho(at.slots)
    try {
      return await use({ redis, bare, line, db })
    } finally {
      await bare.close()
      await line.close()
    }
  } finally {
    process.off('exit', abandoned)
    await redis.stop()
    await db.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** The server is a process of its own group and outlives us otherwise. */
function killRedis(dataDir: string): void {
  const run = JSON.parse(readFileSync(join(dataDir, 'redis/run.json'), 'utf8')) as { pid: number }
  process.kill(run.pid)
  rmSync(dataDir, { recursive: true, force: true })
}

/** Milliseconds of `count` jobs, one after the other. */
async function timeOneByOne(requester: Requester, count: number): Promise<number[]> {
  const times: number[] = []
  for (let at = 0; at < count; at++) {
    const began = performance.now()
    await requester.ask(messageText, at % slots)
    times.push(performance.now() - began)
  }
  return times
}

/** Jobs a second, `width` in flight. */
async function rateOf(requester: Requester, count: number, width = inFlight): Promise<number> {
  let next = 0
  const began = performance.now()
  const lane = async (owner: number): Promise<void> => {
    while (next < count) {
      next++
      await requester.ask(messageText, owner)
    }
  }
  await Promise.all(Array.from({ length: width }, (_, owner) => lane(owner)))
  return (count * 1000) / (performance.now() - began)
}

interface Size {
  readonly rounds: number
  readonly each: number
}

interface Measured {
  readonly before: number[][]
  readonly line: number[][]
  readonly after: number[][]
}

/** Bare, line, bare in each round: the two bare ones are the control. The first round warms up and is thrown away. */
async function interleave(
  { bare, line }: Stand,
  { rounds, each }: Size,
  measure: (requester: Requester, count: number) => Promise<number[]>,
): Promise<Measured> {
  const measured: Measured = { before: [], line: [], after: [] }
  await measure(bare, each)
  await measure(line, each)
  await measure(line, each)
  for (let round = 0; round < rounds; round++) {
    measured.before.push(await measure(bare, each))
    measured.line.push(await measure(line, each))
    measured.after.push(await measure(bare, each))
  }
  return measured
}

const oneByOne = async (requester: Requester, count: number): Promise<number[]> =>
  timeOneByOne(requester, count)

const verdictOf = (control: number, met: boolean | undefined): Verdict =>
  !isSteady(control) ? 'void' : met === undefined ? 'printed' : met ? 'met' : 'missed'

/** One row of a latency table: p50s and their ratio, p99s, control. */
function latencyOf({ before, line, after }: Measured) {
  const bare = before.map((times, at) => median([...times, ...(after[at] ?? [])]))
  const ours = line.map((times) => median(times))
  const control = median(ratios(after.map(median), before.map(median)))
  const allBare = [...before, ...after].flat()
  return {
    bareP50: median(bare),
    lineP50: median(ours),
    ratio: median(ratios(ours, bare)),
    bareP99: percentile(allBare, 99),
    lineP99: percentile(line.flat(), 99),
    control,
  }
}

function rateRow({ before, line, after }: Measured) {
  const bare = before.map(([rate = 0], at) => (rate + (after[at]?.[0] ?? 0)) / 2)
  const ours = line.map(([rate = 0]) => rate)
  const control = median(ratios(after.flat(), before.flat()))
  return { bare: median(bare), line: median(ours), ratio: median(ratios(ours, bare)), control }
}

const sizeOf = ({ scale }: BenchGround, full: Size): Size =>
  scale === 'full' ? full : { rounds: 1, each: 4 }

const latencyColumns = ['', 'bare p50', 'line p50', 'ratio', 'bare p99', 'line p99', 'control']
const rateColumns = ['', 'bare jobs/s', 'line jobs/s', 'ratio', 'control']

const latencyRow = (name: string, it: ReturnType<typeof latencyOf>): string[] => [
  name,
  `${show(it.bareP50)} ms`,
  `${show(it.lineP50)} ms`,
  `${show(it.ratio)} ×`,
  `${show(it.bareP99)} ms`,
  `${show(it.lineP99)} ms`,
  show(it.control),
]

export const q1: BenchCase = {
  id: 'Q1',
  about: 'a sealed no-op job against bare BullMQ, one in flight',
  run: async (ground) =>
    withStand(openMemoryRows(), { slots }, async (stand) => {
      const measured = await interleave(stand, sizeOf(ground, { rounds: 9, each: 40 }), oneByOne)
      const it = latencyOf(measured)
      return [
        {
          id: 'Q1',
          title: 'A sealed no-op job, one in flight, rows in memory',
          target: 'p50 at most 1.5 × bare BullMQ',
          verdict: verdictOf(it.control, it.ratio <= 1.5),
          gate: { value: it.ratio, target: 1.5, better: 'lower' },
          columns: latencyColumns,
          rows: [latencyRow('desk → Redis → gateway → worker → desk', it)],
          notes: [`${measured.line.length} rounds of ${measured.line[0]?.length ?? 0} jobs.`],
          raw: measured,
        },
      ]
    }),
}

export const q2: BenchCase = {
  id: 'Q2',
  about: 'the same with 64 in flight, and with 10 and 10,000 jobs waiting behind',
  run: async (ground) => {
    const rows: string[][] = []
    const raw: Record<string, Measured> = {}
    let first: ReturnType<typeof rateRow> | undefined
    for (const waiting of [0, 10, ground.scale === 'full' ? 10_000 : 20]) {
      // Fewer slots than jobs in flight: some of the first class always wait, so the pile is never reached.
      const at = { slots: waiting === 0 ? slots : slots / 2 }
      const measured = await withStand(openMemoryRows(), at, async (stand) => {
        if (waiting > 0) await Promise.all([stand.bare.pile(waiting), stand.line.pile(waiting)])
        const size = sizeOf(ground, { rounds: 5, each: 120 })
        return interleave(stand, size, async (requester, count) => [
          await rateOf(requester, Math.max(count, 2)),
        ])
      })
      const it = rateRow(measured)
      first ??= it
      raw[`waiting-${waiting}`] = measured
      rows.push([
        `${waiting} waiting, ${at.slots} slots`,
        show(it.bare),
        show(it.line),
        `${show(it.ratio)} ×`,
        show(it.control),
      ])
    }
    return [
      {
        id: 'Q2',
        title: 'The same, 64 in flight, rows in memory',
        target: 'at least 0.8 × the jobs a second of bare BullMQ',
        verdict: verdictOf(first?.control ?? 0, (first?.ratio ?? 0) >= 0.8),
        gate: { value: first?.ratio ?? Number.NaN, target: 0.8, better: 'higher' },
        columns: rateColumns,
        rows,
        notes: [
          'Verdict and control of the first row. Jobs waiting are of the last class, behind those measured.',
        ],
        raw,
      },
    ]
  },
}

/** Transactions that wrote: each takes a number. The question takes one itself. */
async function writtenSoFar({ rows }: Database): Promise<number> {
  const [found] = await rows.$queryRawUnsafe<{ id: bigint }[]>('SELECT txid_current() AS id')
  return Number(found?.id ?? 0)
}

async function storeTable(
  ground: BenchGround,
  name: string,
  db: Database,
): Promise<{ latency: string[]; rate: string[]; commits: number; raw: unknown }> {
  return withStand(db, { slots }, async (stand) => {
    const latencies = await interleave(stand, sizeOf(ground, { rounds: 7, each: 25 }), oneByOne)
    const rates = await interleave(
      stand,
      sizeOf(ground, { rounds: 3, each: 100 }),
      async (requester, count) => [await rateOf(requester, count)],
    )
    const counted = ground.scale === 'full' ? 40 : 4
    const before = await writtenSoFar(db)
    await timeOneByOne(stand.line, counted)
    // The last one is marked as delivered after its answer.
    await systemClock.sleep(300)
    const commits = (await writtenSoFar(db)) - before - 1
    const rate = rateRow(rates)
    return {
      latency: latencyRow(name, latencyOf(latencies)),
      rate: [name, show(rate.bare), show(rate.line), `${show(rate.ratio)} ×`, show(rate.control)],
      commits: commits / counted,
      raw: { latencies, rates, commits },
    }
  })
}

export const q3: BenchCase = {
  id: 'Q3',
  about: 'Q1 and Q2 with PGlite and with Postgres, commits of a job counted',
  run: async (ground): Promise<readonly BenchTable[]> => {
    const folder = tempFolder('bench-db')
    const postgres = hasPostgres() ? await startTestPostgres() : undefined
    try {
      const results = []
      const open = (url: string) => openDatabase({ url, clock: systemClock })
      ground.say('Q3: PGlite')
      results.push({
        name: 'PGlite in the same process',
        ...(await storeTable(ground, 'PGlite', await open(`pglite:${folder}/db`))),
      })
      if (postgres) {
        ground.say('Q3: Postgres')
        results.push({
          name: 'Postgres',
          ...(await storeTable(ground, 'Postgres', await open(postgres.url))),
        })
      }
      const most = Math.max(...results.map(({ commits }) => commits))
      return [
        {
          id: 'Q3',
          title: 'With a database, one in flight',
          target: 'printed; at most 4 commits a job',
          verdict: most <= 4.05 ? 'met' : 'missed',
          gate: { value: most, target: 4.05, better: 'lower' },
          columns: [...latencyColumns, 'commits a job'],
          rows: results.map(({ latency, commits }) => [...latency, show(commits)]),
          notes: postgres ? [] : ['No Postgres on this machine.'],
          raw: results,
        },
        {
          id: 'Q3b',
          title: 'With a database, 64 in flight',
          target: 'printed',
          verdict: 'printed',
          columns: rateColumns,
          rows: results.map(({ rate }) => rate),
          notes: ['3 rounds.'],
          raw: undefined,
        },
      ]
    } finally {
      await postgres?.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
