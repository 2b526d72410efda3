/** @module Q4: how long until the jobs of a killed or frozen worker start on another. */
import type { JobId } from '../../src/core/ids.ts'
import type { JobClass } from '../../src/queue/desk-port.ts'
import { until } from '../support/until.ts'
import type { BenchCase } from './bench-case.ts'
import type { Child } from './child.ts'
import { withStand } from './latency.ts'
import { type Line, messageText, translation } from './line.ts'
import { openMemoryRows } from './memory-rows.ts'
import { median, show } from './stats.ts'

/** Jobs that have started on a worker, and when, by this process's clock. */
function watchStarts(worker: Child): ReadonlyMap<string, number> {
  const started = new Map<string, number>()
  worker.onLine((line) => {
    const job = /^started (\w+)$/.exec(line)?.[1]
    if (job !== undefined) started.set(job, performance.now())
  })
  return started
}

interface Lost {
  readonly class: JobClass
  readonly signal: NodeJS.Signals
  readonly seconds: number[]
}

/** Jobs that run on a worker which dies run on a second one; when that freezes, on a third: three attempts in all. */
async function loseTwice(
  line: Line,
  rank: JobClass,
  { jobs, from }: { jobs: number; from: Child },
): Promise<{ losses: Lost[]; last: Child }> {
  const losses: Lost[] = []
  let worker = from
  let started = watchStarts(worker)
  const asked: JobId[] = []
  for (let at = 0; at < jobs; at++) {
    const owner = `${rank}-${at}`
    asked.push((await line.submit(translation(messageText, { owner, class: rank }))).job)
  }
  const all = (): boolean => asked.every((job) => started.has(job))
  await until('the jobs run', all, 60_000)
  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    const next = await line.addEcho(jobs, 'hangs')
    started = watchStarts(next)
    const began = performance.now()
    worker.kill(signal)
    await until('the jobs run elsewhere', all, 60_000)
    const seconds = asked.map((job) => ((started.get(job) ?? Number.NaN) - began) / 1000)
    losses.push({ class: rank, signal, seconds })
    worker.kill('SIGKILL')
    worker = next
  }
  for (const job of asked) await line.cancel(job)
  return { losses, last: worker }
}

const targetS = 5

export const q4: BenchCase = {
  id: 'Q4',
  about: 'recovery after SIGKILL and SIGSTOP of a worker',
  run: async ({ scale }) => {
    const jobs = scale === 'full' ? 25 : 1
    const losses: Lost[] = []
    await withStand(openMemoryRows(), { slots: 1, workers: 'none' }, async ({ line }) => {
      let worker = await line.addEcho(jobs, 'hangs')
      for (const rank of ['interactive', 'channel'] as const) {
        const lost = await loseTwice(line, rank, { jobs, from: worker })
        losses.push(...lost.losses)
        worker = lost.last
      }
    })
    const all = losses.flatMap(({ seconds }) => seconds)
    const inTime = all.filter((seconds) => seconds <= targetS).length
    return [
      {
        id: 'Q4',
        title: 'A worker is lost: until its jobs start on another',
        target: `at most ${targetS} s, every time`,
        verdict: inTime === all.length ? 'met' : 'missed',
        gate: { value: Math.max(...all), target: targetS, better: 'lower' },
        columns: ['worker', 'priority', 'jobs', 'median', 'longest'],
        rows: losses.map(({ class: rank, signal, seconds }) => [
          signal === 'SIGKILL' ? 'killed (SIGKILL)' : 'frozen (SIGSTOP)',
          rank === 'interactive' ? '0' : '10',
          String(seconds.length),
          `${show(median(seconds))} s`,
          `${show(Math.max(...seconds))} s`,
        ]),
        notes: [`${inTime} of ${all.length} within ${targetS} s.`],
        raw: losses,
      },
    ]
  },
}
