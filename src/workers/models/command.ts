/** @module `chrysalis models pull|list|verify`: the weights on this machine, as a person or a script sees them. */
import { parseArgs } from 'node:util'
import type { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import { ConfigError, type Environment, type Net } from '../../core/config.ts'
import type { ErrorCode } from '../../core/errors.ts'
import {
  DEFAULT_MODELS,
  isPinned,
  type ModelRow,
  modelOf,
  SMALL_MODELS,
} from '../../tasks/models.ts'
import { type EnsureFailure, ensureModels } from './ensure.ts'
import { loadManifest } from './manifest.ts'
import { listModels, type ModelState, verifyModel } from './model-state.ts'
import { modelJson, modelTable } from './model-table.ts'
import { bytesText } from './progress-text.ts'
import { PullReporter, type Screen } from './pull-reporter.ts'
import type { RegistryClients } from './registry-clients.ts'

export interface ModelsDeps {
  /** Where the weights lie. */
  readonly folder: string
  /** The data folder for the value of `--data`, whose `models.json` adds rows. */
  readonly dataFolder: (option: string | undefined) => string
  readonly net: Net
  readonly env: Environment
  readonly clock: Clock
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
  /** Results, a line each. */
  readonly out: (text: string) => void
  /** Progress and problems, a line each. */
  readonly err: (text: string) => void
  /** Present when a person watches. */
  readonly screen?: Screen
  readonly hubBase?: string
  readonly clients?: RegistryClients
  readonly freeBytes?: (folder: string) => Promise<number>
}

/** Exit codes; every command line tool of ours uses 0 and 2 so. */
const MODELS_EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  hash: 10,
  source: 11,
  disk: 12,
  licence: 13,
  /** As shells spell the end by Ctrl-C. */
  stopped: 130,
} as const

const USAGE = `usage: ./chrysalis models pull   [--small] [--accept-licence] [--data DIR] [--json] [MODEL…]
       ./chrysalis models list   [--data DIR] [--json]
       ./chrysalis models verify [--data DIR] [--json] [MODEL…]

pull fetches the default models (or the named ones), list shows what there is, verify hashes it again.`

const SMALL_WARNING =
  'Note: --small takes the 0.5B language model. It is fit for trying things out: it translates no pair of languages well, and its summaries copy the first sentences.'

/** Runs the command with the arguments after `models` and gives the exit code. Throws what has no code. */
export async function runModels(args: readonly string[], deps: ModelsDeps): Promise<number> {
  const parsed = parse(args)
  if (!parsed) {
    deps.err(USAGE)
    return MODELS_EXIT.usage
  }
  const { verb, ids, options } = parsed
  try {
    const rows = await loadManifest(deps.dataFolder(options.data))
    const unknown = ids.filter((id) => !rows.some((row) => row.id === id))
    if (unknown.length > 0) {
      for (const id of unknown)
        deps.err(`There is no model ${id}. Known: ${rows.map((row) => row.id).join(', ')}.`)
      return MODELS_EXIT.usage
    }
    const named = ids.map((id) => modelOf(id, rows))
    if (verb === 'pull') return await pull(pullSet(named, rows, options), deps, options)
    if (verb === 'list') return await list(named.length > 0 ? named : rows, deps, options)
    return await verify(named, { rows, deps, options })
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const line of error.lines) deps.err(line)
      return MODELS_EXIT.usage
    }
    if (!deps.signal.aborted) throw error
    deps.err('Stopped. What has arrived is kept; the next pull goes on from there.')
    return MODELS_EXIT.stopped
  }
}

type Verb = 'pull' | 'list' | 'verify'
interface Options {
  readonly small: boolean
  readonly json: boolean
  readonly acceptLicence: boolean
  readonly data: string | undefined
}

function parse(
  args: readonly string[],
): { verb: Verb; ids: readonly string[]; options: Options } | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        small: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        'accept-licence': { type: 'boolean', default: false },
        data: { type: 'string' },
      },
    })
    const [verb, ...ids] = positionals
    if (verb !== 'pull' && verb !== 'list' && verb !== 'verify') return undefined
    if (values.small && (verb !== 'pull' || ids.length > 0)) return undefined
    const { small, json, data } = values
    return { verb, ids, options: { small, json, acceptLicence: values['accept-licence'], data } }
  } catch {
    return undefined
  }
}

