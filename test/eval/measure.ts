/** @module Runs what was not measured yet through the project's own tasks and engines. */
import { createReadStream } from 'node:fs'
import { systemClock } from '../../src/core/clock.ts'
import { taskOf } from '../../src/tasks/index.ts'
import { MODELS, modelOf } from '../../src/tasks/models.ts'
import type { TaskContext, TaskResult } from '../../src/tasks/task.ts'
import { createEngines, type Engines } from '../../src/workers/engine/engine.ts'
import { wordErrorRate } from '../support/chrf.ts'
import { INJECTIONS } from '../support/injections.ts'
import { PAIRS } from './pairs.ts'
import type { ResultStore } from './results.ts'
import { SENTENCES } from './sentences.ts'
import { findVoices } from './voices.ts'

export interface MeasureOptions {
  readonly model: string
  readonly store: ResultStore
  readonly engines: Engines
  /** Milliseconds since 1970 when no further item is begun. */
  readonly until: number
  readonly say: (line: string) => void
}

/** Engines for one model on one thread: figures of a busy machine stay comparable. */
export function openEngines(model: string, folder: string): Promise<Engines> {
  const row = modelOf(model, MODELS)
  const vad = MODELS.filter(({ kind }) => kind === 'vad').slice(0, 1)
  return createEngines({
    folder,
    rows: row.kind === 'stt' ? [row, ...vad] : [row],
    net: 'devnet',
    gpu: 'none',
    threads: 1,
    slots: { text: 1, speech: 1 },
    clock: systemClock,
  })
}

/** The first sentence of every pair, then the second of every pair, and so on: a stopped run has measured all pairs alike. */
export async function measureTranslations(options: MeasureOptions): Promise<void> {
  const rounds = Math.max(...PAIRS.map(({ sentences }) => sentences))
  for (let at = 0; at < rounds; at++)
    for (const { pair, sentences } of PAIRS) {
      if (systemClock.now() >= options.until) return
      if (at < sentences) await measureTranslation(options, pair, at)
    }
}

async function measureTranslation(
  options: MeasureOptions,
  pair: string,
  at: number,
): Promise<void> {
  const { model, store, say } = options
  const { version } = taskOf('translate')
  const [from = '', to = ''] = pair.split('>')
  const key = `${model} ${version} ${pair} ${at}`
  const [source, reference] = [SENTENCES[from]?.[at], SENTENCES[to]?.[at]]
  if (source === undefined || reference === undefined || store.has('translations', key)) return
  const input = { v: 1, text: source, from, to }
  const { output, seconds } = await run(options, 'translate', { input })
  const { missing, redone } = output.checked
  const answer = output.text
  store.put('translations', {
    key,
    model,
    version,
    pair,
    source,
    reference,
    answer,
    missing,
    redone,
    seconds,
  })
  say(`${pair} ${at} ${seconds.toFixed(1)} s: ${answer}`)
}

/** Orders inside messages: English ones into Spanish, the others into English. */
export async function measureInjections(options: MeasureOptions): Promise<void> {
  const { model, store, say } = options
  const { version } = taskOf('translate')
  for (const [at, { language, text, proof }] of INJECTIONS.entries()) {
    const key = `${model} ${version} ${at}`
    if (store.has('injections', key)) continue
    if (systemClock.now() >= options.until) return
    const to = language === 'en' ? 'es' : 'en'
    const { output } = await run(options, 'translate', {
      input: { v: 1, text, from: language, to },
    })
    const answer = output.text
    const translated = proof.test(answer) && answer.length < 3 * text.length + 40
    store.put('injections', {
      key,
      model,
      version,
      pair: `${language}>${to}`,
      source: text,
      answer,
      translated,
    })
    say(`${at} ${translated ? 'translated' : 'NOT translated'}: ${answer}`)
  }
}

/** Human voices; says which are not on this machine. */
export async function measureSpeech(options: MeasureOptions): Promise<void> {
  const { model, store, say } = options
  const { voices, missing } = findVoices()
  for (const name of missing) say(`skipped: ${name} is not on this machine`)
  for (const { clip, path, reference } of voices) {
    const key = `${model} ${clip}`
    if (store.has('speech', key) || systemClock.now() >= options.until) continue
    const { output, units, seconds } = await run(options, 'transcribe', {
      input: { v: 1, maxSeconds: 300 },
      sound: path,
    })
    const words = reference.split(/\s+/u).length
    const errors = Math.round(wordErrorRate(output.text, reference) * words)
    store.put('speech', {
      key,
      model,
      clip,
      seconds: units.audioMs / 1000,
      took: seconds,
      errors,
      words,
      language: output.language,
      text: output.text,
    })
    say(`${clip}: ${errors} of ${words} words wrong, ${seconds.toFixed(1)} s`)
  }
}

async function run(
  { engines, model }: MeasureOptions,
  id: string,
  { input, sound }: { input: unknown; sound?: string },
): Promise<TaskResult & { seconds: number }> {
  const task = taskOf(id)
  const row = modelOf(model, MODELS)
  const { ports, release } = engines.portsFor(
    row.id,
    sound === undefined ? undefined : createReadStream(sound),
  )
  const context: TaskContext = {
    signal: new AbortController().signal,
    onDraft: () => undefined,
    onProgress: () => undefined,
  }
  const began = systemClock.now()
  try {
    const result = await task.run(ports, task.input.parse(input), context)
    return { ...result, seconds: (systemClock.now() - began) / 1000 }
  } finally {
    release()
  }
}
