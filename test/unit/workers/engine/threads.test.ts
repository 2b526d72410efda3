import { describe, expect, test } from 'vitest'
import type { Clock } from '../../../../src/core/clock.ts'
import { createThreads, type ThreadDeps } from '../../../../src/workers/engine/threads.ts'

/** A machine with 2 cores whose speed for each number of threads can be set. */
function machine(rates: { one: number; two: number }, more: Partial<ThreadDeps> = {}) {
  const state = { rates, threads: 0, isIdle: true, measured: 0 }
  const ticks: (() => void)[] = []
  const clock: Clock = {
    now: () => 0,
    sleep: () => Promise.resolve(),
    after: () => () => undefined,
    every: (_, tick) => {
      ticks.push(tick)
      return () => ticks.splice(0)
    },
  }
  const deps: ThreadDeps = {
    max: 2,
    apply: (threads) => {
      state.threads = threads
    },
    measure: async () => {
      state.measured++
      return state.threads === 1 ? state.rates.one : state.rates.two
    },
    isIdle: () => state.isIdle,
    clock,
    ...more,
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  const minute = async (): Promise<void> => {
    for (const tick of ticks) tick()
    await settle()
  }
  return { state, deps, minute }
}

describe('choosing threads', () => {
  test('a quiet machine uses all its cores', async () => {
    const { state, deps } = machine({ one: 6, two: 10 })

    const threads = await createThreads(deps)

    expect(state.threads).toBe(2)
    expect(threads.speed()).toBe(10)
  })

  test('a busy machine uses one thread, which is faster', async () => {
    const { state, deps } = machine({ one: 6, two: 0.5 })

    const threads = await createThreads(deps)

    expect(state.threads).toBe(1)
    expect(threads.speed()).toBe(6)
  })

  test('a machine that becomes busy during a job falls back to one thread at once', async () => {
    const { state, deps } = machine({ one: 6, two: 10 })
    const threads = await createThreads(deps)

    threads.note(16, 1600)
    const whenFast = state.threads
    threads.note(16, 16_000)

    expect(whenFast).toBe(2)
    expect(state.threads).toBe(1)
    expect(threads.speed()).toBe(6)
  })

  test('more threads are tried again while idle, never beside a job', async () => {
    const { state, deps, minute } = machine({ one: 6, two: 0.5 })
    await createThreads(deps)
    state.rates = { one: 6, two: 10 }

    state.isIdle = false
    await minute()
    const beside = state.threads
    state.isIdle = true
    await minute()

    expect(beside).toBe(1)
    expect(state.threads).toBe(2)
  })

  test('the number the operator set is kept, whatever is measured', async () => {
    const { state, deps, minute } = machine({ one: 6, two: 0.5 }, { fixed: 2 })
    const threads = await createThreads(deps)

    threads.note(16, 100_000)
    await minute()

    expect(state.threads).toBe(2)
  })

  test('a measurement that fails leaves one thread', async () => {
    const { state, deps, minute } = machine({ one: 6, two: 0.5 })
    await createThreads(deps)
    const failing = deps.measure
    Object.assign(deps, { measure: () => Promise.reject(new Error('engine')) })

    await minute()

    expect(state.threads).toBe(1)
    expect(failing).toBeDefined()
  })

  test('eight cores of which four share their arithmetic use four', async () => {
    const rates = new Map([
      [1, 6],
      [4, 20],
      [8, 12],
    ])
    let current = 0
    const { deps } = machine(
      { one: 0, two: 0 },
      {
        max: 8,
        apply: (threads) => {
          current = threads
        },
        measure: async () => rates.get(current),
      },
    )

    const threads = await createThreads(deps)

    expect(threads.current()).toBe(4)
    expect(threads.speed()).toBe(20)
  })
})
