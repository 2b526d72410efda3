/** @module Q5 and T1: the first token and the last through everything, against node-llama-cpp itself, and what reusing the system part saves. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ModelId } from '../../src/core/ids.ts'
import { modelOf } from '../../src/tasks/models.ts'
import type { TextRequest } from '../../src/tasks/task.ts'
import { translate } from '../../src/tasks/translate.ts'
import { devSetting } from '../support/attested.ts'
import { fixtureModel } from '../support/models/fixture-models.ts'
import { tempFolder } from '../support/stores.ts'
import { recordingContext, scriptedEngine, textPorts } from '../support/text-engine.ts'
import type { BareAsk, BareTimes } from './bare-llama.ts'
import type { BenchCase, BenchGround, BenchTable } from './bench-case.ts'
import { type Child, startChild } from './child.ts'
import { withStand } from './latency.ts'
import { type Line, translation } from './line.ts'
import { openMemoryRows } from './memory-rows.ts'
import { fileOf, folderWith } from './models-folder.ts'
import { isSteady, median, ratios, show } from './stats.ts'

const realModel = 'qwen2.5-coder-0.5b'
const contextTokens = 4096

/** Sentences of one length: no prompt repeats another but for its system part. */
const sentences = [
  'The bus to the lake was late again and the children grew tired of waiting.',
  'My sister found a small brown dog near the school and took it home.',
  'We should buy bread and milk before the shop on the corner closes tonight.',
  'The garden looks lovely after the rain, and the roses are in full bloom.',
  'Please tell your father that the letter from the bank has finally come.',
  'He read the whole book on the train and forgot to get off at his stop.',
  'The soup needs more salt, but the bread that you baked is really good.',
  'Nobody knew why the old clock in the hall had suddenly begun to strike.',
]
const sentence = (at: number): string => sentences[at % sentences.length] ?? ''

interface Times {
  readonly firstMs: number
  readonly totalMs: number
  readonly outTokens: number
  readonly cachedTokens: number
}

/** A translation through everything: until its first draft, until its delivery. */
async function askLine(line: Line, model: ModelId, [text, to]: [string, string]): Promise<Times> {
  let firstMs = 0
  const began = performance.now()
  const { done } = await line.submit(translation(text, { model, from: 'en', to }), () => {
    firstMs ||= performance.now() - began
  })
  const { state, units } = await done
  if (state !== 'done') throw new Error(`a translation ended as ${state}`)
  const totalMs = performance.now() - began
  return { firstMs: firstMs || totalMs, totalMs, ...units }
}

/** The request that the task makes for this text, caught on its way to the engine. */
async function requestOf(text: string, to: string): Promise<TextRequest> {
  const engine = scriptedEngine(() => 'x')
  await translate.run(textPorts(engine), { v: 1, text, from: 'en', to }, recordingContext())
  const [request] = engine.asked
  if (!request) throw new Error('the task asked nothing')
  return request
}

async function askBare(bare: Child, ask: BareAsk): Promise<BareTimes> {
  const answered = Promise.withResolvers<string>()
  bare.onLine(answered.resolve)
  bare.write(JSON.stringify(ask))
  return JSON.parse(await answered.promise) as BareTimes
}

interface Model {
  readonly id: ModelId
  readonly folder: string
  readonly file: string
}

