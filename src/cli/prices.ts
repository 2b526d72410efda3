/** @module `chrysalis prices`: what jobs cost, and whether a table of prices could be used (PAY §2). */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import { systemClock } from '../core/clock.ts'
import { type Environment, loadConfig, netSchema } from '../core/config.ts'
import type { Database } from '../db/database.ts'
import { priceChange } from '../payments/admin/price-change.ts'
import { adoptTable, inForceFrom } from '../payments/prices/adopt.ts'
import { tablesFrom } from '../payments/prices/price-store.ts'
import { readStoredTable } from '../payments/prices/stored-table.ts'
import {
  keyOf,
  type PriceRow,
  type PriceTable,
  type PriceWorld,
  readTable,
  written,
} from '../payments/prices/table.ts'
import { engineKinds } from '../tasks/index.ts'
import { loadManifest } from '../workers/models/manifest.ts'
import { isAgreed } from './consent.ts'
import { dataFolder } from './paths.ts'
import { askSystem } from './running.ts'
import { EXIT, type Terminal } from './terminal.ts'
import { parseOptions, UsageError } from './usage.ts'

const storedSchema = z.array(
  z.object({ version: z.number(), hash: z.string(), text: z.string(), sinceMs: z.number() }),
)

/** Exit codes: 0 shown or accepted, 1 refused, 2 a wrong command line. */
export async function runPrices(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const [step, ...rest] = args
  const { values, positionals } = parseOptions(
    rest,
    {
      json: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      data: { type: 'string' },
    },
    'positionals',
  )
  const [file, ...more] = positionals
  const dataDir = dataFolder(values.data, env)
  if (step === 'lint' && file !== undefined && more.length === 0) {
    const found = lint(readText(file), engineKinds(await loadManifest(dataDir)))
    terminal.out(values.json ? JSON.stringify(found) : sentenceOf(found))
    return found.ok ? EXIT.ok : EXIT.failed
  }
  if (step === 'adopt' && file !== undefined && more.length === 0)
    return adopt(readText(file), { dataDir, env, terminal, yes: values.yes })
  if (step !== 'show' || file !== undefined)
    throw new UsageError('prices takes show, or lint or adopt with one FILE.')
  for (const { text, ...about } of await storedTables(dataDir, env)) {
    const { rows } = readStoredTable(text)
    if (values.json) terminal.out(JSON.stringify({ ...about, rows: rows.map(inJson) }))
    else {
      const since = about.sinceMs === 0 ? 'the start' : new Date(about.sinceMs).toISOString()
      terminal.out(`Version ${String(about.version)} since ${since}, hash ${about.hash}`)
      for (const row of rows) terminal.out(`  ${lineOf(row)}`)
    }
  }
  return EXIT.ok
}

const storedTables = async (dataDir: string, env: Environment) =>
  storedSchema.parse(
    await askSystem({
      dataDir,
      env,
      name: 'prices.show',
      atRest: (db) => tablesFrom(db.rows, 1),
    }),
  )

const adoptSchema = z.object({ text: z.string(), sinceMs: z.number().int() })

/** The running system's answers. */
export const priceCalls = (db: Database) => ({
  'prices.show': () => tablesFrom(db.rows, 1),
  'prices.adopt': (args: unknown) => adoptTable(db.rows, adoptSchema.parse(args)),
})

const netConfig = z.object({ CHRYSALIS_NET: netSchema.default('devnet') })

interface Adopting {
  readonly dataDir: string
  readonly env: Environment
  readonly terminal: Terminal
  readonly yes: boolean
}

