import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import { isModelId, newJobId, parseId } from '../../../src/core/ids.ts'
import { Plaintext } from '../../../src/core/plaintext.ts'
import { type AttestedParty, verifyWorker } from '../../../src/tee/client/attested.ts'
import { createClientJudge, workerBundle } from '../../../src/tee/client/judge.ts'
import { sealForWorkers } from '../../../src/tee/client/seal.ts'
import { openDevGround } from '../../../src/tee/dev/ground.ts'
import { openEnvelope } from '../../../src/tee/sealing/envelope.ts'
import { ECHO_TEXT } from '../../support/echo-lending.ts'
import { openWorld, type TestFront, type World } from '../../support/queue-world.ts'
import { codeThrown, text } from '../../support/tee.ts'
import { until } from '../../support/until.ts'

const seed = new Uint8Array(32).fill(7)
const model = parseId(ECHO_TEXT, isModelId)
let world: World
let front: TestFront
let url: string

beforeAll(async () => {
  world = await openWorld()
  front = await world.openFront()
  ;({ url } = await world.openGateway())
})
afterAll(() => world.close())

/** What a client does with the records that a gateway publishes: verifies each from the vendors' roots (here the dev ones). */
async function verified(known: ReadonlySet<string> = new Set()): Promise<AttestedParty[]> {
  const clock = systemClock
  const { anchors } = openDevGround(seed, { net: 'devnet', production: false, clock })
  const judge = createClientJudge({ anchors, policy: { current: world.attestation.policy() } })
  const parties: AttestedParty[] = []
  for (const [id, document] of world.attestation.records) {
    if (known.has(id)) continue
    const asked = { net: 'devnet', model, nowMs: clock.now(), judge } as const
    parties.push(await verifyWorker(workerBundle(JSON.parse(document), id), asked))
  }
  return parties
}

const admitted = async (count: number): Promise<void> => {
  await until('workers', () => world.attestation.records.size >= count)
}

async function seal(words: string, workers: readonly AttestedParty[]) {
  const iat = Math.floor(systemClock.now() / 1000)
  const fields = {
    net: 'devnet',
    job: newJobId(),
    task: 'translate',
    model,
    tier: 'simulated',
    iat,
    exp: iat + 120,
    maxAttempts: 3,
    kb: world.identity.kid,
  } as const
  const content = Plaintext.of(JSON.stringify({ v: 1, text: words, to: 'en' }))
  return sealForWorkers({ fields, content }, workers)
}

const submit = (sealed: Awaited<ReturnType<typeof seal>>) =>
  front.desk.submitSealed({
    envelope: sealed.envelope,
    inputHash: sealed.inputHash,
    owner: 'client-1',
    requestKey: randomBytes(8).toString('hex'),
    class: 'interactive',
  })
const outcome = (job: string) => until('outcome', () => front.desk.collectSealed(job as never))

