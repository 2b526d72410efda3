/** What is left of a job for somebody who takes everything: every row, every key file, Redis, and backups of all of it. */
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { isKid, type JobId, parseId } from '../../../src/core/ids.ts'
import { createKeks, type Keks } from '../../../src/tee/keys/kek.ts'
import { openBlob } from '../../../src/tee/sealing/blob.ts'
import { openEnvelope, parseEnvelope } from '../../../src/tee/sealing/envelope.ts'
import { openSealedResult } from '../../../src/tee/sealing/result-stream.ts'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { text } from '../../support/tee.ts'
import { until } from '../../support/until.ts'

const HOUR = 3_600_000
let world: World
let front: TestFront
let url: string
let hold: PromiseWithResolvers<void> = Promise.withResolvers()
let isDelivering = true

beforeAll(async () => {
  world = await openWorld()
  front = await world.openFront('bot-1', async () => {
    if (!isDelivering) throw new Error('not now')
  })
  ;({ url } = await world.openGateway())
})
afterAll(() => world.close())

const rowOf = (job: JobId) => world.db.rows.job.findUniqueOrThrow({ where: { id: job } })
type Row = Awaited<ReturnType<typeof rowOf>>

/** Everything that opens anything, as it lies on the gateway's host at this moment. */
function takeKeys(): { at(hoursLater: number): Keks } {
  const folder = join(world.data, `taken-${randomBytes(4).toString('hex')}`)
  cpSync(join(world.data, 'kek'), folder, { recursive: true })
  return {
    at: (hoursLater) => {
      const clock = { ...systemClock, now: () => systemClock.now() + hoursLater * HOUR }
      return createKeks({ folder, net: 'devnet', clock })
    },
  }
}

/** The input, by this row and these keys; or why it cannot be read. */
function input(row: Row, keks: Keks): string {
  if (!row.sealedEnvelope) return 'no envelope'
  const envelope = parseEnvelope(JSON.parse(Buffer.from(row.sealedEnvelope).toString('utf8')))
  if (!row.wrappedCek) return 'no key'
  try {
    const cek = keks.unwrap('cek', row.id, row.wrappedCek)
    const nowSeconds = systemClock.now() / 1000
    return text(openEnvelope(envelope, { cek, net: 'devnet', nowSeconds }).content)
  } catch (error) {
    return String(error)
  }
}

/** The answer, by this row and these keys. */
function output(row: Row, keks: Keks): string {
  if (!row.sealedResult) return 'no result'
  if (!row.wrappedResult || row.kid === null) return 'no secret'
  try {
    const secret = keks.unwrap('result', row.id, row.wrappedResult)
    const kid = parseId(row.kid, isKid)
    const context = { net: 'devnet', job: row.id as JobId, attempt: row.attempt, kid } as const
    return text(openSealedResult(secret, context, row.sealedResult).content)
  } catch (error) {
    return String(error)
  }
}

async function redisDump(): Promise<string> {
  const redis = new Redis(world.redis.url)
  try {
    const parts: string[] = []
    for (const key of await redis.keys('*')) {
      const type = await redis.type(key)
      parts.push(key)
      if (type === 'hash') parts.push(JSON.stringify(await redis.hgetall(key)))
      if (type === 'string') parts.push((await redis.get(key)) ?? '')
    }
    return parts.join('\n')
  } finally {
    redis.disconnect()
  }
}

/** A job of a person, waiting, with what was taken then. */
async function waiting(words: string, deadlineMs = 120_000) {
  const { job } = await front.desk.submit(request(words, { deadlineMs }))
  return { job, before: await rowOf(job), keys: takeKeys() }
}

test('while a job waits its row and the hour’s key open it: the measure for what follows', async () => {
  const { job, before, keys } = await waiting('readable until it ends')

  expect(input(before, keys.at(0))).toContain('readable until it ends')
  expect(await redisDump()).not.toContain(
    before.wrappedCek ? Buffer.from(before.wrappedCek).toString('base64url') : '-',
  )
  await front.desk.cancel(job)
})

test('a cancelled job: neither what is left of it nor any key here opens it', async () => {
  const { job, keys } = await waiting('cancelled words')

  await front.desk.cancel(job)

  const after = await rowOf(job)
  expect(after).toMatchObject({ sealedEnvelope: null, wrappedCek: null, wrappedSalt: null })
  expect(input(after, keys.at(0))).toBe('no envelope')
  expect(await redisDump()).not.toContain('cancelled words')
})

test('an expired job: the same', async () => {
  const { job, keys } = await waiting('expired words', 300)

  await until('expired', async () => (await rowOf(job)).state === 'expired')

  const after = await rowOf(job)
  expect(after).toMatchObject({ sealedEnvelope: null, wrappedCek: null, wrappedResult: null })
  expect(input(after, keys.at(0))).toBe('no envelope')
})

