import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { CRASH_STEPS, type CrashStep } from '../support/crash-steps.ts'
import { hasPostgres, startTestPostgres, type TestPostgres } from '../support/postgres.ts'
import { openWorld, request, type TestFront, type World } from '../support/queue-world.ts'
import { createDatabase, freePort } from '../support/stores.ts'
import { startTestWorker, untilAborted } from '../support/test-worker.ts'
import { until } from '../support/until.ts'

describe.skipIf(!hasPostgres())('gateways as processes on Postgres (skipped without it)', () => {
  let postgres: TestPostgres
  let world: World
  let front: TestFront
  let databaseUrl: string
  const children: ChildProcess[] = []
  const workers: ReturnType<typeof startTestWorker>[] = []

  beforeAll(async () => {
    postgres = await startTestPostgres()
    databaseUrl = await createDatabase(postgres.url)
    world = await openWorld({ databaseUrl })
    front = await world.openFront()
  })
  afterAll(async () => {
    for (const worker of workers) await worker.stop()
    for (const child of children) child.kill('SIGKILL')
    await world?.close()
    await postgres?.stop()
  })

  const openGateway = async (port: number, crashAfter?: CrashStep) => {
    const script = crashAfter ? 'crashing-gateway-process.ts' : 'gateway-process.ts'
    const child = spawn(process.execPath, [join(import.meta.dirname, '../support', script)], {
      stdio: ['ignore', 'pipe', process.env['TEST_VERBOSE'] ? 'inherit' : 'ignore'],
      env: {
        PATH: process.env['PATH'] ?? '',
        CHRYSALIS_DATA: world.data,
        REDIS_URL: world.redis.url,
        DATABASE_URL: databaseUrl,
        CHRYSALIS_GATEWAY_PORT: String(port),
        CRASH_AFTER: crashAfter ?? '',
      },
    })
    children.push(child)
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    return { child, facts: JSON.parse(line.toString()) as { joinToken: string; brokerKey: string } }
  }

  test('jobs outlive SIGKILL of their gateway: adopted by the next one, answered once, run once', async () => {
    const port = await freePort()
    const { child, facts } = await openGateway(port)
    const { promise: held, resolve: open } = Promise.withResolvers<void>()
    const worker = startTestWorker({
      url: `ws://127.0.0.1:${port}/v1/connect`,
      brokerKey: facts.brokerKey,
      join: facts.joinToken,
      slots: 20,
      answer: async (job) => {
        job.draft('begun')
        await held
        return job.text
      },
    })
    workers.push(worker)
    const jobs = await Promise.all(
      Array.from({ length: 20 }, (_, i) => front.desk.submit(request(`k${i}`, { owner: `u${i}` }))),
    )
    await until('all run', () => worker.started.length === 20)

    child.kill('SIGKILL')
    await once(child, 'exit')
    await openGateway(port)
    open()
    await until('all delivered', () => front.delivered.length === 20)

    expect(front.delivered.map(({ finished }) => finished.job).toSorted()).toEqual(
      jobs.map(({ job }) => job).toSorted(),
    )
    expect(worker.started).toHaveLength(20)
    const rows = await world.db.rows.job.findMany()
    expect(rows.every((row) => row.state === 'done' && row.attempt === 1)).toBe(true)
  }, 120_000)

  test('a gateway that is told to stop leaves its jobs to the other one', async () => {
    const [port, other] = [await freePort(), await freePort()]
    const first = await openGateway(port)
    const second = await openGateway(other)
    const common = { brokerKey: first.facts.brokerKey, join: first.facts.joinToken }
    const { promise: held, resolve: open } = Promise.withResolvers<void>()
    const worker = startTestWorker({
      ...common,
      urls: [`ws://127.0.0.1:${port}/v1/connect`, `ws://127.0.0.1:${other}/v1/connect`],
      answer: async ({ text }) => {
        await held
        return text
      },
    })
    workers.push(worker)
    for (const earlier of workers.slice(0, -1)) await earlier.stop()
    const { job } = await front.desk.submit(request('handed over'))
    await until('runs', () => worker.started.length === 1)

    first.child.kill('SIGTERM')
    await once(first.child, 'exit')
    open()

    const { finished } = await until('delivery', () => front.of(job))
    expect(finished).toMatchObject({ state: 'done', attempts: 1 })
    second.child.kill('SIGTERM')
    await once(second.child, 'exit')
  }, 120_000)

  test.each(CRASH_STEPS)(
    'SIGKILL of the gateway after the step "%s" of settling leads to one settlement and one delivery',
    async (step) => {
      for (const earlier of workers.splice(0)) await earlier.stop()
      const port = await freePort()
      const { child, facts } = await openGateway(port, step)
      const worker = startTestWorker({
        url: `ws://127.0.0.1:${port}/v1/connect`,
        brokerKey: facts.brokerKey,
        join: facts.joinToken,
      })
      workers.push(worker)
      const { job } = await front.desk.submit(request(`crash after ${step}`))
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')

      const next = await openGateway(port)
      await until('delivery', () => front.of(job), 60_000)
      // Somebody else's job goes through everything afterwards: whatever was to come twice has come.
      const after = await front.desk.submit(request('after'))
      await until('next delivery', () => front.of(after.job), 60_000)
      const row = await until('delivered', async () => {
        const found = await world.db.rows.job.findUniqueOrThrow({ where: { id: job } })
        return found.deliveredAt !== null && found
      })

      expect(child.signalCode).toBe('SIGKILL')
      expect(row).toMatchObject({ state: 'done', attempt: 1, wrappedCek: null, sealedResult: null })
      expect(worker.started.filter((it) => it.job === job)).toHaveLength(1)
      expect(await world.db.rows.receipt.count({ where: { job } })).toBe(1)
      expect(front.delivered.filter(({ finished }) => finished.job === job)).toHaveLength(1)
      next.child.kill('SIGKILL')
      await once(next.child, 'exit')
    },
    120_000,
  )

  test('20 jobs whose gateway and worker are gone for good start on another gateway', async () => {
    for (const earlier of workers.splice(0)) await earlier.stop()
    const [port, other] = [await freePort(), await freePort()]
    const [first, second] = [await openGateway(port), await openGateway(other)]
    const common = { brokerKey: first.facts.brokerKey, join: first.facts.joinToken, slots: 20 }
    const hang = ({ signal }: { signal: AbortSignal }) => untilAborted(signal)
    const lost = startTestWorker({
      ...common,
      url: `ws://127.0.0.1:${port}/v1/connect`,
      answer: hang,
    })
    workers.push(lost)
    const jobs = await Promise.all(
      Array.from({ length: 20 }, (_, i) => front.desk.submit(request(`g${i}`, { owner: `g${i}` }))),
    )
    await until('all run', () => lost.started.length === 20)
    const rescuer = startTestWorker({ ...common, url: `ws://127.0.0.1:${other}/v1/connect` })
    workers.push(rescuer)
    await until('admitted', () => rescuer.lines.some((line) => line.includes('session.admitted')))
    const killedAt = systemClock.now()

    first.child.kill('SIGKILL')
    await until('all start again', () => rescuer.started.length === 20, 60_000)
    const tookMs = systemClock.now() - killedAt
    await until('all delivered', () => jobs.every(({ job }) => front.of(job)))

    expect(tookMs).toBeLessThan(40_000)
    expect(rescuer.started.every(({ attempt }) => attempt === 2)).toBe(true)
    second.child.kill('SIGKILL')
    await once(second.child, 'exit')
  }, 120_000)
})
