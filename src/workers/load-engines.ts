/** @module From settings to warm engines: which rows this machine has, their bytes checked, their slots ready to be lent. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { AppError } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { type ModelRow, modelOf } from '../tasks/models.ts'
import type { WorkerConfig } from './config.ts'
import { createEngines, type Engines } from './engine/engine.ts'
import { createLending, type Lending } from './lending.ts'
import { loadManifest, requireUsable, weightsDigest } from './models/manifest.ts'
import { listModels, verifyModel } from './models/model-state.ts'

export interface LoadedEngines {
  readonly engines: Engines
  readonly lending: Lending
}

/** Cores from which a second text slot pays off (ENG A3). */
const CORES_FOR_TWO = 8

/**
 * Loads the configured text and speech models that are in the models folder, and voice detection where it is there.
 * Throws `models.absent` when neither is, `models.corrupt` for wrong bytes, `models.unknown`, and what the engines throw.
 */
export async function loadEngines(
  config: WorkerConfig,
  deps: { clock: Clock; log: Log; signal: AbortSignal },
): Promise<LoadedEngines> {
  const folder = config.CHRYSALIS_MODELS
  const known = await loadManifest(config.CHRYSALIS_DATA ?? folder)
  const wanted = [
    modelOf(config.CHRYSALIS_TEXT_MODEL, known),
    modelOf(config.CHRYSALIS_SPEECH_MODEL, known),
    ...known.filter(({ kind }) => kind === 'vad').slice(0, 1),
  ]
  const rows: ModelRow[] = []
  for (const row of wanted) {
    requireUsable(row, config.CHRYSALIS_NET)
    if (await isThere(row, config, deps)) rows.push(row)
    else deps.log.warn('model.missed', { model: row.id })
  }
  if (!rows.some(({ kind }) => kind !== 'vad')) throw new AppError('models.absent')
  const text = config.CHRYSALIS_SLOTS ?? (availableParallelism() >= CORES_FOR_TWO ? 2 : 1)
  const engines = await createEngines({
    folder,
    rows,
    net: config.CHRYSALIS_NET,
    gpu: config.CHRYSALIS_GPU,
    ...(config.CHRYSALIS_THREADS !== undefined && { threads: config.CHRYSALIS_THREADS }),
    slots: { text, speech: 1 },
    clock: deps.clock,
  })
  return { engines, lending: createLending(engines, about(engines, rows)) }
}

/** Off devnet the bytes are hashed at each start; on devnet a check that is newer than the file will do. */
async function isThere(
  row: ModelRow,
  config: WorkerConfig,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<boolean> {
  const folder = config.CHRYSALIS_MODELS
  const [listed] = await listModels([row], folder)
  if (!listed || listed.state === 'absent' || listed.state === 'partial') return false
  const isChecked = listed.state === 'verified' && config.CHRYSALIS_NET === 'devnet'
  const { state } = isChecked ? listed : await verifyModel(row, { folder, clock, signal })
  if (state === 'wrong') throw new AppError('models.corrupt')
  return true
}

function about(engines: Engines, rows: readonly ModelRow[]) {
  const models = rows.flatMap((row) =>
    row.kind === 'vad'
      ? []
      : [
          {
            id: row.id,
            weights: weightsDigest(row),
            kind: row.kind,
            speed: Math.max(0, engines.speed(row.id)),
          },
        ],
  )
  const { dependencies } = packageFile()
  const named = (name: string): string => `${name} ${dependencies[name] ?? ''}`.trim()
  const { llm, stt } = engines.packages
  return { models, engineNames: { llm: named(llm), stt: named(stt) } }
}

const packageSchema = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()),
})

/** Our own package.json: dependencies are pinned exactly there, so it names the engines' versions. */
export function packageFile(): z.infer<typeof packageSchema> {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return packageSchema.parse(JSON.parse(text))
}