test('a settled job: the input is gone at once, the answer when it is delivered', async () => {
  isDelivering = false
  hold = Promise.withResolvers()
  const worker = world.openWorker(url, {
    answer: async (it) => {
      await hold.promise
      return it.text
    },
  })
  const { job, keys } = await waiting('settled words')
  await until('running', async () => (await rowOf(job)).state === 'running')
  const running = await rowOf(job)
  hold.resolve()
  await until('settled', async () => (await rowOf(job)).state === 'done')
  const settled = await rowOf(job)
  isDelivering = true
  await until('delivered', () => front.of(job))
  const delivered = await until('marked', async () => {
    const row = await rowOf(job)
    return row.deliveredAt === null ? undefined : row
  })

  // Running: input by its key, and a secret for an answer that is not there yet.
  expect(input(running, keys.at(0))).toContain('settled words')
  expect(output(running, keys.at(0))).toBe('no result')
  expect(input(settled, keys.at(0))).toBe('no envelope')
  expect(settled.wrappedCek).toBeNull()
  expect(output(settled, keys.at(0))).toContain('settled words')
  expect(output(delivered, keys.at(0))).toBe('no result')
  expect(delivered).toMatchObject({ wrappedResult: null, sealedResult: null, wrappedSalt: null })
  // A secret of an attempt is not a content key, and the other way round.
  const secret = keys.at(0).unwrap('result', job, running.wrappedResult ?? new Uint8Array(0))
  const envelope = parseEnvelope(
    JSON.parse(Buffer.from(running.sealedEnvelope ?? []).toString('utf8')),
  )
  const nowSeconds = systemClock.now() / 1000
  expect(() => openEnvelope(envelope, { cek: secret, net: 'devnet', nowSeconds })).toThrow(
    'env.commit',
  )
  await worker.stop()
})

test('a failed job: nothing of it stays', async () => {
  const worker = world.openWorker(url, {
    answer: () => {
      throw new Error('broken')
    },
  })
  const { job, keys } = await waiting('failing words')

  await until('failed', async () => (await rowOf(job)).state === 'failed', 50_000)

  const after = await rowOf(job)
  expect(input(after, keys.at(0))).toBe('no envelope')
  expect(after).toMatchObject({ wrappedCek: null, wrappedResult: null, sealedResult: null })
  await worker.stop()
})

test('sound: its key is in the job’s, and its blob goes with the delivery', async () => {
  const worker = world.openWorker(url)
  const sound = randomBytes(100_000)
  const { job } = await front.desk.submit(
    request('sound', {
      task: 'transcribe',
      model: 'nobody-serves-this' as never,
      audio: (async function* () {
        yield sound
      })(),
    }),
  )
  const before = await rowOf(job)
  const keys = takeKeys()
  const file = join(world.data, 'blobs', ...blobPath(before.blobId ?? ''))
  const sealed = readFileSync(file)
  const envelope = parseEnvelope(
    JSON.parse(Buffer.from(before.sealedEnvelope ?? []).toString('utf8')),
  )
  const cek = keys.at(0).unwrap('cek', job, before.wrappedCek ?? new Uint8Array(0))
  if (!envelope.blob) throw new Error('no blob')
  const opened: Uint8Array[] = []
  const attached = { blob: envelope.blob, length: sound.length }
  for await (const part of openBlob(attached, { cek, sealed: once(sealed) })) opened.push(part)
  expect(Buffer.concat(opened).equals(sound)).toBe(true)

  await front.desk.cancel(job)

  expect((await rowOf(job)).wrappedCek).toBeNull()
  await until('blob gone', () => !existsSync(file))
  await worker.stop()
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Where the store keeps it: found, not assumed. */
function blobPath(id: string): string[] {
  const all = readdirSync(join(world.data, 'blobs'), { recursive: true }).map(String)
  const found = all.find((path) => path.includes(id))
  if (found === undefined) throw new Error('no blob file')
  return [found]
}

test('once the hour’s key is destroyed no backup of rows opens, and this program refuses a copy of the key put back', async () => {
  const { job, before, keys } = await waiting('in every backup')
  const folder = join(world.data, 'later')
  cpSync(join(world.data, 'kek'), folder, { recursive: true })
  const clock = { ...systemClock, now: () => systemClock.now() + 26 * HOUR }
  const later = createKeks({ folder, net: 'devnet', clock })
  const copies = readdirSync(folder).map(
    (name) => [name, readFileSync(join(folder, name))] as const,
  )

  later.sweep()

  expect(readdirSync(folder)).toEqual([])
  // The whole backup of that hour: its row, and its own key file under a later clock.
  expect(input(before, later)).toContain('release.key-gone')
  expect(input(before, keys.at(26))).toContain('release.key-gone')
  for (const [name, bytes] of copies) writeFileSync(join(folder, name), bytes)
  expect(input(before, later)).toContain('release.key-gone')
  await front.desk.cancel(job)
})
