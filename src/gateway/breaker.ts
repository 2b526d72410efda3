/** @module Keeps work away from workers that fail it: a fast-failing worker pulls fastest and would swallow a queue (ENG B7). */
import type { Clock } from '../core/clock.ts'
import type { Kid, ModelId } from '../core/ids.ts'

interface Record {
  /** The last 20 outcomes, true = fault. */
  outcomes: boolean[]
  faultsInRow: number
  /** No lease before this time. */
  restUntilMs: number
  openings: number
  /** Successes still needed, one job at a time, after it was open. */
  probation: number
}

export interface Breaker {
  /** Whether the worker may have one more job of the model while it runs `running`. */
  allows(kid: Kid, model: ModelId, running: number): boolean
  success(kid: Kid, model: ModelId): void
  /** `how`: `open` opens at once for 10 min (a forged receipt or result). */
  fault(kid: Kid, model: ModelId, how: 'count' | 'open'): void
}

const windowSize = 20
const faultsInWindow = 5
const faultsInRowToOpen = 3
const firstOpenMs = 30_000
const longestOpenMs = 600_000
const longestRestMs = 30_000
const probationJobs = 5
/** Forgets the oldest worker beyond this; a restarted worker has a new kid. */
const maxRecords = 10_000

export function createBreaker(clock: Clock): Breaker {
  const records = new Map<string, Record>()
  const of = (kid: Kid, model: ModelId): Record => {
    const key = `${kid} ${model}`
    const record = records.get(key) ?? {
      outcomes: [],
      faultsInRow: 0,
      restUntilMs: 0,
      openings: 0,
      probation: 0,
    }
    records.set(key, record)
    const oldest = records.keys().next()
    if (records.size > maxRecords && !oldest.done) records.delete(oldest.value)
    return record
  }
  const note = (record: Record, isFault: boolean): void => {
    record.outcomes = [...record.outcomes.slice(1 - windowSize), isFault]
  }
  const openFor = (record: Record, ms: number): void => {
    record.openings++
    record.restUntilMs = clock.now() + ms
    record.probation = probationJobs
    record.outcomes = []
    record.faultsInRow = 0
  }
  return {
    allows: (kid, model, running) => {
      const record = records.get(`${kid} ${model}`)
      if (!record) return true
      if (clock.now() < record.restUntilMs) return false
      return record.probation === 0 || running === 0
    },
    success: (kid, model) => {
      const record = records.get(`${kid} ${model}`)
      if (!record) return
      note(record, false)
      record.faultsInRow = 0
      if (record.probation > 0) record.probation--
      if (record.probation === 0) record.openings = 0
    },
    fault: (kid, model, how) => {
      const record = of(kid, model)
      note(record, true)
      record.faultsInRow++
      const faults = record.outcomes.filter(Boolean).length
      if (how === 'open') openFor(record, longestOpenMs)
      else if (
        record.faultsInRow >= faultsInRowToOpen ||
        faults >= faultsInWindow ||
        record.probation > 0
      )
        openFor(record, Math.min(firstOpenMs * 2 ** record.openings, longestOpenMs))
      else
        record.restUntilMs =
          clock.now() + Math.min(1000 * 2 ** (record.faultsInRow - 1), longestRestMs)
    },
  }
}
