/** Desk, gateway and workers over real Redis, a real database and real sockets, in one process. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { Net } from '../../src/core/config.ts'
import { isFrontId, parseId } from '../../src/core/ids.ts'
import { Plaintext } from '../../src/core/plaintext.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { createDeskSealing } from '../../src/gateway/desk-sealing.ts'
import { createGateway, type Gateway, type GatewayDeps } from '../../src/gateway/gateway.ts'
import { createFileBlobs } from '../../src/queue/blobs.ts'
import { createDesk, type OwnedDesk } from '../../src/queue/desk.ts'
import type { Finished, JobRequest } from '../../src/queue/desk-port.ts'
import { connectRedis } from '../../src/queue/redis.ts'
import type { TaskOutput } from '../../src/tasks/task.ts'
import { createJoinTokens, ownToken } from '../../src/tee/admission/join.ts'
import { openIdentity } from '../../src/tee/keys/identity.ts'
import { createKeks } from '../../src/tee/keys/kek.ts'
import { type TestAttestation, testAdmission, testAttestation } from './attested.ts'
import { keptLog, openTestDatabase, startTestRedis, type TestRedis, tempFolder } from './stores.ts'
import { ECHO_MODEL, startTestWorker, type TestWorkerOptions } from './test-worker.ts'

interface Delivered {
  readonly finished: Finished
  /** Text of the answer; empty without one. */
  readonly text: string
}

export interface TestFront {
  readonly desk: OwnedDesk
  readonly delivered: Delivered[]
  /** The delivery of a job, when it comes. */
  of(job: string): Delivered | undefined
}

export const JOIN = 'join-token-for-the-tests-of-the-gateway'

export async function openWorld(
  options: {
    startDeliveries?: boolean
    databaseUrl?: string
    /** In place of a fresh one; closed with the world. */
    database?: Database
    net?: Net
    /** What workers are judged by. */
    attestation?: TestAttestation
    /** Join tokens beside `JOIN`. */
    joins?: readonly string[]
    /** What the gateways see of the database. */
    wrapDatabase?: (db: Database) => Database
    /** The ledger that jobs are paid through; workers' counts are checked and paid by `pay`. */
    openMoney?: (db: Database) => Promise<Pick<GatewayDeps, 'money' | 'pay' | 'earnings'>>
    /** Where the owner of all tokens is paid. */
    payout?: string
  } = {},
) {
  const redis: TestRedis = await startTestRedis()
  const db: Database =
    options.database ??
    (options.databaseUrl === undefined
      ? await openTestDatabase()
      : await openDatabase({ url: options.databaseUrl, clock: systemClock }))
  const paid = await options.openMoney?.(db)
  const data = tempFolder('data')
  const { log, lines } = keptLog()
  const clock = systemClock
  const identity = openIdentity(join(data, 'keys'))
  const keks = createKeks({ folder: join(data, 'kek'), net: 'devnet', clock })
  const ownerKey = randomBytes(32)
  const closers: (() => Promise<unknown>)[] = []
  const blobs = createFileBlobs({ folder: join(data, 'blobs') })
  const net = options.net ?? 'devnet'
  const attestation = options.attestation ?? testAttestation({ net })

  const openFront = async (
    name = 'bot-1',
    deliver: (finished: Finished, text: string) => Promise<void> = async () => undefined,
    more: { bot?: string; clock?: Clock } = {},
  ): Promise<TestFront> => {
    const link = await connectRedis(redis.url, log)
    const sealing = createDeskSealing({ net: 'devnet', keks, brokerKid: identity.kid })
    const desk = await createDesk({
      front: parseId(name, isFrontId),
      db,
      redis: link,
      sealing,
      blobs,
      ownerKey,
      ...(paid?.money && { money: paid.money }),
      clock,
      log,
      ...more,
    })
    const delivered: Delivered[] = []
    if (options.startDeliveries ?? true)
      desk.startDeliveries(async (finished) => {
        const text = finished.state === 'done' ? textOf(finished.output) : ''
        await deliver(finished, text)
        delivered.push({ finished, text })
      })
    let open = true
    const close = async (): Promise<void> => {
      if (!open) return
      open = false
      await desk.close()
      await link.close()
    }
    closers.push(close)
    return {
      desk: { ...desk, close },
      delivered,
      of: (job) => delivered.find(({ finished }) => finished.job === job),
    }
  }

  const openGateway = async (
    wanted = 0,
  ): Promise<{
    gateway: Gateway
    url: string
    port: number
    stop(graceMs?: number): Promise<void>
  }> => {
    const link = await connectRedis(redis.url, log)
    const tokens = [JOIN, ...(options.joins ?? [])].map(ownToken)
    const { payout = '' } = options
    const joins = createJoinTokens(
      tokens.map((token) => ({ ...token, payout })),
      clock,
    )
    const admission = testAdmission({
      identity,
      net,
      joins,
      attestation,
      ...(paid?.earnings && {
        payTerms: async () => paid.earnings?.vouchers.terms(payout.slice(2)),
      }),
    })
    const gateway = await createGateway({
      net,
      db: options.wrapDatabase?.(db) ?? db,
      redis: link,
      blobs,
      keks,
      identity,
      admission,
      ...paid,
      clock,
      log,
    })
    attestation.onChange(() => gateway.judgeAgain())
    const port = await gateway.listen(wanted, '127.0.0.1')
    let open = true
    const stop = async (graceMs = 0): Promise<void> => {
      if (!open) return
      open = false
      await gateway.drain(graceMs)
      await link.close()
    }
    closers.push(stop)
    return { gateway, port, url: `ws://127.0.0.1:${port}/v1/connect`, stop }
  }

  const openWorker = (
    url: string,
    more: Partial<TestWorkerOptions> = {},
  ): ReturnType<typeof startTestWorker> => {
    const { payout = '' } = options
    const worker = startTestWorker({
      url,
      brokerKey: identity.publicKey,
      join: JOIN,
      payout,
      ...more,
    })
    closers.push(() => worker.stop())
    return worker
  }

  return {
    redis,
    db,
    data,
    attestation,
    keks,
    identity,
    blobs,
    lines,
    openFront,
    openGateway,
    openWorker,
    close: async () => {
      for (const close of closers.toReversed()) await close()
      keks.close()
      await db.close()
      await redis.stop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

export type World = Awaited<ReturnType<typeof openWorld>>

const textOf = (output: Plaintext): string =>
  (JSON.parse(Buffer.from(output.reveal()).toString('utf8')) as TaskOutput).text

let requests = 0

/** A translation of `text` for the echo model. */
export const request = (text: string, change: Partial<JobRequest> = {}): JobRequest => ({
  task: 'translate',
  model: ECHO_MODEL,
  tier: 'simulated',
  content: Plaintext.of(JSON.stringify({ v: 1, text, to: 'en' })),
  owner: 'user-1',
  requestKey: `request-${requests++}`,
  class: 'interactive',
  deadlineMs: 120_000,
  ...change,
})
