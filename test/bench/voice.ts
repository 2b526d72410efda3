/** @module V1: a voice note through everything against the speech engine itself, in time and in CPU. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Plaintext } from '../../src/core/plaintext.ts'
import { MODELS, modelOf } from '../../src/tasks/models.ts'
import { devSetting } from '../support/attested.ts'
import { inParts } from '../support/sound.ts'
import type { BenchCase, BenchTable } from './bench-case.ts'
import { startChild } from './child.ts'
import { withStand } from './latency.ts'
import { translation } from './line.ts'
import { openMemoryRows } from './memory-rows.ts'
import { fileOf, folderWith } from './models-folder.ts'
import { median, ratios, show } from './stats.ts'

const speechModel = 'whisper-base'
const samples = '../../node_modules/nodejs-whisper/cpp/whisper.cpp/bindings/go/samples/jfk.wav'
/** Linux counts CPU time in hundredths of a second. */
const ticksPerSecond = 100

/** Seconds of CPU of a process, its living children, and those that ended. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // After the name in brackets, which may hold anything: state, then fields 4…; 14 to 17 are the times.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const own = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) / ticksPerSecond
  return childrenOf(pid).reduce((sum, child) => sum + cpuOf(child), own)
}

const childrenOf = (pid: number): number[] =>
  readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid
        ? [Number(name)]
        : []
    } catch {
      // It ended while we looked.
      return []
    }
  })

export const v1: BenchCase = {
  id: 'V1',
  about: 'a voice note of 11 s through everything against the speech engine itself',
  run: async ({ models, scale }): Promise<readonly BenchTable[]> => {
    const wav = join(import.meta.dirname, samples)
    const row = modelOf(speechModel)
    const model = fileOf(models, row)
    const shared = {
      id: 'V1',
      title: `A voice note (jfk.wav, ${speechModel}) through everything`,
      target: 'at most 1.1 × the engine itself; at most 0.5 s of CPU for a second of sound',
    }
    if (scale === 'tiny' || models === undefined || model === undefined || !existsSync(wav)) {
      const rows = [['the model or the sound is not there']]
      return [{ ...shared, verdict: 'printed', columns: ['skipped'], rows, notes: [], raw: {} }]
    }
    const voiceDetection = MODELS.filter(({ kind }) => kind === 'vad').slice(0, 1)
    const folder = folderWith(models, [row, ...voiceDetection])
    const sound = readFileSync(wav)
    const seconds = (sound.length - 44) / 32_000
    const found = { line: [] as number[], plain: [] as number[], tuned: [] as number[] }
    const cpu: number[] = []
    const texts = new Set<string>()
    await withStand(openMemoryRows(), { slots: 1, workers: 'none' }, async ({ line }) => {
      const { url, join: joinToken, broker } = line.workerSettings
      const worker = await startChild('engine-worker.ts', {
        CHRYSALIS_MODELS: folder,
        CHRYSALIS_SPEECH_MODEL: speechModel,
        CHRYSALIS_THREADS: '1',
        CHRYSALIS_GATEWAY_URL: url,
        CHRYSALIS_JOIN: devSetting(joinToken),
        CHRYSALIS_BROKER_KEY: broker,
      })
      const bare = await startChild('bare-whisper.ts', { BARE_MODEL: model, BARE_WAV: wav })
      const askBare = async (how: 'plain' | 'tuned'): Promise<number> => {
        const answered = Promise.withResolvers<string>()
        bare.onLine(answered.resolve)
        bare.write(how)
        return Number(await answered.promise)
      }
      const askLine = async (): Promise<number> => {
        const began = performance.now()
        const { done } = await line.submit({
          ...translation('', { model: row.id }),
          task: 'transcribe',
          content: Plaintext.of(JSON.stringify({ v: 1, maxSeconds: 60 })),
          audio: inParts(sound),
        })
        const finished = await done
        if (finished.state !== 'done') throw new Error(`a voice note ended as ${finished.state}`)
        texts.add((JSON.parse(finished.text) as { text: string }).text)
        return performance.now() - began
      }
      try {
        await line.admitted(1)
        await askBare('tuned')
        for (let round = 0; round < 3; round++) {
          const before = cpuOf(worker.pid)
          found.line.push(await askLine())
          cpu.push((cpuOf(worker.pid) - before) / seconds)
          found.plain.push(await askBare('plain'))
          found.tuned.push(await askBare('tuned'))
        }
      } finally {
        await Promise.all([worker.stop(), bare.stop()])
        rmSync(folder, { recursive: true, force: true })
      }
    })
    const ratio = median(ratios(found.line, found.plain))
    const line = (name: string, times: readonly number[]): string[] => [
      name,
      `${show(median(times) / 1000)} s`,
      `${show(median(times) / 1000 / seconds)} ×`,
    ]
    return [
      {
        ...shared,
        verdict: ratio <= 1.1 && median(cpu) <= 0.5 ? 'met' : 'missed',
        columns: ['', 'time', 'of its length'],
        rows: [
          line('engine as it comes, language recognised', found.plain),
          line('engine, language told, encoder cut to the sound', found.tuned),
          line('through everything, language recognised', found.line),
        ],
        notes: [
          `3 rounds, one thread. Through everything is ${show(ratio)} × the engine as it comes and ${show(median(ratios(found.line, found.tuned)))} × the tuned one. The worker and its speech child used ${show(median(cpu))} s of CPU for a second of sound, decoding, voice detection and the preparation of the next job included.`,
        ],
        raw: { ...found, cpu, texts: texts.size },
      },
    ]
  },
}
