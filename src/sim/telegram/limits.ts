/** @module Telegram's flood limits, approximately: 20 sends and edits a minute in a group, 30 a second in all. */
import { tooMany } from './refusal.ts'

const groupWindowMs = 60_000
const groupPerWindow = 20
const allWindowMs = 1000
const allPerWindow = 30

export interface Limits {
  enabled: boolean
  /** Counts one send or edit; throws 429 with the seconds until the oldest one leaves the window. */
  count(botId: number, room: { key: string; group: boolean }): void
  clear(): void
}

export function createLimits(now: () => number): Limits {
  const windows = new Map<string, number[]>()

  const check = (key: string, windowMs: number, most: number): number[] => {
    const recent = (windows.get(key) ?? []).filter((at) => at > now() - windowMs)
    windows.set(key, recent)
    const oldest = recent[0]
    if (recent.length >= most && oldest !== undefined) {
      throw tooMany(Math.max(1, Math.ceil((oldest + windowMs - now()) / 1000)))
    }
    return recent
  }

  return {
    enabled: true,
    count(botId, room) {
      if (!this.enabled) return
      const all = check(`${botId}`, allWindowMs, allPerWindow)
      const group = room.group
        ? check(`${botId} ${room.key}`, groupWindowMs, groupPerWindow)
        : undefined
      all.push(now())
      group?.push(now())
    },
    clear: () => windows.clear(),
  }
}
