/** @module How much one person or chat may have running, and how fast they may ask. */
import { AppError } from '../../core/app-error.ts'
import type { Clock } from '../../core/clock.ts'
import type { DeliveryStore } from '../delivery/delivery.ts'
import type { Place } from '../place.ts'

const maxActivePerUser = 3
const maxActivePerChat = 10
export const maxPerMinute = 20
/** One polite notice in this time, then silence. */
const noticeEveryMs = 10 * 60_000

export interface Limits {
  /** Takes a place among the running jobs until the returned function is called; throws `input.too-many`. */
  reserve(place: Place): Promise<() => void>
  /** Counts a request: `ok`, `notice` (say it once), or `silent`. */
  rate(userId: number): 'ok' | 'notice' | 'silent'
}

export function createLimits(deps: { deliveries: DeliveryStore; clock: Clock }): Limits {
  const { deliveries, clock } = deps
  /** Submissions under way that have no row yet. */
  const pending = new Map<string, number>()
  const asked = new Map<number, readonly number[]>()
  const noticed = new Map<number, number>()
  return {
    reserve: async ({ userId, chatId }) => {
      const key = userId === undefined ? `c${chatId}` : `u${userId}`
      const max = userId === undefined ? maxActivePerChat : maxActivePerUser
      const waiting = pending.get(key) ?? 0
      pending.set(key, waiting + 1)
      const release = (): void => {
        const left = (pending.get(key) ?? 1) - 1
        if (left > 0) pending.set(key, left)
        else pending.delete(key)
      }
      try {
        const open = await deliveries.openOf(userId === undefined ? { chatId } : { userId })
        if (open.length + waiting >= max) throw new AppError('input.too-many', { max })
        return release
      } catch (error) {
        release()
        throw error
      }
    },
    rate: (userId) => {
      const now = clock.now()
      const recent = (asked.get(userId) ?? []).filter((time) => time > now - 60_000)
      if (asked.size > 10_000) asked.clear()
      asked.set(userId, [...recent, now].slice(-maxPerMinute - 1))
      if (recent.length < maxPerMinute) return 'ok'
      if ((noticed.get(userId) ?? Number.NEGATIVE_INFINITY) > now - noticeEveryMs) return 'silent'
      if (noticed.size > 10_000) noticed.clear()
      noticed.set(userId, now)
      return 'notice'
    },
  }
}
