import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixtureModel } from '../support/models/fixture-models.ts'
import { TestSimulator } from '../support/simulator.ts'
import { childrenOf, processesOf, type System, startSystem } from '../support/system.ts'
import { until } from '../support/until.ts'

/** Outside of the data folder, so that it lives through everything. */
let sim: TestSimulator
let root = ''
let system: System

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'chrysalis-killed-'))
  const models = join(root, 'models')
  for (const folder of [models, join(root, 'data')]) mkdirSync(folder)
  const rows = [fixtureModel(models, 'fixture-scripted'), fixtureModel(models, 'fixture-speech')]
  for (const folder of [models, join(root, 'data')])
    writeFileSync(join(folder, 'models.json'), JSON.stringify({ v: 1, models: rows }))
  sim = await TestSimulator.start()
  system = await start()
}, 120_000)
afterAll(async () => {
  await system?.stop()
  await sim?.close()
  for (const pid of processesOf(join(root, 'data'))) process.kill(pid, 'SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

const start = (): Promise<System> =>
  startSystem({
    dataDir: join(root, 'data'),
    env: {
      CHRYSALIS_MODELS: join(root, 'models'),
      CHRYSALIS_TEXT_MODEL: 'fixture-scripted',
      CHRYSALIS_SPEECH_MODEL: 'fixture-speech',
      TELEGRAM_TOKEN: sim.token,
      TELEGRAM_API_ROOT: sim.base,
    },
  })
/** Redis changes what its command line says: it is known by the file that the next start looks into. */
const redisPid = (): number =>
  (JSON.parse(readFileSync(join(root, 'data', 'redis', 'run.json'), 'utf8')) as { pid: number }).pid
const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('after SIGKILL of start the next start stops the stray Redis and answers what was taken in', async () => {
  const worker = childrenOf(system.pid).find(({ command }) => command.includes('worker'))
  const people = ['Brot', 'Milch', 'Butter'].map((word) => ({ word, chat: sim.person('Ann') }))
  // Nobody works while the questions come, so that none is answered before the kill.
  process.kill(worker?.pid ?? 0, 'SIGSTOP')
  for (const { word, chat } of people)
    await sim.say(chat, `Guten Morgen! Heute sprechen wir über ${word} und gehen danach essen.`)
  const log = (): string => readFileSync(join(root, 'data', 'chrysalis.log'), 'utf8')
  await until('all taken in', () => log().split('"job.queued"').length - 1 === people.length)
  const stray = redisPid()

  process.kill(system.pid, 'SIGKILL')
  process.kill(worker?.pid ?? 0, 'SIGKILL')
  await until('start is gone', () => !processesOf(join(root, 'data')).includes(system.pid))
  const isLeft = isRunning(stray)
  system = await start()
  const answers = await Promise.all(people.map(({ chat }) => sim.answers(chat)))

  expect([isLeft, isRunning(stray), isRunning(redisPid())]).toEqual([true, false, true])
  expect(answers.map((it) => it.length)).toEqual([1, 1, 1])
}, 180_000)
