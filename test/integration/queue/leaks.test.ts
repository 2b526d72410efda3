import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppError } from '../../../src/core/app-error.ts'
import { connectRedis } from '../../../src/queue/redis.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { keptLog } from '../../support/stores.ts'
import { until } from '../../support/until.ts'

let world: World
let front: TestFront
const marker = randomBytes(15).toString('hex')
const owner = `owner-${randomBytes(8).toString('hex')}`
const heard: Buffer[] = []

beforeAll(async () => {
  world = await openWorld()
  front = await world.openFront()
  const { log } = keptLog()
  const spy = await connectRedis(world.redis.url, log)
  await spy.subscribe('front:bot-1', (message) => heard.push(message))
  await spy.subscribe('gateways', (message) => heard.push(message))
  const { url } = await world.openGateway()
  world.openWorker(url, {
    slots: 4,
    answer: (job) => {
      job.draft(job.text)
      if (job.text.startsWith('fail'))
        throw new AppError('engine.crash', {}, { cause: new Error(job.text) })
      return job.text
    },
  })
  const jobs = await Promise.all(
    ['ok', 'fail', 'also ok'].map((text) =>
      front.desk.submit(
        request(`${text} ${marker}`, { owner, requestKey: `${text}-${owner}`, class: 'batch' }),
      ),
    ),
  )
  for (const { job } of jobs) await until('delivery', () => front.of(job))
  await front.desk.submit(request(`waiting ${marker}`, { owner, model: 'nobody' as never }))
  await spy.close()
})
afterAll(() => world.close())

/** The marker in the forms it could take. */
function forms(text: string): string[] {
  const bytes = Buffer.from(text)
  const shifted = [0, 1, 2].map((skip) => {
    const encoded = Buffer.concat([Buffer.alloc(skip), bytes]).toString('base64')
    // Border characters depend on what stands beside.
    return encoded.slice(skip === 0 ? 0 : 4, -4)
  })
  return [text, bytes.toString('hex'), bytes.toString('utf16le'), ...shifted]
}
const finds = (haystack: string, needle: string): boolean =>
  forms(needle).some((form) => haystack.includes(form))

function filesOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1'))
    .join('\n')
}

test('the answers themselves held the marker, so the search means something', () => {
  const texts = front.delivered.map(({ text }) => text)

  expect(texts.filter((text) => text.includes(marker))).toHaveLength(2)
  expect(finds(`x${Buffer.from(`..${marker}`).toString('base64')}`, marker)).toBe(true)
})

test('neither Redis files nor its messages hold a text or an owner', () => {
  const everything = filesOf(world.redis.folder) + heard.map((it) => it.toString('latin1')).join('')

  expect(everything.length).toBeGreaterThan(1000)
  expect(heard.length).toBeGreaterThan(3)
  expect(finds(everything, marker)).toBe(false)
  expect(finds(everything, owner)).toBe(false)
})

test('no row holds a text or an owner', async () => {
  const rows = await world.db.rows.job.findMany()
  const releases = await world.db.rows.release.findMany()
  const everything = [...rows, ...releases]
    .flatMap((row) => Object.values(row))
    .map((value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value),
    )
    .join('\n')

  expect(rows).toHaveLength(4)
  expect(finds(everything, marker)).toBe(false)
  expect(finds(everything, owner)).toBe(false)
})

test('neither logs nor blob and key folders hold a text or an owner', () => {
  const everything = world.lines.join('\n') + filesOf(world.data)

  expect(finds(everything, marker)).toBe(false)
  expect(finds(everything, owner)).toBe(false)
})

test('BullMQ holds ids, codes and times: no data beyond the deadline, no stack', async () => {
  const { log } = keptLog()
  const redis = await connectRedis(world.redis.url, log)
  const keys = await redis.commands.keys('*:jobs:*')
  const hashes = await Promise.all(
    keys.filter((key) => /:jobs:[0-9a-f]{32}$/.test(key)).map((key) => redis.commands.hgetall(key)),
  )
  await redis.close()

  expect(hashes.length).toBe(4)
  for (const hash of hashes) {
    expect(hash['name']).toBe('translate')
    expect(JSON.parse(hash['data'] ?? '')).toEqual({ v: 1, exp: expect.any(Number) })
    expect(hash['stacktrace'] ?? '[]').toMatch(/^\[(""|"[a-z.-]+")?\]$/)
    expect(hash['failedReason'] ?? 'engine.crash').toBe('engine.crash')
    expect(hash['returnvalue'] ?? '{}').toMatch(/^\{("receipt_digest":"[0-9a-f]{64}")?\}$/)
  }
})

test('every release is in an unbroken chain', async () => {
  const entries = await world.db.rows.release.findMany({ orderBy: { seq: 'asc' } })

  expect(entries.length).toBeGreaterThanOrEqual(5)
  for (const [i, entry] of entries.entries())
    expect(entry.prev).toBe(i === 0 ? '0'.repeat(64) : entries[i - 1]?.hash)
})
