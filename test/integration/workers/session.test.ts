import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '../../../src/core/app-error.ts'
import { systemClock } from '../../../src/core/clock.ts'
import type { Net } from '../../../src/core/config.ts'
import { newBlobId, newJobId } from '../../../src/core/ids.ts'
import { createLog } from '../../../src/core/log.ts'
import { Secret } from '../../../src/core/plaintext.ts'
import { noUnits } from '../../../src/core/units.ts'
import { nodeHashes } from '../../../src/tee/crypto/node-crypto.ts'
import { createVerifier } from '../../../src/tee/crypto/signature.ts'
import { identityOf, pinBroker } from '../../../src/tee/keys/identity.ts'
import { checkReceipt } from '../../../src/tee/receipts/receipt.ts'
import { sealBlob } from '../../../src/tee/sealing/blob.ts'
import { newCek } from '../../../src/tee/sealing/envelope.ts'
import { shownHash } from '../../../src/tee/verify/shown-text.ts'
import { createBlobDownload } from '../../../src/workers/blob-download.ts'
import type { Lending } from '../../../src/workers/lending.ts'
import { selfTest } from '../../../src/workers/self-test.ts'
import { startSessions, type WorkerLoop } from '../../../src/workers/session.ts'
import { work } from '../../../src/workers/work.ts'
import { devSource } from '../../support/attested.ts'
import { ECHO_SPEECH, ECHO_WEIGHTS, echoLending } from '../../support/echo-lending.ts'
import {
  JOIN,
  readResult,
  type ScriptedGateway,
  scriptedGateway,
} from '../../support/scripted-gateway.ts'

const logLines: string[] = []
const log = createLog(
  'worker',
  (line) => void logLines.push(line),
  () => systemClock.now(),
)
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

async function startGateway(net?: Net): Promise<ScriptedGateway> {
  const gateway = await scriptedGateway(net ? { net } : {})
  closers.push(() => gateway.close())
  return gateway
}

function startWorker(
  gateway: ScriptedGateway,
  options: { lending?: Lending; join?: string; brokerKey?: string; net?: Net } = {},
): WorkerLoop {
  const net = options.net ?? 'devnet'
  const lending = options.lending ?? echoLending()
  const clock = systemClock
  const download = createBlobDownload({ clock, gatewayUrl: () => loop.url() })
  const loop: WorkerLoop = startSessions({
    net,
    broker: pinBroker(options.brokerKey ?? gateway.identity.publicKey),
    join: Secret.of(options.join ?? JOIN),
    source: devSource(),
    build: '0.0.0',
    urls: [gateway.url],
    lending,
    work: (session, job) => work({ net, lending, download, clock, log }, session, job),
    clock,
    log,
  })
  closers.push(() => loop.drain(0))
  return loop
}

async function connected(options: Parameters<typeof startWorker>[1] = {}) {
  const gateway = await startGateway(options.net)
  const loop = startWorker(gateway, options)
  const peer = await gateway.peer()
  const session = await peer.admit()
  await peer.next('ready')
  return { gateway, loop, peer, session }
}

/** A gate that engines wait at until the test opens it. */
function gate() {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  let reached: () => void = () => undefined
  const arrived = new Promise<void>((resolve) => {
    reached = resolve
  })
  const before = async (signal: AbortSignal): Promise<void> => {
    reached()
    const aborted = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve()),
    )
    await Promise.race([opened, aborted])
  }
  return { before, open: () => open(), arrived }
}

