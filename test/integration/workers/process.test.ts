import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isModelId, parseId } from '../../../src/core/ids.ts'
import { devSetting } from '../../support/attested.ts'
import { fixtureModel } from '../../support/models/fixture-models.ts'
import {
  JOIN,
  readResult,
  type ScriptedGateway,
  scriptedGateway,
} from '../../support/scripted-gateway.ts'
import { until } from '../../support/until.ts'

const SCRIPTED = parseId('fixture-scripted', isModelId)
let folder = ''
let gateway: ScriptedGateway
const children: ChildProcess[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'worker-'))
  const ids = ['fixture-scripted', 'fixture-endless', 'fixture-speech'] as const
  const models = ids.map((id) => fixtureModel(join(folder, 'models'), id))
  writeFileSync(join(folder, 'models.json'), JSON.stringify({ v: 1, models }))
  gateway = await scriptedGateway()
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true })
})

/** No `--once`: a process that watches over the worker. */
const WATCHED: readonly string[] = []

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

interface Started {
  readonly child: ChildProcess
  readonly output: () => string
  readonly exited: Promise<number | string | null>
}

function startWorker(
  change: Record<string, string> = {},
  args: readonly string[] = ['--once'],
): Started {
  const child = spawn(process.execPath, ['src/cli.ts', 'worker', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      CHRYSALIS_THREADS: '1',
      CHRYSALIS_DATA: folder,
      CHRYSALIS_MODELS: join(folder, 'models'),
      CHRYSALIS_TEXT_MODEL: 'fixture-scripted',
      CHRYSALIS_SPEECH_MODEL: 'fixture-speech',
      CHRYSALIS_GATEWAY_URL: gateway.url,
      CHRYSALIS_JOIN: devSetting(JOIN),
      CHRYSALIS_BROKER_KEY: gateway.identity.publicKey,
      ...change,
    },
  })
  children.push(child)
  let output = ''
  child.stdout?.on('data', (data: Buffer) => void (output += data.toString()))
  child.stderr?.on('data', (data: Buffer) => void (output += data.toString()))
  const exited = new Promise<number | string | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal))
  })
  return { child, output: () => output, exited }
}

