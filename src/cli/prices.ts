/** @module `chrysalis prices`: what jobs cost, and whether a table of prices could be used (PAY §2). */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import type { Environment } from '../core/config.ts'
import { tablesFrom } from '../payments/prices/price-store.ts'
import { readStoredTable } from '../payments/prices/stored-table.ts'
import { type PriceRow, type PriceWorld, readTable, written } from '../payments/prices/table.ts'
import { engineKinds } from '../tasks/index.ts'
import { loadManifest } from '../workers/models/manifest.ts'
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
    { json: { type: 'boolean', default: false }, data: { type: 'string' } },
    'positionals',
  )
  const [file, ...more] = positionals
  const dataDir = dataFolder(values.data, env)
  if (step === 'lint' && file !== undefined && more.length === 0) {
    const found = lint(readText(file), engineKinds(await loadManifest(dataDir)))
    terminal.out(values.json ? JSON.stringify(found) : sentenceOf(found))
    return found.ok ? EXIT.ok : EXIT.failed
  }
  if (step !== 'show' || file !== undefined)
    throw new UsageError('prices takes show, or lint with one FILE.')
  const answer = await askSystem({
    dataDir,
    env,
    name: 'prices.show',
    atRest: (db) => tablesFrom(db.rows, 1),
  })
  for (const { text, ...about } of storedSchema.parse(answer)) {
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
