/** @module The sealed line: desk and gateway in this process, real Redis, a worker process behind a real WebSocket. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Queue } from 'bullmq'
import { systemClock } from '../../src/core/clock.ts'
import { isFrontId, isModelId, type JobId, type ModelId, parseId } from '../../src/core/ids.ts'
import { createLog } from '../../src/core/log.ts'
import { Plaintext } from '../../src/core/plaintext.ts'
import { poolOf } from '../../src/core/tier.ts'
import type { Database } from '../../src/db/database.ts'
import { createDeskSealing } from '../../src/gateway/desk-sealing.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import { createFileBlobs } from '../../src/queue/blobs.ts'
import { createDesk } from '../../src/queue/desk.ts'
import type { Finished, JobClass, JobRequest } from '../../src/queue/desk-port.ts'
import { queueName, queuePrefix } from '../../src/queue/pool-queue.ts'
import { connectRedis } from '../../src/queue/redis.ts'
import { createJoinTokens, ownToken } from '../../src/tee/admission/join.ts'
import { openIdentity } from '../../src/tee/keys/identity.ts'
import { createKeks } from '../../src/tee/keys/kek.ts'
import { testAdmission } from '../support/attested.ts'
import { ECHO_TEXT } from '../support/echo-lending.ts'
import { tempFolder } from '../support/stores.ts'
import { until } from '../support/until.ts'
import { pileUp, type Requester } from './bare.ts'
import { type Child, startChild } from './child.ts'

const echoModel = parseId(ECHO_TEXT, isModelId)

interface Asked {
  readonly done: Promise<Finished & { readonly text: string }>
  readonly job: JobId
}

export interface Line extends Requester {
  /** Hands a request in; `done` resolves when its answer is delivered. */
  submit(request: JobRequest, onDraft?: (text: string) => void): Promise<Asked>
  /** Settings of a worker that finds this line. */
  readonly workerSettings: { readonly url: string; readonly join: string; readonly broker: string }
  /** Adds an echoing worker process and waits until it is admitted. */
  addEcho(slots: number, hangs?: 'hangs'): Promise<Child>
  cancel(job: JobId): Promise<boolean>
  /** Waits until so many workers are admitted. */
  admitted(workers: number): Promise<void>
}

const join20 = 'join-token-of-the-bench-0123456789'

export async function openLine(at: { redisUrl: string; db: Database }): Promise<Line> {
  const data = tempFolder('bench')
  const clock = systemClock
  const lines = process.env['BENCH_LOG'] === undefined ? () => undefined : console.error
  const log = createLog('bench', lines, () => clock.now())
  const identity = openIdentity(join(data, 'keys'))
  const keks = createKeks({ folder: join(data, 'kek'), net: 'devnet', clock })
  const blobs = createFileBlobs({ folder: join(data, 'blobs') })
  const { db } = at
  const deskLink = await connectRedis(at.redisUrl, log)
  const desk = await createDesk({
    front: parseId('bot-1', isFrontId),
    db,
    redis: deskLink,
    sealing: createDeskSealing({ net: 'devnet', keks, brokerKid: identity.kid }),
    blobs,
    ownerKey: randomBytes(32),
    maxWaiting: 1_000_000,
    clock,
    log,
  })
  const gatewayLink = await connectRedis(at.redisUrl, log)
  const joins = createJoinTokens([ownToken(join20)], clock)
  const gateway = await createGateway({
    net: 'devnet',
    db,
    redis: gatewayLink,
    blobs,
    keks,
    identity,
    admission: testAdmission({ identity, joins }),
    clock,
    log,
  })
  const port = await gateway.listen(0, '127.0.0.1')
  const url = `ws://127.0.0.1:${port}/v1/connect`
  const workers: Child[] = []
  const early = new Map<string, Finished & { text: string }>()
  const waiting = new Map<string, (finished: Finished & { text: string }) => void>()
  desk.startDeliveries(async (finished) => {
    const text =
      finished.state === 'done' ? Buffer.from(finished.output.reveal()).toString('utf8') : ''
    const answer = { ...finished, text }
    const resolve = waiting.get(finished.job)
    if (resolve) resolve(answer)
    else early.set(finished.job, answer)
  })

  const submit: Line['submit'] = async (request, onDraft) => {
    const { job } = await desk.submit(request)
    const stop = onDraft && desk.watch(job, { onDraft, onProgress: () => undefined })
    const done = Promise.withResolvers<Finished & { text: string }>()
    const known = early.get(job)
    early.delete(job)
    if (known) done.resolve(known)
    else waiting.set(job, done.resolve)
    void done.promise.finally(() => {
      waiting.delete(job)
      stop?.()
    })
    return { job, done: done.promise }
  }
  const admitted = async (count: number): Promise<void> => {
    await until('workers are admitted', () => gateway.workers() >= count, 60_000)
  }
  return {
    workerSettings: { url, join: join20, broker: identity.publicKey },
    submit,
    cancel: (job) => desk.cancel(job),
    admitted,
    ask: async (text, owner) => {
      const { done } = await submit(translation(text, { owner: `user-${owner}` }))
      const { state } = await done
      if (state !== 'done') throw new Error(`a job ended as ${state}`)
    },
    pile: async (jobs) => {
      const prefix = queuePrefix(poolOf(echoModel, 'simulated'))
      const queue = new Queue(queueName, { connection: { url: at.redisUrl }, prefix })
      await pileUp(queue, jobs)
      await queue.close()
    },
    addEcho: async (slots, hangs) => {
      const before = gateway.workers()
      const worker = await startChild('echo-worker.ts', {
        ECHO_URL: url,
        ECHO_JOIN: join20,
        ECHO_BROKER: identity.publicKey,
        ECHO_SLOTS: String(slots),
        ECHO_HANG: hangs ?? '',
      })
      workers.push(worker)
      await admitted(before + 1)
      return worker
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.stop()))
      await desk.close()
      await gateway.drain(0)
      await deskLink.close()
      await gatewayLink.close()
      keks.close()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** Words of a message of ordinary length. */
export const messageText =
  'The meeting moved to Thursday at half past nine; please bring the printed plan, the keys of the old house and, if you can, something to eat for everybody.'

let requests = 0

/** A translation for the echo model, unless `change` says otherwise. */
export const translation = (
  text: string,
  change: { owner?: string; class?: JobClass; model?: ModelId; from?: string; to?: string } = {},
): JobRequest => ({
  task: 'translate',
  model: change.model ?? echoModel,
  tier: 'simulated',
  content: Plaintext.of(
    JSON.stringify({
      v: 1,
      text,
      to: change.to ?? 'en',
      ...(change.from !== undefined && { from: change.from }),
    }),
  ),
  owner: change.owner ?? 'user-1',
  requestKey: `request-${requests++}`,
  class: change.class ?? 'interactive',
  deadlineMs: 600_000,
})
