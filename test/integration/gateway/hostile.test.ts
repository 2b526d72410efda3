import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BYE } from '../../../src/core/frames.ts'
import { newJobId } from '../../../src/core/ids.ts'
import { frameChunk } from '../../../src/tee/sealing/result-chunk.ts'
import { ECHO_WEIGHTS } from '../../support/echo-lending.ts'
import { JOIN, openWorld, request, type TestFront, type World } from '../../support/queue-world.ts'
import { connectRaw, hello, newEnrolment, openSocket } from '../../support/raw-worker.ts'
import { until } from '../../support/until.ts'

let world: World
let front: TestFront
let url: string

beforeAll(async () => {
  world = await openWorld()
  front = await world.openFront()
  ;({ url } = await world.openGateway())
})
afterAll(() => world.close())

const enrolment = () => newEnrolment(world.identity.publicKey)
const admitted = () => connectRaw(url, { enrolment: enrolment(), join: JOIN })

test.each([
  ['text that is no JSON', 'hello'],
  ['an unknown frame', '{"type":"give","all":true}'],
  ['an unknown field', JSON.stringify({ ...hello(JOIN), extra: 1 })],
  ['a binary message', new Uint8Array(64)],
  ['a message above 2 MiB', `"${'x'.repeat(2 ** 21 + 1)}"`],
])('%s before admission ends the connection', async (_what, data) => {
  const peer = await openSocket(url)

  peer.sendRaw(data)

  expect(await peer.closed).toBe(BYE.frame)
})

test('a step out of order is refused', async () => {
  const peer = await openSocket(url)

  peer.send({ type: 'ping', n: 1, running: [] })

  expect(await peer.next('verdict')).toMatchObject({ ok: false, code: 'admission.step' })
  expect(await peer.closed).toBe(BYE.refused)
})

test.each([
  ['an unknown join token', { join: 'wrong' }, 'admission.join'],
  ['another net', { net: 'mainnet' as const }, 'net.mismatch'],
])('%s is refused with its code', async (_what, change, code) => {
  const peer = await openSocket(url)

  peer.send({ ...hello(JOIN), ...change })

  expect(await peer.next('verdict')).toMatchObject({ ok: false, code })
  expect(await peer.closed).toBe(BYE.refused)
})

test('evidence for the challenge of another socket is refused', async () => {
  const [mine, other] = [await openSocket(url), await openSocket(url)]
  mine.send(hello(JOIN))
  other.send(hello(JOIN))
  const keys = enrolment()
  const stolen = await keys.answer(await other.next('challenge'))
  await mine.next('challenge')

  mine.send(stolen)

  expect(await mine.next('verdict')).toMatchObject({ ok: false, code: 'claims.nonce' })
  other.socket.terminate()
})

test('a model with other weights than the claims name gets no job', async () => {
  const liar = await admitted()
  liar.keepAlive()
  liar.ready({
    models: [
      { id: 'echo-text' as never, weights: `sha256:${'1'.repeat(64)}`, kind: 'llm', speed: 1 },
      { id: 'unclaimed' as never, weights: ECHO_WEIGHTS, kind: 'llm', speed: 1 },
    ],
  })
  const honest = world.openWorker(url)

  const { job } = await front.desk.submit(request('honest only'))
  await until('delivery', () => front.of(job))

  expect(honest.started.map((it) => it.job)).toContain(job)
  await honest.stop()
  liar.cut()
})

test('results and chunks of jobs that a worker does not hold change nothing', async () => {
  const stranger = await admitted()
  stranger.ready({ slots: { text: 0, speech: 0 } })
  const job = newJobId()

  stranger.sendRaw(frameChunk(job, 1, new Uint8Array(300)))
  stranger.send({ type: 'stream', job, attempt: 1, header: '{}' })
  stranger.send({
    type: 'result',
    job,
    attempt: 1,
    header: '{}',
    units: { inTokens: 0, cachedTokens: 0, outTokens: 0, audioMs: 0 },
    receipt: '{}',
  })

  expect(await stranger.next('ack')).toMatchObject({ job, ok: false, code: 'release.fenced' })
  stranger.cut()
})

test("a stream that is not the lease's ends the attempt, and another worker gets the job", async () => {
  const forger = await admitted()
  forger.keepAlive()
  forger.ready()
  const { job } = await front.desk.submit(request('stream'))
  const lease = await forger.next('lease')

  forger.send({ type: 'stream', job, attempt: lease.attempt, header: '{"v":1}' })

  expect(await forger.next('ack')).toMatchObject({ ok: false, code: 'result.header' })
  world.openWorker(url)
  expect((await until('delivery', () => front.of(job))).finished).toMatchObject({ attempts: 2 })
  forger.cut()
})

test('a flood of frames ends the connection', async () => {
  const flood = await admitted()
  flood.ready({ slots: { text: 0, speech: 0 } })

  for (let n = 0; n < 4500; n++) flood.send({ type: 'ping', n, running: [] })

  expect(await flood.closed).toBe(BYE.flood)
})

test('a blob is given for its lease only, whole and in ranges', async () => {
  const sound = Buffer.alloc(200_000, 7)
  const worker = await admitted()
  worker.keepAlive()
  worker.ready({
    slots: { text: 0, speech: 1 },
    models: [{ id: 'echo-speech' as never, weights: ECHO_WEIGHTS, kind: 'stt', speed: 1 }],
  })
  const { job } = await front.desk.submit(
    request('sound', {
      task: 'transcribe',
      model: 'echo-speech' as never,
      audio: (async function* () {
        yield sound
      })(),
    }),
  )
  const { envelope, blobToken } = await worker.next('lease')
  const blob = envelope.blob
  const get = (token: string, headers: Record<string, string> = {}) =>
    fetch(`${url.replace('ws', 'http').replace('/v1/connect', '')}/blobs/${blob?.id}`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
    })

  const whole = await get(blobToken ?? '')
  const bytes = Buffer.from(await whole.arrayBuffer())
  const part = await get(blobToken ?? '', { range: 'bytes=1000-' })
  const outside = await get(blobToken ?? '', { range: `bytes=${blob?.size}-` })
  const foreign = await get('A'.repeat(43))
  await front.desk.cancel(job)
  await worker.next('cancel')
  const ended = await get(blobToken ?? '')

  expect(bytes.length).toBe(blob?.size)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(blob?.sha256)
  expect(part.status).toBe(206)
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1000))).toBe(true)
  expect([outside.status, foreign.status, ended.status]).toEqual([416, 404, 404])
  worker.cut()
})
