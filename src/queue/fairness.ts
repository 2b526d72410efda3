/** @module Fair admission: how many jobs of one owner may be on a pool's queue at once, and who waits (ENG B3). */
import { isJobId, type JobId, type OwnerId, type PoolId } from '../core/ids.ts'
import type { JobClass } from './desk-port.ts'
import { queuePrefix } from './pool-queue.ts'
import type { RedisLink } from './redis.ts'

/** Jobs of one owner on the queue at once, per class: a newcomer waits for at most U·k÷S job times. */
const capOf: Readonly<Record<JobClass, number>> = { interactive: 2, channel: 1, batch: 4 }
/** Jobs of one owner and class waiting for their turn. */
const maxListed = 20

/** Whose turn it concerns. */
export interface Place {
  readonly pool: PoolId
  readonly owner: OwnerId
  readonly class: JobClass
}

export interface Fairness {
  /** `go`: put it on the queue. `wait`: listed behind the owner's others. `full`: refused. Idempotent by job. */
  admit(place: Place, job: JobId): Promise<'go' | 'wait' | 'full'>
  /** The job has ended, wherever it stood; returns the owner's next ones, which the caller puts on the queue. */
  leave(place: Place, job: JobId): Promise<readonly JobId[]>
  /** The job's position among the owner's waiting ones, from 0; undefined when it does not wait here. */
  position(place: Place, job: JobId): Promise<number | undefined>
  /** All jobs it knows of the owner. */
  members(place: Place): Promise<readonly JobId[]>
  /** Drops members that have no open row (`isOpen` says so) and admits who may go; repairs what crashes left. */
  repair(place: Place, isOpen: (job: JobId) => boolean): Promise<readonly JobId[]>
}

/** A job lives for a day at most, and so does its place, when nobody could say that it ended. */
const placeSeconds = 90_000

// Sets and not counters: repeating a step changes nothing, so a crash between two steps cannot lose a decrement.
const admitScript = `
redis.call('EXPIRE', KEYS[1], ${placeSeconds})
redis.call('EXPIRE', KEYS[2], ${placeSeconds})
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 'go' end
if redis.call('LPOS', KEYS[2], ARGV[1]) then return 'wait' end
local waiting = redis.call('LLEN', KEYS[2])
if waiting == 0 and redis.call('SCARD', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('SADD', KEYS[1], ARGV[1])
  redis.call('EXPIRE', KEYS[1], ${placeSeconds})
  return 'go'
end
if waiting >= tonumber(ARGV[3]) then return 'full' end
redis.call('RPUSH', KEYS[2], ARGV[1])
redis.call('EXPIRE', KEYS[2], ${placeSeconds})
return 'wait'`

const leaveScript = `
for i = 2, #ARGV do
  redis.call('SREM', KEYS[1], ARGV[i])
  redis.call('LREM', KEYS[2], 0, ARGV[i])
end
local admitted = {}
while redis.call('SCARD', KEYS[1]) < tonumber(ARGV[1]) do
  local next = redis.call('LPOP', KEYS[2])
  if not next then break end
  redis.call('SADD', KEYS[1], next)
  admitted[#admitted + 1] = next
end
return admitted`

const keysOf = (place: Place): [string, string] => {
  const base = `${queuePrefix(place.pool)}:fair:${place.class}:${place.owner}`
  return [`${base}:on`, `${base}:wait`]
}

export function createFairness(link: RedisLink): Fairness {
  const leaveAll = async (place: Place, jobs: readonly JobId[]): Promise<readonly JobId[]> => {
    const [on, wait] = keysOf(place)
    const reply: unknown = await link.commands.eval(
      leaveScript,
      2,
      on,
      wait,
      capOf[place.class],
      ...jobs,
    )
    return Array.isArray(reply) ? reply.map(String).filter(isJobId) : []
  }
  const members = async (place: Place): Promise<readonly JobId[]> => {
    const [on, wait] = keysOf(place)
    const found = [
      ...(await link.commands.smembers(on)),
      ...(await link.commands.lrange(wait, 0, -1)),
    ]
    return found.filter(isJobId)
  }
  return {
    admit: async (place, job) => {
      const [on, wait] = keysOf(place)
      const reply: unknown = await link.commands.eval(
        admitScript,
        2,
        on,
        wait,
        job,
        capOf[place.class],
        maxListed,
      )
      return reply === 'go' || reply === 'wait' ? reply : 'full'
    },
    leave: (place, job) => leaveAll(place, [job]),
    position: async (place, job) => (await link.commands.lpos(keysOf(place)[1], job)) ?? undefined,
    members,
    repair: async (place, isOpen) =>
      leaveAll(
        place,
        (await members(place)).filter((job) => !isOpen(job)),
      ),
  }
}
