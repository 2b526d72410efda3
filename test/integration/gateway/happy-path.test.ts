import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { until } from '../../support/until.ts'

let world: World
let front: TestFront

beforeAll(async () => {
  world = await openWorld()
  front = await world.openFront()
})
afterAll(() => world.close())

test('a job travels sealed from desk to worker and its answer back to the front', async () => {
  const { url } = await world.openGateway()
  const worker = world.openWorker(url, {
    answer: (job) => {
      job.draft('half')
      return `${job.text}!`
    },
  })
  const drafts: string[] = []

  const { job, isNew } = await front.desk.submit(request('hello'))
  front.desk.watch(job, { onDraft: (text) => drafts.push(text), onProgress: () => undefined })
  const { finished, text } = await until('delivery', () => front.of(job))

  expect(isNew).toBe(true)
  expect(text).toBe('hello!')
  expect(finished).toMatchObject({
    state: 'done',
    attempts: 1,
    units: { inTokens: 7, outTokens: 3 },
  })
  expect(worker.started).toEqual([{ job, attempt: 1 }])
  const row = await world.db.rows.job.findUniqueOrThrow({ where: { id: job } })
  await until(
    'delivered',
    async () =>
      (await world.db.rows.job.findUniqueOrThrow({ where: { id: job } })).deliveredAt !== null,
  )
  expect(row.sealedEnvelope).toBeNull()
  expect(row.wrappedCek).toBeNull()
  const kept = await world.db.rows.receipt.findUniqueOrThrow({ where: { job } })
  const document = Buffer.from(kept.document).toString('utf8')
  expect(createHash('sha256').update(document).digest('hex')).toBe(row.receiptDigest)
  expect(JSON.parse(document)).toMatchObject({ api_version: 'aci/1', receipt_id: `${job}.1` })
  expect(document).not.toContain('hello')
})
