import { describe, expect, it } from 'vitest'
import type { FromWorker } from '../../../src/core/frames.ts'
import { newJobId } from '../../../src/core/ids.ts'
import { createAttempts } from '../../../src/workers/attempts.ts'
import type { Connection } from '../../../src/workers/connection.ts'
import { reconnectPause } from '../../../src/workers/reconnect.ts'

function someLink() {
  const said: string[] = []
  const link: Connection = {
    send: (frame: FromWorker) => void said.push(frame.type),
    sendChunk: () => void said.push('chunk'),
    unsentBytes: 0,
    isOpen: true,
    close: () => undefined,
    cut: () => undefined,
    closed: new Promise(() => undefined),
  }
  return { link, said }
}

const resultOf = (job: ReturnType<typeof newJobId>): Extract<FromWorker, { type: 'result' }> => ({
  type: 'result',
  job,
  attempt: 1,
  header: 'h',
  units: { inTokens: 0, cachedTokens: 0, outTokens: 0, audioMs: 0 },
  receipt: 'r',
})

describe('attempts', () => {
  it('say everything again, in order, to a new connection', () => {
    const attempts = createAttempts()
    const [first, second] = [someLink(), someLink()]
    const job = newJobId()
    attempts.attach(first.link)
    const attempt = attempts.begin(job, 1)
    attempt?.open('h')
    attempt?.chunk(new Uint8Array(30))
    attempts.attach(second.link)
    attempt?.answer(resultOf(job))

    expect(first.said).toEqual(['stream', 'chunk'])
    expect(second.said).toEqual(['stream', 'chunk', 'result'])
    expect(attempt?.chunkBytes).toBe(30)
  })

  it('that failed say only that', () => {
    const attempts = createAttempts()
    const late = someLink()
    const job = newJobId()
    const attempt = attempts.begin(job, 1)
    attempt?.open('h')
    attempt?.fail('engine.crash')
    attempt?.answer(resultOf(job))
    attempt?.fail('job.cancelled')
    attempts.attach(late.link)

    expect(late.said).toEqual(['fail'])
  })

  it('once dropped are silent, stopped and no longer running', async () => {
    const attempts = createAttempts()
    const { link, said } = someLink()
    attempts.attach(link)
    const job = newJobId()
    const attempt = attempts.begin(job, 1)
    if (!attempt) throw new Error('refused')
    expect(attempts.running).toEqual([{ job, attempt: 1 }])
    const idle = attempts.idle()

    attempts.drop(attempt)
    attempt.chunk(new Uint8Array(1))
    attempt.fail('engine.crash')
    await idle

    expect(said).toEqual([])
    expect(attempt.signal.aborted).toBe(true)
    expect(attempts.running).toEqual([])
  })

  it('of one job only grow, and a later one replaces an earlier one', () => {
    const attempts = createAttempts()
    const job = newJobId()
    const first = attempts.begin(job, 1)

    expect(attempts.begin(job, 1)).toBeUndefined()
    expect(attempts.begin(job, 3)).toBeDefined()
    expect(attempts.begin(job, 2)).toBeUndefined()
    expect(first?.signal.aborted).toBe(true)
    expect(attempts.running).toEqual([{ job, attempt: 3 }])
  })

  it('show drafts only over an open link that is not choked', () => {
    const attempts = createAttempts()
    const attempt = attempts.begin(newJobId(), 1)
    expect(attempt?.canStream(10)).toBe(false)
    attempts.attach({ ...someLink().link, unsentBytes: 11 })
    expect(attempt?.canStream(10)).toBe(false)
    attempts.attach(someLink().link)
    expect(attempt?.canStream(10)).toBe(true)
  })
})

describe('the pause before a new connection', () => {
  it('grows from a fifth of a second to five and is never the same for all', () => {
    for (const [failures, full] of [
      [0, 200],
      [1, 400],
      [3, 1600],
      [5, 5000],
      [99, 5000],
    ] as const) {
      const pauses = Array.from({ length: 50 }, () => reconnectPause(failures))
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(full / 2)
      expect(Math.max(...pauses)).toBeLessThan(full)
      expect(new Set(pauses).size).toBeGreaterThan(10)
    }
  })
})
