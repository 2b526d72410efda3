/** @module The worker gateway: sockets in front, the queue behind, the key broker between. */
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { AppError } from '../core/app-error.ts'
import type { Clock } from '../core/clock.ts'
import type { Net } from '../core/config.ts'
import { describe } from '../core/describe.ts'
import { BYE } from '../core/frames.ts'
import type { PoolId } from '../core/ids.ts'
import type { Log } from '../core/log.ts'
import type { Database } from '../db/database.ts'
import { createTurnstile } from '../queue/admission.ts'
import type { Blobs } from '../queue/blobs.ts'
import {
  decodeGatewayMessage,
  encodeGatewayMessage,
  frontChannel,
  gatewaysChannel,
} from '../queue/channels.ts'
import { createSweepStore } from '../queue/desk-store.ts'
import { createFairness } from '../queue/fairness.ts'
import { knownPools, markGone, rememberPool } from '../queue/lease-registry.ts'
import { createLeaseStore } from '../queue/lease-store.ts'
import type { MoneyPort } from '../queue/money-port.ts'
import { createPoolQueues } from '../queue/pool-queue.ts'
import type { RedisLink } from '../queue/redis.ts'
import { createReleaseStore } from '../queue/release-store.ts'
import { openShard } from '../queue/shard.ts'
import { startSweeps } from '../queue/sweeps.ts'
import type { Admission } from '../tee/admission/admission.ts'
import { networkOf } from '../tee/admission/hardware.ts'
import type { Identity } from '../tee/keys/identity.ts'
import type { Keks } from '../tee/keys/kek.ts'
import { createAcceptor } from './accept.ts'
import { createAdoption } from './adoption.ts'
import { serveBlob } from './blob-endpoint.ts'
import { createBreaker } from './breaker.ts'
import { createBroker } from './broker.ts'
import { createPayDesk } from './earnings.ts'
import { createHttp, type Route } from './http.ts'
import { createLeaseBook, type PayPort } from './lease-book.ts'
import { createLeaseDrops } from './lease-drops.ts'
import { createLeasing, entryOf } from './leasing.ts'
import type { MachineWatch } from './machines.ts'
import { createRecount, type TokenCounter } from './recount.ts'
import { maxFrameBytes } from './socket-limits.ts'
import { startUpkeep, type Watched } from './upkeep.ts'
import type { Lease, Worker } from './worker.ts'
import { createWorkerDesk } from './worker-desk.ts'

export interface GatewayDeps {
  readonly net: Net
  readonly db: Database
  readonly redis: RedisLink
  readonly blobs: Blobs
  readonly keks: Keks
  readonly identity: Identity
  readonly admission: Admission
  /** Tells owners of their machines. */
  readonly machines?: MachineWatch
  /** The ledger that jobs are paid through; absent: nobody pays. */
  readonly money?: MoneyPort
  /** With `money`: how answers are counted, and who earns. */
  readonly pay?: { readonly counterOf: TokenCounter } & Pick<PayPort, 'payeeOf'>
  /** Where workers' owners are paid: what workers are told, and the note to each pay. */
  readonly earnings?: Pick<Parameters<typeof createPayDesk>[0], 'vouchers' | 'noteOf' | 'everyMs'>
  /** What the same port serves beside workers. */
  readonly routes?: readonly Route[]
  readonly clock: Clock
  readonly log: Log
}

export interface Gateway {
  /** Binds; `port` 0 takes any. Throws `config.port-in-use`. Returns the port. */
  listen(port: number, host: string): Promise<number>
  /** Takes no new jobs, waits up to `graceMs` for leases, and leaves the rest to be taken over. */
  drain(graceMs: number): Promise<void>
  /** Workers that are connected and admitted now. */
  workers(): number
  /** Join tokens changed: whose worker may go on, and what its owner wants of it. */
  heedTokens(): void
  /** What judges workers changed: all of them are judged and asked again. */
  judgeAgain(): void
}