/** Shows what is other than now, asks, and puts the table in force. Jobs keep the version they were quoted under. */
async function adopt(text: string, { dataDir, env, terminal, yes }: Adopting): Promise<number> {
  const world = engineKinds(await loadManifest(dataDir))
  const found = lint(text, world)
  if (!found.ok) {
    terminal.err(sentenceOf(found))
    return EXIT.failed
  }
  const next = readTable(text, world)
  const newest = (await storedTables(dataDir, env)).at(-1)
  const now = newest && readStoredTable(newest.text)
  if (now && now.hash === next.hash) {
    terminal.out(`Version ${String(now.version)} is this table already.`)
    return EXIT.ok
  }
  const nextVersion = (now?.version ?? 0) + 1
  if (next.version !== nextVersion) {
    terminal.err(`The next version is ${String(nextVersion)}; a version never changes.`)
    return EXIT.failed
  }
  const change = priceChange(now ?? { rows: [] }, next)
  const { CHRYSALIS_NET: net } = loadConfig(netConfig, env)
  const sinceMs = inForceFrom(systemClock.now(), { net, ...change })
  terminal.out(differenceOf(now, next).join('\n'))
  if (change.customerUp) terminal.out('Somebody pays more for the same job.')
  if (change.workerDown) terminal.out('A worker earns less for the same job.')
  terminal.out(`In force from ${new Date(sinceMs).toISOString()}.`)
  if (net !== 'devnet')
    terminal.out(
      'Publish its hash as well: ./chrysalis registry prices FILE. Whether the two agree is not compared.',
    )
  const asked = { yes, question: 'Put it in force?', refused: 'Nothing was changed.' }
  if (!(await isAgreed(terminal, asked))) return EXIT.failed
  const args = { text: next.text, sinceMs }
  const answer = await askSystem({
    dataDir,
    env,
    name: 'prices.adopt',
    args,
    atRest: (db) => adoptTable(db.rows, args),
  })
  const { version } = z.object({ version: z.number() }).parse(answer)
  terminal.out(`Version ${String(version)} is adopted, hash ${next.hash}.`)
  return EXIT.ok
}

/** Row by row: `-` as it is now, `+` as it will be. */
function differenceOf(
  now: Pick<PriceTable, 'rows'> | undefined,
  next: Pick<PriceTable, 'rows'>,
): readonly string[] {
  const before = new Map((now?.rows ?? []).map((row) => [keyOf(row), lineOf(row)]))
  const after = new Map(next.rows.map((row) => [keyOf(row), lineOf(row)]))
  const lines = [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [old, fresh] = [before.get(key), after.get(key)]
    if (old === fresh) return []
    return [...(old ? [`- ${old}`] : []), ...(fresh ? [`+ ${fresh}`] : [])]
  })
  return lines.length > 0 ? lines : ['Every row is as it is now.']
}

type Finding =
  | { readonly ok: true; readonly version: number; readonly rows: number; readonly hash: string }
  | {
      readonly ok: false
      readonly reason: string
      readonly row?: string
      readonly rate?: string
    }

/** What is wrong with a table, by row and rate. */
export function lint(text: string, world: PriceWorld): Finding {
  try {
    const { version, rows, hash } = readTable(text, world)
    return { ok: true, version, rows: rows.length, hash }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'price.invalid') throw error
    const { reason, row, rate } = error.details
    return {
      ok: false,
      reason: String(reason),
      ...(row !== undefined && { row: String(row) }),
      ...(rate !== undefined && { rate: String(rate) }),
    }
  }
}

function sentenceOf(found: Finding): string {
  if (found.ok)
    return `Version ${String(found.version)}, ${String(found.rows)} rows, hash ${found.hash}`
  const place = found.row === undefined ? '' : ` in row ${found.row}`
  return `Refused${place}: ${found.reason}${found.rate === undefined ? '' : ` (${found.rate})`}`
}

const inJson = ({ task, model, tier, nano, ustar, worker }: PriceRow) => ({
  task,
  model,
  tier,
  ...(nano && { nano: written(nano) }),
  ...(ustar && { ustar: written(ustar) }),
  worker: written(worker),
})

/** One row, per million units. */
function lineOf(row: PriceRow): string {
  const { task, model, tier, ...sides } = inJson(row)
  const shown = Object.entries(sides).map(
    ([side, rates]) =>
      `${side} ${Object.entries(rates)
        .map(([kind, rate]) => `${kind}=${rate}`)
        .join(' ')}`,
  )
  return [`${task} ${model} ${tier}`, ...shown].join('; ')
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new UsageError('The file cannot be read.')
  }
}