/** The worker role with this model behind a line, and the engine itself beside it. Removes the model's folder. */
async function withModel<T>(
  { id, folder, file }: Model,
  use: (stand: { line: Line; bare: Child }) => Promise<T>,
): Promise<T> {
  try {
    return await withStand(openMemoryRows(), { slots: 1, workers: 'none' }, async ({ line }) => {
      const { url, join: joinToken, broker } = line.workerSettings
      const worker = await startChild('engine-worker.ts', {
        CHRYSALIS_MODELS: folder,
        CHRYSALIS_TEXT_MODEL: id,
        CHRYSALIS_THREADS: '1',
        CHRYSALIS_SLOTS: '1',
        CHRYSALIS_GATEWAY_URL: url,
        CHRYSALIS_JOIN: devSetting(joinToken),
        CHRYSALIS_BROKER_KEY: broker,
      })
      const bare = await startChild('bare-llama.ts', {
        BARE_MODEL: join(folder, file),
        BARE_CONTEXT: String(contextTokens),
      })
      try {
        await line.admitted(1)
        return await use({ line, bare })
      } finally {
        await Promise.all([worker.stop(), bare.stop()])
      }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Compared {
  readonly line: Times[]
  readonly bare: BareTimes[]
  readonly again: BareTimes[]
}

interface Rounds {
  /** Both sides answer so many messages before the clock counts: a process just started compiles what it runs. */
  readonly warmUp: number
  readonly measured: number
}

/** Line, bare, bare in turns: every text once in each; `again` is the control. */
async function compare(model: Model, { warmUp, measured }: Rounds): Promise<Compared> {
  return withModel(model, async ({ line, bare }) => {
    const compared: Compared = { line: [], bare: [], again: [] }
    const warm = await requestOf('Good morning, how are you today?', 'de')
    /** A text of its own before each: nothing but the system part may be there already. */
    const forget = (): Promise<BareTimes> => askBare(bare, { request: warm, outTokens: 1 })
    for (let round = 0; round < warmUp; round++) {
      await askLine(line, model.id, ['Good morning, how are you today?', 'de'])
      await askBare(bare, { request: warm, outTokens: 4 })
    }
    for (let round = 0; round < measured; round++) {
      const text = sentence(round)
      const times = await askLine(line, model.id, [text, 'de'])
      const outTokens = Math.max(1, times.outTokens)
      const request = await requestOf(text, 'de')
      compared.line.push(times)
      await forget()
      compared.bare.push(await askBare(bare, { request, outTokens }))
      await forget()
      compared.again.push(await askBare(bare, { request, outTokens }))
    }
    return compared
  })
}

function speedTable(about: Pick<BenchTable, 'id' | 'title'>, { line, bare, again }: Compared) {
  const [ours, theirs] = [line.map((it) => it.firstMs), bare.map((it) => it.firstMs)]
  const control = median(
    ratios(
      again.map((it) => it.firstMs),
      theirs,
    ),
  )
  const bareFirst = median(theirs)
  const added = median(ours.map((ms, at) => ms - (theirs[at] ?? Number.NaN)))
  const allowed = median(theirs.map((ms) => ms * 0.05 + 5))
  const perSecond = (times: readonly { firstMs: number; totalMs: number }[]): string =>
    show(
      median(
        times.map(
          ({ firstMs, totalMs }, at) =>
            (((line[at]?.outTokens ?? 0) - 1) * 1000) / Math.max(1, totalMs - firstMs),
        ),
      ),
    )
  const totals = median(
    ratios(
      line.map((it) => it.totalMs),
      bare.map((it) => it.totalMs),
    ),
  )
  const table: BenchTable = {
    ...about,
    // The real model is not on every machine.
    ...(about.id === 'Q5' && {
      gate: { value: median(ours) / (bareFirst * 1.05 + 5), target: 1, better: 'lower' },
    }),
    target: 'first token at most 1.05 × node-llama-cpp itself + 5 ms',
    verdict: !isSteady(control) ? 'void' : added <= allowed ? 'met' : 'missed',
    columns: ['', 'first token', 'whole answer', 'tokens/s after the first', 'control'],
    rows: [
      [
        'node-llama-cpp',
        `${show(bareFirst)} ms`,
        `${show(median(bare.map((it) => it.totalMs)))} ms`,
        perSecond(bare),
        show(control),
      ],
      [
        'through everything',
        `${show(median(ours))} ms`,
        `${show(median(line.map((it) => it.totalMs)))} ms`,
        perSecond(line),
        '',
      ],
      ['difference', `${show(added)} ms (allowed ${show(allowed)})`, `${show(totals)} ×`, '', ''],
    ],
    notes: [`${line.length} messages, medians; one thread.`],
    raw: { line, bare, again },
  }
  return table
}

function fixture(): Model {
  const folder = tempFolder('bench-models')
  const row = fixtureModel(folder, 'fixture-scripted')
  writeFileSync(join(folder, 'models.json'), JSON.stringify({ v: 1, models: [row] }))
  return { id: row.id, folder, file: row.files[0]?.path ?? '' }
}

/** The real model, where its file is. */
function realOf({ models, scale }: BenchGround): Model | undefined {
  if (models === undefined || scale === 'tiny') return undefined
  const row = modelOf(realModel)
  if (fileOf(models, row) === undefined) return undefined
  return { id: row.id, folder: folderWith(models, [row]), file: row.files[0]?.path ?? '' }
}

const absent = (id: string, title: string): BenchTable => ({
  id,
  title,
  target: `needs ${realModel}`,
  verdict: 'printed',
  columns: ['skipped'],
  rows: [['the model is not in the models folder']],
  notes: [],
  raw: undefined,
})

export const q5: BenchCase = {
  id: 'Q5',
  about: 'first token and tokens a second against node-llama-cpp itself',
  run: async (ground) => {
    const rounds =
      ground.scale === 'full' ? { warmUp: 60, measured: 24 } : { warmUp: 1, measured: 2 }
    const small = await compare(fixture(), rounds)
    const tables = [speedTable({ id: 'Q5', title: 'First token, fixture model' }, small)]
    const title = `First token, ${realModel}`
    const real = realOf(ground)
    if (!real) return [...tables, absent('Q5b', title)]
    ground.say(`Q5: ${realModel}`)
    return [
      ...tables,
      speedTable({ id: 'Q5b', title }, await compare(real, { warmUp: 1, measured: 5 })),
    ]
  },
}

export const t1: BenchCase = {
  id: 'T1',
  about: 'a second message with the same system prompt against the first',
  run: async (ground) => {
    const title = `Prefix reuse, ${realModel}: second message of a language pair against the first`
    const real = realOf(ground)
    if (!real) return [absent('T1', title)]
    return withModel(real, async ({ line }) => {
      await askLine(line, real.id, ['Good morning, how are you today?', 'es'])
      const first: Times[] = []
      const second: Times[] = []
      for (let round = 0; round < 4; round++) {
        const to = ['de', 'fr'][round % 2] ?? 'de'
        first.push(await askLine(line, real.id, [sentence(round * 2), to]))
        second.push(await askLine(line, real.id, [sentence(round * 2 + 1), to]))
      }
      const of = (times: readonly Times[]): number[] => times.map(({ firstMs }) => firstMs)
      const row = (name: string, times: readonly Times[]): string[] => [
        name,
        `${show(median(of(times)))} ms`,
        show(median(times.map(({ cachedTokens }) => cachedTokens))),
      ]
      const table: BenchTable = {
        id: 'T1',
        title,
        target: 'printed',
        verdict: 'printed',
        columns: ['', 'first token', 'tokens reused'],
        rows: [
          row('first', first),
          row('second', second),
          ['ratio', `${show(median(ratios(of(second), of(first))))} ×`, ''],
        ],
        notes: ['4 rounds through everything, languages in turns.'],
        raw: { first, second },
      }
      return [table]
    })
  },
}