describe('the worker process', () => {
  it('answers a sealed job with a real engine, names itself a worker, and leaves on SIGTERM', async () => {
    const { child, output, exited } = startWorker()
    const peer = await gateway.peer()
    const session = await peer.admit()
    const ready = await peer.next('ready')
    const leased = await gateway.lease(session, { fields: { model: SCRIPTED } })

    peer.send(leased.frame)
    const { header } = await peer.next('stream')
    const answer = await peer.next('result')
    peer.send({ type: 'ack', job: leased.job, attempt: 1, ok: true })
    child.kill('SIGTERM')

    const { result } = readResult(leased, session, { header, messages: peer.takeChunks() })
    expect(Buffer.from(result.content.reveal()).toString('utf8')).toContain('Hello bright world.')
    expect(answer.units.outTokens).toBeGreaterThan(0)
    expect(ready.slots).toEqual({ text: 1, speech: 1 })
    expect(ready.models.map(({ id }) => id)).toEqual(['fixture-scripted', 'fixture-speech'])
    expect(session.claims.models).toEqual(ready.models.map(({ id, weights }) => ({ id, weights })))
    expect(await exited).toBe(0)
    expect(output()).not.toMatch(/bonjour|Hello/)
  })

  it('can be found by its command line', async () => {
    const { child } = startWorker()
    await gateway.peer()

    expect(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').split('\0')).toContain('worker')
  })

  it('that is told to stop gives up a job it cannot finish and leaves in time', async () => {
    const { child, exited } = startWorker({ CHRYSALIS_TEXT_MODEL: 'fixture-endless' })
    const peer = await gateway.peer()
    const session = await peer.admit()
    await peer.next('ready')
    const fields = { model: parseId('fixture-endless', isModelId), task: 'summarize' }
    const content = JSON.stringify({
      v: 1,
      text: 'A long story. '.repeat(200),
      to: 'en',
      length: 'long',
    })
    const leased = await gateway.lease(session, { fields, content })
    peer.send(leased.frame)
    await peer.next('stream')

    child.kill('SIGTERM')

    await peer.next('drain')
    expect(await exited).toBe(0)
  })

  it('killed and started again is another worker, which knows nothing of the jobs before', async () => {
    const first = startWorker()
    const before = await (await gateway.peer()).admit()
    first.child.kill('SIGKILL')
    await first.exited
    startWorker()
    const peer = await gateway.peer()
    const after = await peer.admit()

    expect(after.kid).not.toBe(before.kid)
    expect((await peer.next('ready')).running).toEqual([])
  })

  it('without its settings says which are missing and shows none of the others', async () => {
    const wrong = { CHRYSALIS_BROKER_KEY: '', CHRYSALIS_GATEWAY_URL: 'http://x' }
    const { exited, output } = startWorker(wrong, WATCHED)

    // Watched over or not: what is refused once is refused again.
    expect(await exited).toBe(2)
    expect(output()).toContain('CHRYSALIS_BROKER_KEY')
    expect(output()).toContain('CHRYSALIS_GATEWAY_URL')
    expect(output()).not.toContain(JOIN)
  })

  it('with wrong bytes under a model\u2019s name does not start', async () => {
    const path = join(folder, 'models', 'fixture-scripted.bin')
    const bytes = readFileSync(path)
    const wrong = Buffer.from(bytes)
    wrong[1000] = (wrong[1000] ?? 0) ^ 1
    writeFileSync(path, wrong)
    try {
      const { exited, output } = startWorker({}, WATCHED)

      expect(await exited).toBe(1)
      expect(output()).toContain('models.corrupt')
    } finally {
      writeFileSync(path, bytes)
    }
  })

  it.each([
    ['a GPU that is not there', { CHRYSALIS_GPU: 'cuda' }, 'engine.gpu-missing'],
    ['a test model on testnet', { CHRYSALIS_NET: 'testnet' }, 'models.fixture'],
    ['a test model on mainnet', { CHRYSALIS_NET: 'mainnet' }, 'models.fixture'],
  ])('with %s ends before it talks to a gateway', async (_, change, code) => {
    const own = await scriptedGateway()
    let connections = 0
    own.http.on('connection', () => void connections++)
    const env = { CHRYSALIS_GATEWAY_URL: own.url, CHRYSALIS_BROKER_KEY: own.identity.publicKey }

    const { exited, output } = startWorker({ ...env, ...change }, WATCHED)

    expect(await exited).toBe(1)
    expect(output()).toContain(code)
    expect(connections).toBe(0)
    await own.close()
  })
})

describe('a worker that is watched over', () => {
  it('is started again after a crash of native code, and ends with the one that watches', async () => {
    const { child, exited, output } = startWorker({}, WATCHED)
    const before = await (await gateway.peer()).admit()
    const pidOf = (at: number): number => {
      const pids = [...output().matchAll(/"worker\.started"[^\n]*"pid":(\d+)/g)]
      return Number(pids[at]?.[1])
    }

    process.kill(pidOf(0), 'SIGSEGV')
    const after = await (await gateway.peer()).admit()
    child.kill('SIGTERM')

    expect(after.kid).not.toBe(before.kid)
    expect(await exited).toBe(0)
    expect(isAlive(pidOf(0))).toBe(false)
    expect(isAlive(pidOf(1))).toBe(false)
  })

  it('does not outlive a killed one that watched', async () => {
    const { child, exited, output } = startWorker({}, WATCHED)
    const peer = await gateway.peer()
    await peer.admit()
    const pid = Number(/"worker\.started"[^\n]*"pid":(\d+)/.exec(output())?.[1])

    child.kill('SIGKILL')
    await exited
    await peer.closed

    const hasEnded = await until('the worker has ended', () => !isAlive(pid))
    expect(hasEnded).toBe(true)
  })
})
