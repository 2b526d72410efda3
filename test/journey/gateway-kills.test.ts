import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPostgres, startTestPostgres, type TestPostgres } from '../support/postgres.ts'
import { openWorld, request, type TestFront, type World } from '../support/queue-world.ts'
import { createDatabase, freePort } from '../support/stores.ts'
import { startTestWorker } from '../support/test-worker.ts'
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

  const openGateway = async (port: number) => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '../support/gateway-process.ts')],
      {
        stdio: ['ignore', 'pipe', process.env['TEST_VERBOSE'] ? 'inherit' : 'ignore'],
        env: {
          PATH: process.env['PATH'] ?? '',
          CHRYSALIS_DATA: world.data,
          REDIS_URL: world.redis.url,
          DATABASE_URL: databaseUrl,
          CHRYSALIS_GATEWAY_PORT: String(port),
        },
      },
    )
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
})
