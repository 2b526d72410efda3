/** @module The nightly comparison with Telegram's own account of the bot's Stars: what it has and we do not is booked by the same path. */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Compared, Credited, Customer, Paid, Refunded, StarCalls } from './stars-port.ts'

export interface CompareDeps {
  readonly calls: Pick<StarCalls, 'transactions'>
  /** Charge ids we have of payments made by then. */
  readonly chargeIds: (untilMs: number) => Promise<readonly string[]>
  readonly customerOf: (userId: number) => Customer
  readonly paid: (payment: Paid) => Promise<Credited>
  readonly refunded: (refund: Refunded) => Promise<'booked' | 'known' | 'unknown'>
  readonly clock: Clock
  readonly log: Log
}

const page = 100

/** Reads the whole account, oldest first; safe to repeat and to break off. */
export async function compareWithTelegram(deps: CompareDeps): Promise<Compared> {
  const { calls, log } = deps
  // What is paid while we read may stand in our rows and not yet in a page we have seen.
  const startedAt = deps.clock.now()
  const missing = new Set(await deps.chargeIds(startedAt))
  let seen = 0
  let repaired = 0
  for (let offset = 0; ; offset += page) {
    const entries = await calls.transactions(offset, page)
    for (const entry of entries) {
      seen++
      if (!entry) continue
      const { direction, chargeId, userId, ustar, payload, atMs, periodMs } = entry
      if (direction === 'out') {
        if ((await deps.refunded({ chargeId, userId })) === 'booked') repaired++
        continue
      }
      missing.delete(chargeId)
      const credited = await deps.paid({
        chargeId,
        userId,
        customer: deps.customerOf(userId),
        payload,
        ustar,
        paidAtMs: atMs,
        ...(periodMs !== undefined && { untilMs: atMs + periodMs }),
      })
      if (credited !== 'known') repaired++
    }
    if (entries.length < page) break
  }
  if (repaired > 0) log.warn('stars.repaired', { count: repaired })
  if (missing.size > 0) log.warn('stars.foreign', { count: missing.size })
  return { seen, repaired, foreign: missing.size }
}