function pullSet(
  named: readonly ModelRow[],
  rows: readonly ModelRow[],
  { small }: Options,
): readonly ModelRow[] {
  if (named.length > 0) return named
  return (small ? SMALL_MODELS : DEFAULT_MODELS).map((id) => modelOf(id, rows))
}

async function pull(
  rows: readonly ModelRow[],
  deps: ModelsDeps,
  { small, json, acceptLicence }: Options,
): Promise<number> {
  if (small) deps.err(SMALL_WARNING)
  const { clock, err, screen } = deps
  const reporter = new PullReporter({ clock, line: err, ...(screen && { screen }) })
  let failures: readonly EnsureFailure[]
  try {
    failures = await ensureModels(rows, {
      ...deps,
      onEvent: reporter.onEvent,
      acceptsLicence: acceptLicence,
    })
  } finally {
    reporter.end()
  }
  for (const { row, error } of failures) err(`${row.title}: ${sentence(row, error)}`)
  if (json) deps.out(JSON.stringify((await listModels(rows, deps.folder)).map(modelJson)))
  return failures[0] ? exitOf(failures[0].error.code) : MODELS_EXIT.ok
}

async function list(
  rows: readonly ModelRow[],
  deps: ModelsDeps,
  { json }: Options,
): Promise<number> {
  const states = await listModels(rows, deps.folder)
  if (json) deps.out(JSON.stringify(states.map(modelJson)))
  else for (const line of modelTable(states)) deps.out(line)
  return MODELS_EXIT.ok
}

interface VerifyJob {
  readonly rows: readonly ModelRow[]
  readonly deps: ModelsDeps
  readonly options: Options
}

/** Named models must be there; without names, whatever is there is hashed. */
async function verify(
  named: readonly ModelRow[],
  { rows, deps, options }: VerifyJob,
): Promise<number> {
  const { folder, clock, signal, err, screen } = deps
  const there = (await listModels(rows, folder))
    .filter(({ state }) => state !== 'absent' && state !== 'partial')
    .map(({ row }) => row)
  const reporter = new PullReporter({ clock, line: err, ...(screen && { screen }) })
  const states: ModelState[] = []
  for (const row of named.length > 0 ? named : there) {
    const onBytes = (done: number, total: number): void =>
      reporter.onEvent({ kind: 'bytes', row, phase: 'check', done, total })
    states.push(await verifyModel(row, { folder, clock, signal, onBytes }))
    reporter.end()
  }
  if (options.json) deps.out(JSON.stringify(states.map(modelJson)))
  else if (states.length === 0) deps.out('No models here. ./chrysalis models pull fetches them.')
  else for (const line of modelTable(states)) deps.out(line)
  const isGood = states.every(
    ({ state, row }) => state === 'verified' || (state === 'present' && !isPinned(row)),
  )
  return isGood ? MODELS_EXIT.ok : MODELS_EXIT.hash
}

function sentence(row: ModelRow, error: AppError): string {
  const { needed, free } = error.details
  if (error.code === 'models.disk')
    return typeof needed === 'number' && typeof free === 'number'
      ? `not enough space: ${bytesText(needed)} needed, ${bytesText(free)} free`
      : 'the disk is full; what has arrived is kept'
  if (error.code === 'models.licence')
    return `its licence (${row.licence}) has to be accepted: --accept-licence`
  if (error.code === 'models.unpinned')
    return 'no hash is published for it, so it is refused outside devnet'
  if (error.code === 'models.fixture') return 'it is a test model, refused outside devnet'
  if (error.code === 'models.corrupt') return 'no source had the published bytes'
  return 'no source could be used; see above for each'
}

function exitOf(code: ErrorCode): number {
  if (code === 'models.corrupt') return MODELS_EXIT.hash
  if (code === 'models.source') return MODELS_EXIT.source
  if (code === 'models.disk') return MODELS_EXIT.disk
  if (code === 'models.licence') return MODELS_EXIT.licence
  if (code === 'models.unpinned' || code === 'models.fixture') return MODELS_EXIT.usage
  return MODELS_EXIT.failed
}