/** Builds the gateway; nothing is fetched before a worker is admitted. */
export async function createGateway(deps: GatewayDeps): Promise<Gateway> {
  const { net, db, redis, blobs, identity, clock, log } = deps
  const gateway = randomBytes(8).toString('hex')
  const store = createLeaseStore(db, deps.money)
  const sweepStore = createSweepStore(db, deps.money)
  const queues = createPoolQueues(redis)
  const fairness = createFairness(redis)
  const find = sweepStore.find
  const turnstile = createTurnstile({ link: redis, queues, fairness, blobs, log, find })
  const breaker = createBreaker(clock)
  const workers = new Set<Worker>()
  const connections = new Set<Watched>()
  let closing = false

  const quietly = (step: Promise<unknown>): void => {
    step.catch((error: unknown) => {
      if (!closing) log.failure('redis.step-failed', describe(error))
    })
  }
  const wakeAll = (pool: PoolId): void =>
    quietly(redis.commands.publish(gatewaysChannel, encodeGatewayMessage({ kind: 'wake', pool })))
  const drops = createLeaseDrops({ redis, clock, quietly })
  const releases = createReleaseStore(db)
  const { keks } = deps
  const pay: PayPort | undefined = deps.pay && {
    payeeOf: deps.pay.payeeOf,
    recount: createRecount({ net, keks, counterOf: deps.pay.counterOf, clock, log }),
  }
  const broker = createBroker({
    net,
    store,
    releases,
    keks,
    identity,
    ...(pay && { recount: pay.recount }),
    clock,
    log,
  })
  const payDesk =
    deps.earnings &&
    createPayDesk({ ...deps.earnings, workers, renew: () => acceptor.judgeAgain(), clock, log })
  const book = createLeaseBook({
    ...(payDesk && { payDesk }),
    net,
    store,
    turnstile,
    breaker,
    identity,
    ...(pay && { pay }),
    clock,
    log,
    publish: (lease, message) =>
      quietly(redis.commands.publish(frontChannel(lease.open.front), message)),
    onDropped: (lease) => drops.add(lease.open.place.pool, entryOf(lease, gateway)),
    onChange: (pool, why) => {
      leasing.slotFreed(pool)
      if (why === 'job') wakeAll(pool)
    },
  })
  const leasing = createLeasing({
    gateway,
    workers,
    redis,
    store,
    turnstile,
    broker,
    book,
    breaker,
    clock,
    log,
    openShard: async (pool) => {
      await rememberPool(redis, pool)
      return openShard(redis, pool, clock)
    },
  })
  const adoption = createAdoption({ gateway, redis, store, broker, book, leasing, clock, log })
  const desk = createWorkerDesk({
    book,
    leasing,
    adoption,
    workers,
    clock,
    log,
    ...(deps.machines && { machines: deps.machines }),
  })
  const unsubscribe = await redis.subscribe(gatewaysChannel, (bytes) => {
    const message = decodeGatewayMessage(bytes)
    if (message?.kind === 'wake') quietly(leasing.wake(message.pool))
    const lease: Lease | undefined =
      message?.kind === 'ended' ? book.all.get(message.job) : undefined
    if (message?.kind === 'ended' && lease) book.cancel(lease, message.reason)
  })
  for (const pool of await knownPools(redis)) leasing.serve(pool)
  const upkeep = startUpkeep({
    gateway,
    redis,
    store,
    book,
    leasing,
    connections,
    wake: wakeAll,
    clock,
    log,
  })
  const sweeps = startSweeps({
    store: sweepStore,
    turnstile,
    queues,
    fairness,
    blobs,
    redis,
    clock,
    log,
  })

  const acceptor = createAcceptor({
    admission: deps.admission,
    ...(payDesk && { payDesk }),
    ...(deps.machines && { machines: deps.machines }),
    desk,
    connections,
    isClosing: () => closing,
    clock,
    log,
  })

  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
  })
  const serveBlobs: Route = async ({ request, response, path }) => {
    if (!path.startsWith('/blobs/')) return false
    await serveBlob({ request, response }, { blobs, leases: book.all.values() })
    return true
  }
  const server = createServer(createHttp([serveBlobs, ...(deps.routes ?? [])], log))
  server.on('upgrade', (request, socket, head) => {
    if (request.url !== '/v1/connect' || closing) {
      socket.destroy()
      return
    }
    const network = networkOf(request.socket.remoteAddress ?? '')
    sockets.handleUpgrade(request, socket, head, (it) => acceptor.accept(it, network))
  })

  return {
    listen: (port, host) => bind(server, port, host),
    workers: () => [...workers].filter((worker) => worker.pools.size > 0).length,
    judgeAgain: () => acceptor.judgeAgain(),
    heedTokens: () => acceptor.heedTokens(),
    drain: async (graceMs) => {
      leasing.stop()
      for (const worker of workers) worker.send({ type: 'drain' })
      const until = clock.now() + graceMs
      while (book.all.size > 0 && clock.now() < until) await clock.sleep(50)
      closing = true
      for (const worker of workers) worker.close(BYE.draining)
      unsubscribe()
      await payDesk?.close()
      await drops.flush()
      await upkeep.close()
      await sweeps.close()
      quietly(markGone(redis, gateway))
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      server.closeAllConnections()
      server.close()
      await leasing.close()
      await broker.close()
      await queues.close()
    },
  }
}

function bind(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new AppError('config.port-in-use', { port }, { cause })))
    server.listen(port, host, () => {
      const address: string | AddressInfo | null = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}
