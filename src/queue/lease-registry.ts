/** @module Which gateway holds which lease: a Redis hash per pool, from which a restarted or another gateway takes over (ENG B6). */
import { isJobId, isKid, isPoolId, type JobId, type Kid, type PoolId } from '../core/ids.ts'
import { queuePrefix } from './pool-queue.ts'
import type { RedisLink } from './redis.ts'

/** One lease as other gateways see it. The BullMQ token lets its holder extend or end the lock; it opens nothing. */
export interface LeaseEntry {
  readonly job: JobId
  readonly token: string
  readonly kid: Kid
  readonly attempt: number
  /** Random id of the gateway process. */
  readonly gateway: string
}

const keyOf = (pool: PoolId): string => `${queuePrefix(pool)}:leases`
const aliveKey = (gateway: string): string => `gateway:${gateway}`
/** Four renewals of 1 s may fail before the leases of a gateway are taken over. */
const aliveMs = 4000

const encode = ({ token, kid, attempt, gateway }: LeaseEntry): string =>
  `${gateway} ${kid} ${attempt} ${token}`

function decode(job: string, text: string): LeaseEntry | undefined {
  const [gateway = '', kid = '', attempt = '', token = ''] = text.split(' ')
  if (!isJobId(job) || !isKid(kid) || !/^\d{1,4}$/.test(attempt) || token === '') return undefined
  return { job, gateway, kid, attempt: Number(attempt), token }
}

/** All leases of a pool; malformed entries are left out. */
export async function readLeases(link: RedisLink, pool: PoolId): Promise<readonly LeaseEntry[]> {
  const found = await link.commands.hgetall(keyOf(pool))
  return Object.entries(found).flatMap(([job, text]) => decode(job, text) ?? [])
}

/** Writes entries, over whatever stood there. */
export async function writeLeases(
  link: RedisLink,
  pool: PoolId,
  entries: readonly LeaseEntry[],
): Promise<void> {
  if (entries.length === 0) return
  const fields = Object.fromEntries(entries.map((entry) => [entry.job, encode(entry)]))
  await link.commands.hset(keyOf(pool), fields)
}

/** Removes the entry only if it still is what the caller read: of two gateways one wins. */
export async function dropLease(
  link: RedisLink,
  pool: PoolId,
  entry: LeaseEntry,
): Promise<boolean> {
  const reply: unknown = await link.commands.eval(
    `if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('HDEL', KEYS[1], ARGV[1]) end return 0`,
    1,
    keyOf(pool),
    entry.job,
    encode(entry),
  )
  return reply === 1
}

/** Removes those of the entries that still are what the caller wrote, in one call. */
export async function dropLeases(
  link: RedisLink,
  pool: PoolId,
  entries: readonly LeaseEntry[],
): Promise<void> {
  await link.commands.eval(
    `for i = 1, #ARGV, 2 do if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end end`,
    1,
    keyOf(pool),
    ...entries.flatMap((entry) => [entry.job, encode(entry)]),
  )
}

/** Takes an entry over from a dead gateway; true for one caller only. */
export async function takeLease(
  link: RedisLink,
  pool: PoolId,
  { from, to }: { from: LeaseEntry; to: LeaseEntry },
): Promise<boolean> {
  const reply: unknown = await link.commands.eval(
    `if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) return 1 end return 0`,
    1,
    keyOf(pool),
    from.job,
    encode(from),
    encode(to),
  )
  return reply === 1
}

/** Says that this gateway lives; to be repeated every second. */
export const markAlive = async (link: RedisLink, gateway: string): Promise<void> => {
  await link.commands.set(aliveKey(gateway), '1', 'PX', aliveMs)
}

export const markGone = async (link: RedisLink, gateway: string): Promise<void> => {
  await link.commands.del(aliveKey(gateway))
}

export const isAlive = async (link: RedisLink, gateway: string): Promise<boolean> =>
  (await link.commands.exists(aliveKey(gateway))) === 1

/** Remembers a pool, so that a restarted gateway looks after its leases before any worker has come back. */
export const rememberPool = async (link: RedisLink, pool: PoolId): Promise<void> => {
  await link.commands.sadd('pools', pool)
}

export const knownPools = async (link: RedisLink): Promise<readonly PoolId[]> =>
  (await link.commands.smembers('pools')).filter(isPoolId)
