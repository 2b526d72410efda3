/** The release log as gateways write it, and as the command reads it after somebody touched the database. */
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runLog } from '../../../src/cli/log.ts'
import { UsageError } from '../../../src/cli/usage.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { type Database, openDatabase } from '../../../src/db/database.ts'
import { openWorld, request } from '../../support/queue-world.ts'
import { tempFolder } from '../../support/stores.ts'
import { until } from '../../support/until.ts'

const folder = tempFolder('release-log')
let brokerKey = ''
let loggedHeads: string[] = []

beforeAll(async () => {
  const world = await openWorld({ databaseUrl: `pglite:${join(folder, 'db')}` })
  try {
    const front = await world.openFront()
    brokerKey = world.identity.publicKey
    // A gateway that leaves signs what it wrote; the next one begins a chain whose head cites it.
    for (const round of [1, 2]) {
      const gateway = await world.openGateway()
      const worker = world.openWorker(gateway.url)
      for (let n = 0; n < 3; n++) {
        const { job } = await front.desk.submit(request(`round ${round}, number ${n}`))
        await until('delivery', () => front.of(job))
      }
      await worker.stop()
      await gateway.stop()
    }
    loggedHeads = world.lines.flatMap((line) => /"head":"([0-9a-f]{64})"/.exec(line)?.[1] ?? [])
  } finally {
    await world.close()
  }
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The command, over a copy that somebody changed. */
async function verified(
  change: (rows: Database['rows']) => Promise<unknown> = async () => undefined,
  more: readonly string[] = [],
) {
  const copy = tempFolder('release-log-copy')
  cpSync(folder, copy, { recursive: true })
  try {
    const db = await openDatabase({ url: `pglite:${join(copy, 'db')}`, clock: systemClock })
    try {
      await change(db.rows)
    } finally {
      await db.close()
    }
    const lines: string[] = []
    const exit = await runLog(
      ['verify', '--broker-key', brokerKey, '--data', copy, '--json', ...more],
      {},
      { out: (line) => lines.push(line), err: () => undefined, isInteractive: false },
    )
    return { exit, ...(JSON.parse(lines.join('')) as Report) }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
interface Report {
  readonly ok: boolean
  readonly entries: number
  readonly chains: number
  readonly heads: number
  readonly faults: readonly { kind: string }[]
  readonly lostHeads: readonly string[]
}

test('as two gateways wrote it, it is whole, and every head they logged is in it', async () => {
  const report = await verified(
    undefined,
    loggedHeads.flatMap((head) => ['--head', head]),
  )

  expect(loggedHeads.length).toBe(2)
  expect(report).toEqual({
    exit: 0,
    ok: true,
    entries: 6,
    chains: 2,
    heads: 2,
    faults: [],
    lostHeads: [],
  })
})

test.each([
  [
    'an entry is removed',
    ['attempt-missing', 'missing'],
    (rows: Database['rows']) => rows.$executeRaw`DELETE FROM releases WHERE seq = 1`,
  ],
  [
    'the last entries are removed',
    ['attempt-missing', 'head-broken'],
    (rows: Database['rows']) => rows.$executeRaw`DELETE FROM releases WHERE seq = 2`,
  ],
  [
    'an entry is given to another worker',
    ['changed'],
    (rows: Database['rows']) =>
      rows.$executeRaw`UPDATE releases SET kid = ${'0'.repeat(32)} WHERE seq = 0`,
  ],
  [
    'two entries change places',
    ['changed'],
    (rows: Database['rows']) =>
      rows.$executeRaw`UPDATE releases SET seq = CASE seq WHEN 0 THEN 11 WHEN 1 THEN 10 ELSE seq END`.then(
        () => rows.$executeRaw`UPDATE releases SET seq = seq - 10 WHERE seq >= 10`,
      ),
  ],
  [
    'the first head is removed',
    ['head-missing'],
    (rows: Database['rows']) =>
      rows.$executeRaw`DELETE FROM release_heads WHERE prev = ${'0'.repeat(64)}`,
  ],
  [
    'a head is moved in time',
    ['head-forged', 'head-missing'],
    (rows: Database['rows']) =>
      rows.$executeRaw`UPDATE release_heads SET at = at + interval '1 minute' WHERE prev = ${'0'.repeat(64)}`,
  ],
] as const)('it tells when %s', async (_what, kinds, change) => {
  const report = await verified(change)

  expect(report.exit).toBe(1)
  const found = [...new Set(report.faults.map(({ kind }) => kind))]
  expect(kinds.filter((kind) => !found.includes(kind))).toEqual([])
})

test('removed altogether it is missed only by the heads that were kept elsewhere', async () => {
  const nothing = async (rows: Database['rows']) => {
    await rows.$executeRaw`DELETE FROM releases`
    await rows.$executeRaw`DELETE FROM release_heads`
    await rows.$executeRaw`DELETE FROM jobs`
  }
  const [head = ''] = loggedHeads

  expect(await verified(nothing)).toMatchObject({ exit: 0, entries: 0 })
  expect(await verified(nothing, ['--head', head])).toMatchObject({ exit: 1, lostHeads: [head] })
})

test('a wrong command line says so before any database is opened', async () => {
  const terminal = { out: () => undefined, err: () => undefined, isInteractive: false }

  for (const args of [
    ['show'],
    ['verify'],
    ['verify', '--broker-key', 'short'],
    ['verify', '--broker-key', 'A'.repeat(43), '--head', 'x'],
  ])
    await expect(runLog(args, {}, terminal)).rejects.toThrow(UsageError)
})
