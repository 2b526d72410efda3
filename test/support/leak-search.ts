/** @module Every place of a deployment where words could be left: outputs, Redis, pub/sub, its file, rows, folders. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Deployment } from './deployment.ts'
import type { Leak, Markers } from './markers.ts'

/** Hears everything that is published from now on, also after Redis was away. */
export class ChannelWatch {
  readonly #redis: Redis
  readonly #heard: Buffer[] = []

  private constructor(redis: Redis) {
    this.#redis = redis
    redis.on('error', () => undefined)
    redis.on('pmessageBuffer', (_pattern: Buffer, channel: Buffer, message: Buffer) => {
      this.#heard.push(channel, Buffer.from('\n'), message, Buffer.from('\n'))
    })
  }

  static async start(url: string): Promise<ChannelWatch> {
    const watch = new ChannelWatch(new Redis(url, { retryStrategy: () => 50 }))
    await watch.#redis.psubscribe('*')
    return watch
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#heard)
  }

  /** How many parts were heard; for a wait. */
  get size(): number {
    return this.#heard.length
  }

  stop(): void {
    this.#redis.disconnect()
  }
}

/** Reads all places but outputs and channels as they are at this moment, and gives the leaks it found. */
export async function searchStores(deployment: Deployment, markers: Markers): Promise<Leak[]> {
  const leaks = [
    ...markers.leaksIn('redis', await dumpRedis(deployment)),
    ...(await searchRows(deployment, markers)),
  ]
  const folders = {
    'redis file': deployment.redis.folder,
    'database files': deployment.postgres.folder,
    'data folder': deployment.data,
    'temporary folder': deployment.tmp,
    'shared memory': '/dev/shm',
  }
  for (const [place, folder] of Object.entries(folders))
    for (const file of filesBelow(folder)) leaks.push(...searchFile(markers, { place, file }))
  return leaks
}

/** Everything there is to search. */
export async function searchAll(
  deployment: Deployment,
  markers: Markers,
  watch: ChannelWatch,
): Promise<Leak[]> {
  const outputs = [...deployment.outputs()].flatMap(([name, text]) =>
    markers.leaksIn(`output of ${name}`, Buffer.from(text)),
  )
  return [
    ...outputs,
    ...markers.leaksIn('channels', watch.bytes),
    ...(await searchStores(deployment, markers)),
  ]
}

async function dumpRedis(deployment: Deployment): Promise<Buffer> {
  const redis = new Redis(deployment.redis.url)
  redis.on('error', () => undefined)
  try {
    const parts: string[] = []
    for (const key of await redis.keys('*')) parts.push(key, await valueOf(redis, key))
    return Buffer.from(parts.join('\n'))
  } finally {
    redis.disconnect()
  }
}

async function valueOf(redis: Redis, key: string): Promise<string> {
  switch (await redis.type(key)) {
    case 'string':
      return (await redis.get(key)) ?? ''
    case 'hash':
      return JSON.stringify(await redis.hgetall(key))
    case 'list':
      return JSON.stringify(await redis.lrange(key, 0, -1))
    case 'set':
      return JSON.stringify(await redis.smembers(key))
    case 'zset':
      return JSON.stringify(await redis.zrange(key, '0', '-1'))
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'))
    default:
      // Gone in between.
      return ''
  }
}

async function searchRows(deployment: Deployment, markers: Markers): Promise<Leak[]> {
  const tables = await deployment.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  )
  const leaks: Leak[] = []
  for (const { name } of tables) {
    for (const row of await deployment.query<Record<string, unknown>>(`SELECT * FROM "${name}"`))
      for (const [column, value] of Object.entries(row))
        leaks.push(...markers.leaksIn(`rows: ${name}.${column}`, bytesOf(value)))
  }
  return leaks
}

/** `bytea` as it is, so that a form inside a form is seen; anything else as text. */
const bytesOf = (value: unknown): Buffer =>
  Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value) ?? '')

function searchFile(markers: Markers, it: { place: string; file: string }): Leak[] {
  const { place, file } = it
  const named = markers.leaksIn(`${place}: a name`, Buffer.from(file))
  try {
    return [...named, ...markers.leaksIn(place, readFileSync(file))]
  } catch {
    // Gone in between.
    return named
  }
}

function filesBelow(folder: string): string[] {
  const found: string[] = []
  for (const entry of readSafely(folder)) {
    const path = join(folder, entry)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat?.isDirectory() === true) found.push(...filesBelow(path))
    else if (stat?.isFile() === true) found.push(path)
  }
  return found
}

function readSafely(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
