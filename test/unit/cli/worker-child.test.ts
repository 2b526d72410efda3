import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { superviseWorker, type WorkerExit } from '../../../src/cli/worker-child.ts'
import { Lifetime } from '../../../src/core/lifetime.ts'
import { createLog } from '../../../src/core/log.ts'
import { TestClock } from '../../support/test-clock.ts'

/** A child that does what the test says. */
class FakeChild extends EventEmitter {
  readonly pid = 1
  exitCode: number | null = null
  signalCode: string | null = null
  readonly signals: string[] = []

  kill(signal: string): void {
    this.signals.push(signal)
  }

  end({ code, signal }: WorkerExit): void {
    this.exitCode = code
    this.signalCode = signal
    this.emit('exit', code, signal)
  }
}

const crash: WorkerExit = { code: null, signal: 'SIGABRT' }

function watched(isFinal: (exit: WorkerExit) => boolean = () => false) {
  const clock = new TestClock()
  const log = createLog(
    'worker',
    () => undefined,
    () => clock.now(),
  )
  const life = new Lifetime({ log, clock })
  const children: FakeChild[] = []
  const start = (): ChildProcess => {
    const child = new FakeChild()
    children.push(child)
    return child as unknown as ChildProcess
  }
  const ended = superviseWorker({ start, isFinal, log, clock, life })
  /** Lets time pass, and what waited for it run. */
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  }
  return { clock, pass, life, children, ended, last: () => children.at(-1) as FakeChild }
}

describe('a watched worker', () => {
  it('that crashes is started again after 1 s, then 2 s, and never later than 60 s', async () => {
    const { clock, pass, children, last } = watched()
    const pauses: number[] = []

    for (let crashes = 0; crashes < 9; crashes++) {
      const before = children.length
      const from = clock.now()
      last().end(crash)
      while (children.length === before) await pass(250)
      pauses.push((clock.now() - from) / 1000)
    }

    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  it('that has run for long is started again after 1 s', async () => {
    const { pass, children, last } = watched()
    for (const pause of [1000, 2000, 4000]) {
      last().end(crash)
      await pass(pause)
    }

    await pass(61_000)
    last().end(crash)
    await pass(1000)

    expect(children).toHaveLength(5)
  })

  it('is not started again after a last word of its own', async () => {
    const { pass, children, ended, last } = watched(({ code }) => code === 2)

    last().end({ code: 2, signal: null })
    await pass(600_000)

    expect(await ended).toEqual({ code: 2, signal: null })
    expect(children).toHaveLength(1)
  })

  it('is told to stop, is killed when it does not, and is not started again', async () => {
    const { clock, pass, life, children, last } = watched()

    const closing = life.close()
    clock.advance(6000)
    const { signals } = last()
    last().end({ code: null, signal: 'SIGKILL' })
    await closing
    await pass(600_000)

    expect(signals).toEqual(['SIGTERM', 'SIGKILL'])
    expect(children).toHaveLength(1)
  })

  it('that crashed just before the end is not started again', async () => {
    const { pass, life, children, last } = watched()
    last().end(crash)

    await life.close()
    await pass(600_000)

    expect(children).toHaveLength(1)
    expect(last().signals).toEqual([])
  })
})