describe('a worker', () => {
  it('is admitted, answers a job under a key of its own and signs a receipt the gateway can check', async () => {
    const { gateway, peer, session } = await connected()
    const leasedAtMs = systemClock.now()
    const leased = await gateway.lease(session)

    peer.send(leased.frame)
    const { header } = await peer.next('stream')
    const answer = await peer.next('result')

    const { result, draft } = readResult(leased, session, { header, messages: peer.takeChunks() })
    const output = JSON.parse(Buffer.from(result.content.reveal()).toString('utf8'))
    expect(output).toMatchObject({ v: 1, task: 'translate', text: 'bonjour' })
    expect(draft.length).toBeGreaterThan(0)
    expect(answer).toMatchObject({ job: leased.job, attempt: 1, header })
    const receipt = checkReceipt(answer.receipt, {
      net: 'devnet',
      aud: gateway.identity.kid,
      job: leased.job,
      attempt: 1,
      epoch: 1,
      evidenceId: session.evidenceId,
      task: 'translate',
      model: leased.envelope.model,
      weights: ECHO_WEIGHTS,
      envHash: leased.envHash,
      inputHash: leased.inputHash,
      outputHash: result.outputHash,
      streamHash: result.streamHash,
      shownHash: shownHash('bonjour', result.salt, nodeHashes),
      signing: createVerifier(session.publicKeys.signing),
      signingKeyId: session.publicKeys.signingKeyId,
      keysetDigest: session.claims.keyset,
      leasedAtMs,
      nowMs: systemClock.now(),
      maxUnits: { ...noUnits, inTokens: 1000, outTokens: 1000 },
    })
    expect(receipt.units).toEqual(answer.units)
  })

  it('names its running jobs in every ping and forgets them with the ack', async () => {
    const { before, arrived, open } = gate()
    const { gateway, peer, session } = await connected({ lending: echoLending({ before }) })
    const leased = await gateway.lease(session)

    peer.send(leased.frame)
    await arrived
    const during = await peer.next('ping')
    open()
    await peer.next('result')
    peer.send({ type: 'ack', job: leased.job, attempt: 1, ok: true })
    const seen = [during.running.length]
    while (seen.at(-1) !== 0) seen.push((await peer.next('ping')).running.length)

    expect(during.running).toEqual([{ job: leased.job, attempt: 1 }])
  })

  it('comes back after a cut connection and says an unacknowledged answer again', async () => {
    const { gateway, peer, session } = await connected()
    const leased = await gateway.lease(session)
    peer.send(leased.frame)
    const first = await peer.next('result')

    peer.cut()
    const again = await gateway.peer()
    const renewed = await again.admit()
    const ready = await again.next('ready')
    const { header } = await again.next('stream')
    const second = await again.next('result')

    expect(renewed.kid).toBe(session.kid)
    expect(ready.running).toEqual([{ job: leased.job, attempt: 1 }])
    expect(second).toEqual(first)
    const { result } = readResult(leased, session, { header, messages: again.takeChunks() })
    expect(Buffer.from(result.content.reveal()).toString('utf8')).toContain('bonjour')
  })

  it('goes on with a running job while the connection is away', async () => {
    const { before, arrived, open } = gate()
    const { gateway, peer, session } = await connected({ lending: echoLending({ before }) })
    const leased = await gateway.lease(session)
    peer.send(leased.frame)
    await arrived

    peer.cut()
    open()
    const again = await gateway.peer()
    await again.admit()
    const { header } = await again.next('stream')
    await again.next('result')

    const { result } = readResult(leased, session, { header, messages: again.takeChunks() })
    expect(result.content.size).toBeGreaterThan(0)
  })

  it('answers a cancel within a second even while its engine does not listen', async () => {
    const never = new Promise<void>(() => undefined)
    const { gateway, peer, session } = await connected({
      lending: echoLending({ before: () => never }),
    })
    const leased = await gateway.lease(session)
    peer.send(leased.frame)
    await peer.next('stream')

    const asked = performance.now()
    peer.send({ type: 'cancel', job: leased.job, attempt: 1, reason: 'user' })
    const fail = await peer.next('fail')

    expect(fail).toMatchObject({ job: leased.job, attempt: 1, code: 'job.cancelled' })
    // 0.8 s of the worker's own, and room for a busy machine.
    expect(performance.now() - asked).toBeLessThan(3000)
  })

  it('stops and forgets an attempt that the gateway has fenced', async () => {
    const { before, arrived } = gate()
    const { gateway, peer, session } = await connected({ lending: echoLending({ before }) })
    const leased = await gateway.lease(session)
    peer.send(leased.frame)
    await arrived
    await peer.next('stream')

    peer.send({ type: 'ack', job: leased.job, attempt: 1, ok: false, code: 'release.fenced' })
    let running = 1
    while (running > 0) running = (await peer.next('ping')).running.length

    const next = await gateway.lease(session, { fields: { job: leased.job }, attempt: 2 })
    peer.send(next.frame)
    expect(await peer.next('stream')).toMatchObject({ job: leased.job, attempt: 2 })
  })

  it('refuses an attempt that is not later than one it has seen', async () => {
    const { gateway, peer, session } = await connected()
    const job = newJobId()
    const later = await gateway.lease(session, { fields: { job }, attempt: 2 })
    const earlier = await gateway.lease(session, { fields: { job }, attempt: 1 })
    const other = await gateway.lease(session)

    peer.send(later.frame)
    expect(await peer.next('stream')).toMatchObject({ job, attempt: 2 })
    peer.send(earlier.frame)
    peer.send(later.frame)
    peer.send(other.frame)

    expect(await peer.next('stream')).toMatchObject({ job: other.job, attempt: 1 })
  })

  it('leaves a gateway whose lease is not signed by the pinned broker', async () => {
    const { gateway, peer, session } = await connected()
    const { frame } = await gateway.lease(session)
    const forged = identityOf(randomBytes(32)).signLease(frame)

    peer.send(forged)

    expect(await peer.closed).toBe(4400)
    expect(peer.takeChunks()).toEqual([])
  })

  it('leaves a gateway whose signed lease was changed on the way', async () => {
    const { gateway, peer, session } = await connected()
    const { frame } = await gateway.lease(session)

    peer.send({ ...frame, ttlMs: frame.ttlMs + 1 })

    expect(await peer.closed).toBe(4400)
  })

  it('gives its evidence only to the pinned broker', async () => {
    const gateway = await startGateway()
    startWorker(gateway, { brokerKey: identityOf(randomBytes(32)).publicKey })
    const peer = await gateway.peer()

    await expect(peer.admit()).rejects.toThrow('before evidence')
  })

  it('with a wrong join token or of another net is refused and tries again later', async () => {
    const gateway = await startGateway()
    startWorker(gateway, { join: 'another-token-entirely' })
    await expect((await gateway.peer()).admit()).rejects.toThrow('admission.join')
    await expect((await gateway.peer()).admit()).rejects.toThrow('admission.join')

    const foreign = await startGateway()
    startWorker(foreign, { net: 'testnet' })
    await expect((await foreign.peer()).admit()).rejects.toThrow('net.mismatch')
  })

  it('says only a code when a job does not open, its model is absent, its input is wrong, or the engine crashes', async () => {
    const crash = new Error('the user wrote SECRET')
    const { gateway, peer, session } = await connected({ lending: echoLending({ failure: crash }) })
    const cases = [
      [await gateway.lease(session), 'engine.crash'],
      [await gateway.lease(session, { fields: { model: 'absent' as never } }), 'models.absent'],
      [await gateway.lease(session, { fields: { task: 'dance' } }), 'input.task-unknown'],
      [await gateway.lease(session, { content: 'not JSON SECRET' }), 'input.unsupported'],
      [
        await gateway.lease(session, { frame: { wrap: Buffer.alloc(48).toString('base64url') } }),
        'engine.key-open',
      ],
      [
        await gateway.lease(session, {
          fields: { exp: past(1), iat: past(100) },
        }),
        'job.cancelled',
      ],
    ] as const

    for (const [{ frame, job }, code] of cases) {
      peer.send(frame)
      expect(await peer.next('fail')).toMatchObject({ job, code })
      peer.send({ type: 'ack', job, attempt: 1, ok: true })
    }
    expect(logLines.join('')).not.toContain('SECRET')
  })

  it('opens sound chunk by chunk over HTTP and resumes a transfer that broke', async () => {
    const { gateway, peer, session } = await connected()
    const cek = newCek()
    const id = newBlobId()
    const sound = randomBytes(300_000)
    const sealed = await sealWhole(cek, id, sound)
    const ranges: (string | undefined)[] = []
    gateway.http.on('request', (request, response) => {
      if (request.headers.authorization !== 'Bearer the-token') {
        response.writeHead(404).end()
        return
      }
      const { range } = request.headers
      ranges.push(range)
      const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
      response.writeHead(range ? 206 : 200, { 'content-length': sealed.bytes.length - from })
      if (range) response.end(sealed.bytes.subarray(from))
      else response.write(sealed.bytes.subarray(0, 100_000), () => response.destroy())
    })
    const leased = await gateway.lease(session, {
      cek,
      attached: sealed.attached,
      content: '{"v":1,"maxSeconds":60}',
      fields: { task: 'transcribe', model: ECHO_SPEECH },
      frame: { blobToken: 'the-token' },
    })

    peer.send(leased.frame)
    const { header } = await peer.next('stream')
    await peer.next('result')

    const { result } = readResult(leased, session, { header, messages: peer.takeChunks() })
    expect(Buffer.from(result.content.reveal()).toString('utf8')).toContain('heard 300000 bytes')
    expect(ranges[0]).toBeUndefined()
    expect(ranges[1]).toMatch(/^bytes=\d+-$/)
  })

  it('fails a job whose sound the gateway does not have', async () => {
    const { gateway, peer, session } = await connected()
    gateway.http.on('request', (_request, response) => void response.writeHead(404).end())
    const cek = newCek()
    const { attached } = await sealWhole(cek, newBlobId(), randomBytes(10))
    const leased = await gateway.lease(session, {
      cek,
      attached,
      content: '{"v":1,"maxSeconds":60}',
      fields: { task: 'transcribe', model: ECHO_SPEECH },
      frame: { blobToken: 'a-token' },
    })

    peer.send(leased.frame)

    expect(await peer.next('fail')).toMatchObject({ code: 'stores.lost' })
  })

  it('whose model gives no answer names it with its code and offers the others', async () => {
    const broken = echoLending({ failure: new AppError('engine.oom') })
    const signal = new AbortController().signal
    const gateway = await startGateway()
    startWorker(gateway, { lending: await selfTest(broken, { clock: systemClock, log, signal }) })
    const peer = await gateway.peer()
    await peer.admit()

    const ready = await peer.next('ready')

    expect(ready.models.map(({ id }) => id)).toEqual([ECHO_SPEECH])
    expect(ready.failed).toEqual([{ id: 'echo-text', code: 'engine.oom' }])
    expect(logLines.join('\n')).toContain('self-test.failed')
  })

  it('that drains takes no new jobs, finishes what runs and leaves', async () => {
    const { before, arrived, open } = gate()
    const { gateway, peer, session, loop } = await connected({ lending: echoLending({ before }) })
    const leased = await gateway.lease(session)
    peer.send(leased.frame)
    await arrived

    const drained = loop.drain(30_000)
    await peer.next('drain')
    open()
    await peer.next('result')
    peer.send({ type: 'ack', job: leased.job, attempt: 1, ok: true })
    await drained

    expect(await peer.closed).toBe(4503)
  })

  it('ends a job at its deadline', async () => {
    const { before } = gate()
    const { gateway, peer, session } = await connected({ lending: echoLending({ before }) })
    const leased = await gateway.lease(session, { frame: { ttlMs: 50 } })

    peer.send(leased.frame)

    expect(await peer.next('fail')).toMatchObject({ job: leased.job, code: 'job.cancelled' })
  })

  it('takes new keys in the middle of a connection without losing what runs', async () => {
    const { before, arrived, open } = gate()
    const { gateway, peer, session } = await connected({ lending: echoLending({ before }) })
    const leased = await gateway.lease(session)
    peer.send(leased.frame)
    await arrived

    const renewed = await gateway.readmit(peer)
    open()
    const { header } = await peer.next('stream')
    await peer.next('result')
    readResult(leased, session, { header, messages: peer.takeChunks() })
    peer.send({ type: 'ack', job: leased.job, attempt: 1, ok: true })
    const second = await gateway.lease(renewed)
    peer.send(second.frame)

    expect(await peer.next('result')).toMatchObject({ job: second.job })
    expect(renewed.evidenceId).not.toBe(session.evidenceId)
  })

  it('whose engine fails keeps its message out of the frame', async () => {
    const failure = new AppError('engine.oom')
    const { gateway, peer, session } = await connected({ lending: echoLending({ failure }) })

    peer.send((await gateway.lease(session)).frame)

    const fail = await peer.next('fail')
    expect(Object.keys(fail).toSorted()).toEqual(['attempt', 'code', 'job', 'type'])
    expect(fail.code).toBe('engine.oom')
  })
})

const past = (seconds: number): number => Math.floor(systemClock.now() / 1000) - seconds

async function sealWhole(cek: Uint8Array, id: ReturnType<typeof newBlobId>, sound: Uint8Array) {
  async function* source(): AsyncGenerator<Uint8Array> {
    yield sound
  }
  const seal = sealBlob({ cek, id, source: source(), maxBytes: 10_000_000 })
  const chunks: Uint8Array[] = []
  for await (const chunk of seal.chunks) chunks.push(chunk)
  return { bytes: Buffer.concat(chunks), attached: seal.summary() }
}
