/** @module Connections to one Redis: a fast-failing one for commands, one for pub/sub, and patient ones for blocking fetches. */
import { Redis } from 'ioredis'
import { AppError } from '../core/app-error.ts'
import { describe } from '../core/describe.ts'
import type { Log } from '../core/log.ts'

/** One Redis as the queue uses it. Nobody else holds a connection, and workers never do. */
export interface RedisLink {
  /** Fails at once while Redis is away: nothing waits in memory that could be lost with the process. */
  readonly commands: Redis
  /** Throws `stores.down` unless commands would be sent now. */
  assertUp(): void
  /** Listens on a channel until the returned function is called; survives reconnects. Messages may be lost. */
  subscribe(channel: string, onMessage: (message: Buffer) => void): Promise<() => void>
  /** A connection of its own for blocking commands, which waits for Redis to come back; the caller closes it. */
  openBlocking(): Redis
  close(): Promise<void>
}

/** 100 ms … 2 s: a restarted Redis is found again within two seconds. */
const retryStrategy = (times: number): number => Math.min(100 * times, 2000)
const connectMs = 10_000

/** Commands of one turn of the event loop leave in one write: each write is a system call, and they were a third of the gateway's time. */
class GatheringRedis extends Redis {
  #isGathering = false

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const [, pipeline] = args
    if (pipeline === undefined && this.status === 'ready' && !this.#isGathering) {
      const { stream } = this
      this.#isGathering = true
      stream.cork()
      process.nextTick(() => {
        this.#isGathering = false
        stream.uncork()
      })
    }
    return super.sendCommand(...args)
  }
}

interface Options {
  readonly enableOfflineQueue?: boolean
  readonly maxRetriesPerRequest: number | null
  readonly commandTimeout?: number
  readonly lazyConnect?: boolean
}

/** Connects; `url` is `redis://…`. Throws `stores.down` when Redis does not answer within 10 s. */
export async function connectRedis(url: string, log: Log): Promise<RedisLink> {
  const shared = { retryStrategy, connectTimeout: connectMs, lazyConnect: true }
  const open = (options: Options): Redis => {
    const redis = new GatheringRedis(url, { ...shared, ...options })
    redis.on('error', (error: unknown) => log.failure('redis.failed', describe(error)))
    return redis
  }
  const commands = open({
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 10_000,
  })
  const subscriber = open({ maxRetriesPerRequest: null })
  try {
    await Promise.all([commands.connect(), subscriber.connect()])
  } catch (cause) {
    commands.disconnect()
    subscriber.disconnect()
    throw new AppError('stores.down', { store: 'redis' }, { cause })
  }
  const listeners = new Map<string, Set<(message: Buffer) => void>>()
  subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) => {
    for (const listener of listeners.get(channel.toString()) ?? []) listener(message)
  })

  return {
    commands,
    assertUp: () => {
      if (commands.status !== 'ready') throw new AppError('stores.down', { store: 'redis' })
    },
    subscribe: async (channel, onMessage) => {
      const group = listeners.get(channel) ?? new Set()
      listeners.set(channel, group)
      group.add(onMessage)
      if (group.size === 1) await subscriber.subscribe(channel)
      return () => {
        group.delete(onMessage)
        if (group.size > 0 || listeners.get(channel) !== group) return
        listeners.delete(channel)
        // Away or closing: the subscription ends with the connection.
        subscriber.unsubscribe(channel).catch(() => undefined)
      }
    },
    openBlocking: () => open({ maxRetriesPerRequest: null, lazyConnect: false }),
    close: async () => {
      subscriber.disconnect()
      if (commands.status === 'ready') await commands.quit().catch(() => undefined)
      commands.disconnect()
    },
  }
}

/**
 * Refuses a Redis that would lose jobs: older than 6.2, evicting keys, or without persistence.
 * Throws `config.redis` with `want` naming what is missing.
 */
export async function checkRedis(link: RedisLink): Promise<void> {
  const info = await link.commands.info()
  const field = (name: string): string =>
    new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  const [major = 0, minor = 0] = field('redis_version').split('.').map(Number)
  if (major < 6 || (major === 6 && minor < 2))
    throw new AppError('config.redis', { want: 'redis-6.2-or-newer' })
  if (field('maxmemory_policy') !== 'noeviction')
    throw new AppError('config.redis', { want: 'maxmemory-policy-noeviction' })
  if (field('aof_enabled') !== '1' && !(await hasSnapshots(link)))
    throw new AppError('config.redis', { want: 'appendonly-yes' })
}

/** Hosted Redis may forbid CONFIG; then its provider's word is taken. */
async function hasSnapshots(link: RedisLink): Promise<boolean> {
  try {
    const reply: unknown = await link.commands.config('GET', 'save')
    return Array.isArray(reply) && reply[1] !== ''
  } catch {
    return true
  }
}