test('a job runs on the worker it was sealed to, among others that are free, and the gateway never holds its key', async () => {
  const others = [world.openWorker(url), world.openWorker(url)]
  await admitted(2)
  const before = new Set(world.attestation.records.keys())
  const mine = world.openWorker(url)
  await admitted(3)
  const [chosen] = await verified(before)
  if (!chosen) throw new Error('no worker')
  const words = `only for one ${randomBytes(8).toString('hex')}`
  const sealed = await seal(words, [chosen])

  const { job } = await submit(sealed)
  const row = await world.db.rows.job.findUniqueOrThrow({ where: { id: job } })
  const ended = await outcome(job)

  expect(row).toMatchObject({ clientHeld: true, wrappedCek: null, wrappedSalt: null })
  expect(mine.started.map((it) => it.job)).toContain(job)
  expect(others.flatMap((it) => it.started)).toEqual([])
  if (ended.state !== 'done') throw new Error(ended.code)
  const answer = await sealed.open(ended)
  expect(JSON.parse(text(answer.content))).toMatchObject({ text: words })
  expect(ended.kid).toBe(chosen.kid)

  // Everything that the gateway's host ever had, against the answer: its stored secret opens nothing of it.
  const after = await world.db.rows.job.findUniqueOrThrow({ where: { id: job } })
  const secret = world.keks.unwrap('result', job, after.wrappedResult ?? new Uint8Array(0))
  const { openSealedResult } = await import('../../../src/tee/sealing/result-stream.ts')
  const context = { net: 'devnet', job, attempt: ended.attempt, kid: chosen.kid } as const
  expect(await codeThrown(() => openSealedResult(secret, context, ended.sealed))).toBe(
    'result.open',
  )
  const nowSeconds = systemClock.now() / 1000
  expect(
    await codeThrown(() =>
      openEnvelope(sealed.envelope, { cek: secret, net: 'devnet', nowSeconds }),
    ),
  ).toBe('env.commit')
  expect(world.lines.join('')).not.toContain(words)
  const receipt = await world.db.rows.receipt.findUniqueOrThrow({ where: { job } })
  const stated = Buffer.from(receipt.document).toString('utf8')
  expect(stated).toContain(sealed.inputHash)
  expect(stated).toContain(answer.outputHash)

  await front.desk.dropSealed(job)
  expect(await world.db.rows.job.findUniqueOrThrow({ where: { id: job } })).toMatchObject({
    sealedEnvelope: null,
    sealedResult: null,
    wrappedResult: null,
  })
  expect(await front.desk.collectSealed(job)).toBeUndefined()
  for (const worker of [mine, ...others]) await worker.stop()
})

test('a job whose workers are gone waits, runs on nobody else, and can be cancelled', async () => {
  const records = new Set(world.attestation.records.keys())
  const gone = world.openWorker(url)
  await admitted(records.size + 1)
  const [chosen] = await verified(records)
  if (!chosen) throw new Error('no worker')
  await gone.stop()
  const other = world.openWorker(url)
  const sealed = await seal('waits', [chosen])

  const { job } = await submit(sealed)
  // Another job of the same pool passes it meanwhile.
  await until('asked for', () => world.lines.some((it) => it.includes('job.queued')))
  await admitted(records.size + 2)
  await until('passed', async () => (await front.desk.status(job)).state === 'queued')

  expect(await front.desk.cancel(job)).toBe(true)
  expect(other.started.map((it) => it.job)).not.toContain(job)
  expect(await outcome(job)).toMatchObject({ state: 'cancelled', code: 'job.cancelled' })
  await other.stop()
})

test('a second worker takes over when the first fails, with another key for its answer', async () => {
  const records = new Set(world.attestation.records.keys())
  const failing = world.openWorker(url, {
    answer: () => {
      throw new Error('broken')
    },
  })
  await admitted(records.size + 1)
  const [first] = await verified(records)
  const sound = world.openWorker(url)
  await admitted(records.size + 2)
  const both = await verified(records)
  if (!first) throw new Error('no worker')
  const sealed = await seal('taken over', both)

  const { job } = await submit(sealed)
  const ended = await outcome(job)

  if (ended.state !== 'done') throw new Error(ended.code)
  expect(ended.kid).not.toBe(first.kid)
  expect(JSON.parse(text((await sealed.open(ended)).content))).toMatchObject({ text: 'taken over' })
  for (const worker of [failing, sound]) await worker.stop()
})

test('an envelope without wraps, out of its time or with a known id is not taken in', async () => {
  const records = new Set(world.attestation.records.keys())
  const worker = world.openWorker(url)
  await admitted(records.size + 1)
  const sealed = await seal('refused', await verified(records))
  const { wraps: _wraps, ...bare } = sealed.envelope
  const old = { ...sealed.envelope, iat: 1_000_000, exp: 1_000_060 }

  expect(await codeThrown(() => submit({ ...sealed, envelope: bare }))).toBe('env.shape')
  expect(await codeThrown(() => submit({ ...sealed, envelope: old }))).toBe('env.shape')
  await submit(sealed)
  expect(await codeThrown(() => submit(sealed))).toBe('input.invalid')
  await worker.stop()
})
