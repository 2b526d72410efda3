/** Sealed jobs, sessions and clocks for the tests of tee, gateway and workers. */
import { randomBytes } from 'node:crypto'
import { codeOf } from '../../src/core/app-error.ts'
import type { Clock } from '../../src/core/clock.ts'
import {
  isKid,
  isLeaseId,
  isModelId,
  type Kid,
  type LeaseId,
  newJobId,
  parseId,
} from '../../src/core/ids.ts'
import { Plaintext } from '../../src/core/plaintext.ts'
import { type EnvelopeFields, newCek, sealEnvelope } from '../../src/tee/sealing/envelope.ts'

/** The code that `run` throws, or a sentence that is no code. */
export async function codeThrown(run: () => unknown): Promise<string> {
  try {
    await run()
    return 'nothing thrown'
  } catch (error) {
    return codeOf(error)
  }
}

export const text = (content: Plaintext | Uint8Array): string =>
  Buffer.from(content instanceof Plaintext ? content.reveal() : content).toString('utf8')

export const someKid = (): Kid => parseId(randomBytes(16).toString('hex'), isKid)
export const someLease = (): LeaseId => parseId(randomBytes(32).toString('hex'), isLeaseId)

export const NOW_S = 1_790_000_000

export const someFields = (change: Partial<EnvelopeFields> = {}): EnvelopeFields => ({
  net: 'devnet',
  job: newJobId(),
  task: 'translate',
  model: parseId('echo', isModelId),
  tier: 'simulated',
  iat: NOW_S,
  exp: NOW_S + 120,
  maxAttempts: 3,
  kb: someKid(),
  ...change,
})

/** A job sealed under a key of its own. */
export function sealedJob(content = 'hello', change: Partial<EnvelopeFields> = {}) {
  const cek = newCek()
  return { cek, ...sealEnvelope(someFields(change), { cek, content: Plaintext.of(content) }) }
}

/** A clock that stands still until `turn`; timers run when their time is passed. */
export function handClock(startMs = NOW_S * 1000): Clock & { turn(ms: number): void } {
  let now = startMs
  let timers: { at: number; every?: number; run: () => void }[] = []
  const add = (timer: { at: number; every?: number; run: () => void }): (() => void) => {
    timers.push(timer)
    return () => {
      timers = timers.filter((it) => it !== timer)
    }
  }
  return {
    now: () => now,
    after: (ms, run) => add({ at: now + ms, run }),
    every: (ms, run) => add({ at: now + ms, every: ms, run }),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const stop = add({ at: now + ms, run: resolve })
        signal?.addEventListener('abort', () => {
          stop()
          reject(signal.reason as Error)
        })
      }),
    turn: (ms) => {
      const until = now + ms
      for (;;) {
        const [next] = timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)
        if (!next) break
        now = next.at
        if (next.every === undefined) timers = timers.filter((it) => it !== next)
        else next.at += next.every
        next.run()
      }
      now = until
    },
  }
}
