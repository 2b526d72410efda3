/** @module How much one connection may send: frames a second, bytes a minute, size before and after admission (ENG B4). */
import type { Clock } from '../core/clock.ts'

export interface SocketLimits {
  /** True when the message is within the limits; to be asked for every message once. `leases`: held by the sender now. */
  allows(bytes: number, leases?: number): boolean
}

export const maxFrameBytes = 4 * 2 ** 20
/** Evidence of sixteen GPUs and an event log. */
export const maxUnadmittedBytes = 2 * 2 ** 20
const framesPerSecond = 200
/** A long answer is 4 frames a second, a short one 4 in all, and a worker has up to 64 at once: the gateway, not the worker, decides how many. */
const framesPerSecondAndLease = 50
/** A worker that reconnects says everything again at once. */
const burstFrames = 4000
const bytesPerMinute = 64 * 2 ** 20

/** A connection with more unsent bytes gets no leases until it has caught up. */
export const maxUnsentBytes = 8 * 2 ** 20
const unsentForMs = 30_000

/** Says of one connection when it has not caught up for 30 s; to be asked every second or oftener. */
export function createUnsentWatch(clock: Clock): (unsentBytes: number) => boolean {
  let since: number | undefined
  return (unsentBytes) => {
    since = unsentBytes > maxUnsentBytes ? (since ?? clock.now()) : undefined
    return since !== undefined && clock.now() - since >= unsentForMs
  }
}

/** Two buckets that refill by the clock. */
export function createSocketLimits(clock: Clock): SocketLimits {
  let frames = burstFrames
  let bytesLeft = bytesPerMinute
  let at = clock.now()
  return {
    allows: (bytes, leases = 0) => {
      const now = clock.now()
      const seconds = Math.max(0, now - at) / 1000
      at = now
      const rate = framesPerSecond + leases * framesPerSecondAndLease
      frames = Math.min(burstFrames, frames + seconds * rate) - 1
      bytesLeft = Math.min(bytesPerMinute, bytesLeft + (seconds * bytesPerMinute) / 60) - bytes
      return frames >= 0 && bytesLeft >= 0
    },
  }
}
